"""Last year's answers and evidence beside this year's: what was said of each, and what nobody has decided yet.

Which earlier year counts, says `queries.last_year`. Nothing here counts anywhere: what is still valid becomes this
year's only by `services.carry_over`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from django.db.models import OuterRef, Prefetch, Subquery

from assessments.models import (
    Answer,
    Assessment,
    CarryOver,
    DecisionKind,
    DocumentVersion,
    Evidence,
    Period,
    Result,
    Review,
    Status,
)
from assessments.quality import Span, cautions
from assessments.queries.answers import answers_of
from assessments.queries.last_year import results_before, with_imported
from assessments.queries.library import Validity, validity_of
from assessments.queries.quality import facts_of, renewed_on, span_of
from indicators.mapping import Link
from indicators.mapping_data import links_between
from indicators.models import Aspect, Instrument

Level = int | Decimal

_EVIDENCE = (
    Evidence.objects.select_related("version__document")
    .annotate(
        newest_id=Subquery(
            DocumentVersion.objects.filter(document=OuterRef("version__document")).order_by("-number").values("pk")[:1]
        )
    )
    .order_by("id")
)


@dataclass(frozen=True)
class Piece:
    """A piece of last year's evidence. `attached` points to the same document, whatever its version."""

    evidence: Evidence
    newest: DocumentVersion
    validity: Validity
    attached: Evidence | None
    decision: CarryOver | None
    cautions: tuple[str, ...] = ()  # what is doubtful about it in this year's period
    origin: Answer | None = None  # the earlier answer it belongs to, where that is of another indicator

    @property
    def is_open(self) -> bool:
        return self.decision is None and self.attached is None

    @property
    def is_newer(self) -> bool:
        """There is a newer version than the one that was read last year."""
        return self.newest.pk != self.evidence.version_id

    @property
    def choice(self) -> str:
        """As the form has it; nothing where it was taken off again by hand."""
        if self.attached is not None:
            return "ya"
        return "tidak" if self.decision and not self.decision.is_valid else ""


@dataclass(frozen=True)
class Proposal:
    """One indicator: last year's answer `source` with its decision, this year's `answer`, and the evidence.

    `level` is what would be taken over: the verified one where it was adjusted. Where last year had another
    instrument, `link` is how the source's indicator goes on in this one, and `others` are further answers whose
    indicators have a part in it: their evidence is offered too, their texts are read where they stand.
    """

    answer: Answer
    source: Answer
    review: Review | None
    level: Level | None
    not_applicable: bool
    decision: CarryOver | None
    pieces: list[Piece] = field(default_factory=list)
    link: Link | None = None  # None: the same indicator
    others: tuple[tuple[Answer, Link], ...] = ()

    @property
    def last_level(self) -> Level | None:
        """What the source ended with, for information: not always what would be taken over."""
        return self.review.verified_level if self.review else self.source.self_level

    @property
    def code(self) -> str:
        return self.answer.indicator.code

    @property
    def is_adjusted(self) -> bool:
        return self.review is not None and self.review.decision == DecisionKind.ADJUST

    @property
    def is_filled(self) -> bool:
        """Something stands there this year already."""
        answer = self.answer
        return answer.is_answered or bool(answer.fact or answer.analysis or answer.not_applicable_reason)

    @property
    def asks_answer(self) -> bool:
        return self.decision is None and not self.answer.is_answered and self.has_answer

    @property
    def has_answer(self) -> bool:
        """Last year said something that could be taken over."""
        source = self.source
        return self.level is not None or self.not_applicable or bool(source.fact or source.analysis)

    @property
    def open_count(self) -> int:
        return self.asks_answer + sum(piece.is_open for piece in self.pieces)

    @property
    def is_open(self) -> bool:
        return self.open_count > 0

    @property
    def is_typed(self) -> bool:
        """Filled in by hand this year: taken over for several at once, it would be lost or mixed."""
        return self.is_filled and not self.is_same

    @property
    def cautions(self) -> list[str]:
        """What speaks against taking it over unread: of the documents that nobody has decided on."""
        return [
            f"{piece.evidence.version.document.title}: {caution}"
            for piece in self.pieces
            if piece.is_open
            for caution in piece.cautions
        ]

    @property
    def is_same(self) -> bool:
        """This year's says exactly what would be taken over."""
        return all(getattr(self.answer, name) == value for name, value in self.copied().items())

    def copied(self) -> dict[str, object]:
        """This year's fields as last year's answer would fill them. Texts of what no longer applies are left."""
        if self.not_applicable:
            return {"not_applicable": True, "not_applicable_reason": self.source.not_applicable_reason}
        if self.link is not None and self.level is None:
            return {"not_applicable": False, "fact": self.source.fact, "analysis": self.source.analysis}
        return {
            "self_level": self.level,
            "not_applicable": False,
            "fact": self.source.fact,
            "analysis": self.source.analysis,
        }


