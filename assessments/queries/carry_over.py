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
from assessments.queries.last_year import results_before
from assessments.queries.library import Validity, validity_of
from assessments.queries.quality import facts_of, renewed_on, span_of
from indicators.models import Aspect

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

    `level` is what would be taken over: the verified one where it was adjusted.
    """

    answer: Answer
    source: Answer
    review: Review | None
    level: Level | None
    not_applicable: bool
    decision: CarryOver | None
    pieces: list[Piece] = field(default_factory=list)

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

    One query where there is none, otherwise eight, however many there are.
    """
    wanted = list(assessments)
    results = results_before(wanted)
    rows = answers_of(assessment for assessment in wanted if assessment.pk in results)
    answers = list(rows.filter(indicator__code=code) if code else rows) if results else []
    sources = _sources(results, answers)
    if not sources:
        return {pk: Overview(result.assessment.period, []) for pk, result in results.items()}
    evidence = [piece for source in sources.values() for piece in source.all_evidence]  # type: ignore[attr-defined]
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
            source = sources.get(answer.pk)
            if source is None or answer.assessment_id != assessment.pk:
                continue
            pieces = [
                Piece(
                    evidence=piece,
                    newest=newest[piece.newest_id],
                    validity=validity_of(piece.version.document, today),
                    attached=attached.get((answer.pk, piece.version.document_id)),
                    decision=said.get((answer.pk, None, piece.pk)),
                    cautions=_cautions(piece, newest[piece.newest_id], span),
                )
                for piece in source.all_evidence  # type: ignore[attr-defined]
            ]
            proposal = _proposal(assessment, answer, source, said.get((answer.pk, source.pk, None)), pieces)
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


def _sources(results: dict[int, Result], answers: list[Answer]) -> dict[int, Answer]:
    """Last year's answers by this year's id: across instruments the same code and name. Three queries."""
    earlier = [result.assessment_id for result in results.values()]
    rows = (
        Answer.objects.filter(assessment__in=earlier, indicator__code__in={each.indicator.code for each in answers})
        .select_related("indicator")
        .prefetch_related(
            Prefetch("reviews", Review.objects.filter(is_current=True), "current_reviews"),
            Prefetch("evidence", _EVIDENCE, "all_evidence"),
        )
    )
    found = {(row.assessment_id, row.indicator.code, row.indicator.name): row for row in rows} if answers else {}
    keys = {
        answer.pk: (results[answer.assessment_id].assessment_id, answer.indicator.code, answer.indicator.name)
        for answer in answers
    }
    return {pk: found[key] for pk, key in keys.items() if key in found}


def _proposal(
    assessment: Assessment, answer: Answer, source: Answer, decision: CarryOver | None, pieces: list[Piece]
) -> Proposal:
    reviews: list[Review] = source.current_reviews  # type: ignore[attr-defined]
    review = reviews[0] if reviews else None
    level = review.verified_level if review else source.self_level
    scale = assessment.period.instrument
    fits = level is not None and scale.scale_min <= level <= scale.scale_max
    return Proposal(
        answer=answer,
        source=source,
        review=review,
        level=level if fits else None,
        not_applicable=source.not_applicable and (review is None or review.verified_level is None),
        decision=decision,
        pieces=pieces,
    )