@dataclass(frozen=True)
class Overview:
    """All indicators of an assessment that last year had too, in the instrument's order."""

    period: Period  # last year's
    proposals: list[Proposal]

    @property
    def is_mapped(self) -> bool:
        """Something is offered by the mapping of another instrument."""
        return any(proposal.link for proposal in self.proposals)

    @property
    def decided(self) -> int:
        return sum(not proposal.is_open for proposal in self.proposals)

    @property
    def total(self) -> int:
        return len(self.proposals)

    @property
    def first_open(self) -> str | None:
        return next((proposal.code for proposal in self.proposals if proposal.is_open), None)

    def by_aspect(self) -> list[tuple[Aspect, list[Proposal]]]:
        """The proposals by aspect, in the instrument's order. One query."""
        found: dict[int, list[Proposal]] = {}
        for proposal in self.proposals:
            found.setdefault(proposal.answer.indicator.aspect_id, []).append(proposal)
        return [(aspect, found[aspect.pk]) for aspect in Aspect.objects.filter(pk__in=found).order_by("order")]

    def find(self, code: str) -> Proposal | None:
        return next((proposal for proposal in self.proposals if proposal.code == code), None)

    def after(self, code: str) -> str | None:
        """The next open one after `code`, then from the first; never `code` itself."""
        codes = [proposal.code for proposal in self.proposals if proposal.is_open or proposal.code == code]
        if code not in codes:
            return codes[0] if codes else None
        at = codes.index(code)
        return next((other for other in codes[at + 1 :] + codes[:at]), None)


def can_start(assessment: Assessment) -> bool:
    """Whether it is the time for this: only a draft that nobody has handed in takes things over."""
    return assessment.status == Status.DRAFT and assessment.period.status == Period.Status.OPEN


def overviews(assessments: Iterable[Assessment], today: date, code: str = "") -> dict[int, Overview]:
    """By assessment id, for those whose agency has a complete earlier result; of one indicator only, where asked.

    One query where there is none, otherwise eight, however many there are; where the instrument was another one, and
    three and one a step for each pair of instruments (see `links_between`).
    """
    wanted = list(assessments)
    results = results_before(wanted)
    rows = answers_of(assessment for assessment in wanted if assessment.pk in results)
    answers = list(rows.filter(indicator__code=code) if code else rows) if results else []
    sources = _sources(results, answers)
    if not sources:
        return {pk: Overview(result.assessment.period, []) for pk, result in results.items()}
    evidence = [piece for origin in sources.values() for piece in origin.evidence]
    newest = DocumentVersion.objects.in_bulk({piece.newest_id for piece in evidence})
    attached = {
        (piece.answer_id, piece.version.document_id): piece
        for piece in Evidence.objects.filter(answer__in=sources).select_related("version").order_by("version__number")
    }
    said = {
        (row.answer_id, row.source_answer_id, row.source_evidence_id): row
        for row in CarryOver.objects.filter(answer__in=sources).select_related("decided_by")
    }
    made = {}
    for assessment in wanted:
        if assessment.pk not in results:
            continue
        proposals = []
        span = span_of(assessment)
        for answer in answers:
            origin = sources.get(answer.pk)
            if origin is None or answer.assessment_id != assessment.pk:
                continue
            source = origin.source
            pieces = [
                Piece(
                    evidence=piece,
                    newest=newest[piece.newest_id],
                    validity=validity_of(piece.version.document, today),
                    attached=attached.get((answer.pk, piece.version.document_id)),
                    decision=said.get((answer.pk, None, piece.pk)),
                    cautions=_cautions(piece, newest[piece.newest_id], span),
                    origin=origin.of(piece),
                )
                for piece in origin.evidence
            ]
            proposal = _proposal(assessment, answer, origin, said.get((answer.pk, source.pk, None)), pieces)
            if proposal.has_answer or pieces:
                proposals.append(proposal)
        made[assessment.pk] = Overview(results[assessment.pk].assessment.period, proposals)
    return made


def overview(assessment: Assessment, today: date, code: str = "") -> Overview | None:
    """The same of one assessment; None where no earlier year counts."""
    return overviews([assessment], today, code).get(assessment.pk)


def _cautions(piece: Evidence, newest: DocumentVersion, span: Span) -> tuple[str, ...]:
    """What would be said of it on the answer page, were it attached in its newest version."""
    facts = replace(
        facts_of(piece, []),
        content_type=newest.content_type,
        page_count=newest.page_count,
        has_text=newest.has_text,
        is_encrypted=newest.is_encrypted,
        renewed_on=renewed_on(newest),
    )
    return tuple(caution.text for caution in cautions(facts, span))


@dataclass(frozen=True)
class Origin:
    """Where something earlier of an answer stands: the same indicator's answer, or those mapped to it, most first."""

    answers: tuple[tuple[Answer, Link | None], ...]
    keeps_level: bool  # it may be taken over as this year's level

    @property
    def source(self) -> Answer:
        return self.answers[0][0]

    @property
    def link(self) -> Link | None:
        return self.answers[0][1]

    @property
    def evidence(self) -> list[Evidence]:
        """Of all of them, each document once."""
        found: dict[int, Evidence] = {}
        for answer, link in self.answers:
            for piece in answer.all_evidence:  # type: ignore[attr-defined]
                found.setdefault(piece.pk if link is None else -piece.version.document_id, piece)
        return list(found.values())

    def of(self, piece: Evidence) -> Answer | None:
        """The answer of `piece`, where its indicator is not this one."""
        return next((answer for answer, link in self.answers if link and answer.pk == piece.answer_id), None)


def _sources(results: dict[int, Result], answers: list[Answer]) -> dict[int, Origin]:
    """Last year's answers by this year's id: across instruments the same code and name, else what is mapped to it.

    Three queries where the instrument is the same.
    """
    if not answers:
        return {}
    earlier = {pk: result.assessment_id for pk, result in results.items()}
    now = {answer.assessment_id: answer.indicator.instrument_id for answer in answers}
    pairs = {pk: (results[pk].assessment.period.instrument_id, instrument) for pk, instrument in now.items()}
    crossing = {pair for pair in pairs.values() if pair[0] != pair[1]}
    rows = (
        Answer.objects.filter(assessment__in=earlier.values())
        .select_related("indicator")
        .prefetch_related(
            Prefetch("reviews", Review.objects.filter(is_current=True), "current_reviews"),
            Prefetch("evidence", _EVIDENCE, "all_evidence"),
        )
    )
    if not crossing:
        rows = rows.filter(indicator__code__in={each.indicator.code for each in answers})
    found = {(row.assessment_id, row.indicator.code): row for row in rows}
    with_imported(results.values(), found.values())
    links, scales = _links(crossing)
    origins = {}
    for answer in answers:
        pair, before = pairs[answer.assessment_id], earlier[answer.assessment_id]
        same = found.get((before, answer.indicator.code))
        if same is not None and same.indicator.name == answer.indicator.name:
            origins[answer.pk] = Origin(((same, None),), keeps_level=True)
            continue
        mapped = links.get(pair, {}).get(answer.indicator.code, [])
        there = tuple((found[before, link.source], link) for link in mapped if (before, link.source) in found)
        if there:
            whole = len(mapped) == 1 and mapped[0].share == 1 and scales[pair[0]] == scales[pair[1]]
            origins[answer.pk] = Origin(there, keeps_level=whole)
    return origins


def _links(
    pairs: set[tuple[int, int]],
) -> tuple[dict[tuple[int, int], dict[str, list[Link]]], dict[int, tuple[Level, Level, bool]]]:
    """The links by pair of instruments and target's code, the greatest share first; and the scales."""
    if not pairs:
        return {}, {}
    instruments = Instrument.objects.in_bulk({pk for pair in pairs for pk in pair})
    found: dict[tuple[int, int], dict[str, list[Link]]] = {}
    for pair in pairs:
        into: dict[str, list[Link]] = {}
        for link in links_between(instruments[pair[0]], instruments[pair[1]]):
            into.setdefault(link.target, []).append(link)
        found[pair] = {code: sorted(links, key=lambda link: -link.share) for code, links in into.items()}
    scales: dict[int, tuple[Level, Level, bool]] = {
        pk: (each.scale_min, each.scale_max, each.is_fractional) for pk, each in instruments.items()
    }
    return found, scales


def _proposal(
    assessment: Assessment, answer: Answer, origin: Origin, decision: CarryOver | None, pieces: list[Piece]
) -> Proposal:
    source = origin.source
    reviews: list[Review] = source.current_reviews  # type: ignore[attr-defined]
    review = reviews[0] if reviews else None
    level = review.verified_level if review else source.self_level
    scale = assessment.period.instrument
    fits = origin.keeps_level and level is not None and scale.scale_min <= level <= scale.scale_max
    left_out = source.not_applicable and (review is None or review.verified_level is None)
    return Proposal(
        answer=answer,
        source=source,
        review=review,
        level=level if fits else None,
        not_applicable=left_out and origin.keeps_level,
        decision=decision,
        pieces=pieces,
        link=origin.link,
        others=tuple((other, link) for other, link in origin.answers[1:] if link),
    )
