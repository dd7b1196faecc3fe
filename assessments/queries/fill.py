"""What the indicator page shows: the answer, its evidence, decisions, last year's, neighbours."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Prefetch, Subquery

from accounts.permissions import Rights
from assessments import completeness, permissions
from assessments.models import (
    Answer,
    Assessment,
    CarryOver,
    DecisionKind,
    DocumentVersion,
    Evidence,
    PagePreview,
    Period,
    Review,
    Status,
)
from assessments.queries.answers import shown_decision
from assessments.queries.content import Piece, piece_of
from assessments.queries.last_year import answers_in, results_before
from assessments.queries.readiness import GAPS, completeness_of, problems_of
from assessments.queries.sheet import State, state_of
from indicators.queries import IndicatorContent, LevelRow, indicator_content
from spbe_portal.formatting import date_id, datetime_id

_VERSIONS = DocumentVersion.objects.filter(document=OuterRef("version__document")).order_by("-number")
_EVIDENCE = (
    Evidence.objects.select_related("version__document", "added_by")
    .annotate(newest_number=Subquery(_VERSIONS.values("number")[:1]), newest_id=Subquery(_VERSIONS.values("pk")[:1]))
    .prefetch_related(Prefetch("version__pages", PagePreview.objects.order_by("page"), "all_pages"))
    .order_by("id")
)


@dataclass(frozen=True)
class Place:
    """Where an indicator stands among those one goes through: all of them, or only the returned ones."""

    number: int
    total: int
    previous: str | None
    following: str | None
    only_returned: bool


@dataclass(frozen=True)
class Previous:
    """The same indicator in the agency's latest earlier year with a complete result."""

    answer: Answer
    period: Period
    level_name: str
    review: Review | None
    verified_name: str
    evidence: list[Evidence]
    attached: frozenset[int]  # documents that are evidence now too, in whatever version
    dropped: frozenset[int]  # of this evidence, what was said to be no longer valid


@dataclass(frozen=True)
class AnswerPage:
    """Everything on the indicator page. `review` is the decision in force that this person may read."""

    answer: Answer
    content: IndicatorContent
    aspect: str
    domain: str
    review: Review | None
    earlier_reviews: list[Review]
    evidence: list[Evidence]
    previous: Previous | None
    place: Place
    state: State
    gaps: tuple[str, ...]
    lock: str  # why nothing can be changed now; empty: it can
    can_reply: bool
    suggests_not_relevant: str  # why it often is not, for this kind of agency

    @property
    def gap_text(self) -> str:
        return gap_text(self.gaps)

    @property
    def chosen(self) -> LevelRow | None:
        return next((row for row in self.content.ladder if row.level == self.answer.self_level), None)

    @property
    def is_pending(self) -> bool:
        """Some preview is still being made, or some file still being scanned."""
        return any("pending" in (evidence.version.preview, evidence.version.scan) for evidence in self.evidence)

    @property
    def verified_name(self) -> str:
        return _name(self.content, self.review.verified_level) if self.review else ""


def gap_text(gaps: tuple[str, ...]) -> str:
    """ "Masih perlu: tulis fakta atau analisis dan lampirkan bukti dukung."

    Nothing where nothing is missing, or where nobody has begun: the empty ladder says that itself.
    """
    parts = [GAPS[kind].short for kind in gaps]
    if not parts or gaps == ("unanswered",):
        return ""
    return f"Masih perlu: {parts[0] if len(parts) == 1 else ', '.join(parts[:-1]) + ' dan ' + parts[-1]}."


def answer_page(assessment: Assessment, code: str, rights: Rights, now: datetime) -> AnswerPage:
    """One indicator of `assessment` as this person may see it. Raises `Answer.DoesNotExist`.

    Sixteen queries at most, whatever there is of evidence and decisions.
    """
    answer = (
        Answer.objects.select_related("indicator__instrument", "indicator__aspect__domain", "changed_by")
        .prefetch_related(Prefetch("evidence", _EVIDENCE, "all_evidence"))
        .get(assessment=assessment, indicator__code=code)
    )
    answer.assessment = assessment
    content = indicator_content(answer.indicator)
    reviews = list(answer.reviews.select_related("reviewer", "replied_by").order_by("-id"))
    with_open = permissions.can_see_open_decisions(rights, assessment)
    shown = shown_decision(reversed(reviews), assessment.round, with_open=with_open)
    was_returned = shown is not None and shown.decision == DecisionKind.RETURN
    evidence: list[Evidence] = list(answer.all_evidence)  # type: ignore[attr-defined]
    gaps = gaps_of(assessment, answer, shown, [piece_of(each) for each in evidence])
    is_writer = permissions.may_write(rights, assessment)
    return AnswerPage(
        answer=answer,
        content=content,
        aspect=answer.indicator.aspect.name,
        domain=answer.indicator.aspect.domain.name if answer.indicator.aspect.domain else "",
        review=shown,
        earlier_reviews=[review for review in reviews if review.is_published and review is not shown],
        evidence=evidence,
        previous=previous_of(assessment, answer, content, evidence),
        place=place_of(assessment, code, only_returned=was_returned and assessment.status == Status.RETURNED),
        state=state_of(assessment, answer, shown, gaps),
        gaps=gaps if is_writer else (),
        lock=lock_of(assessment, is_returned=was_returned, now=now),
        can_reply=(
            permissions.can_reply(rights, assessment)
            and assessment.period.status == Period.Status.OPEN
            and (assessment.status != Status.RETURNED or now < assessment.due_at)
            and shown is not None
            and shown.is_published
            and shown.decision in (DecisionKind.RETURN, DecisionKind.ADJUST)
            and not shown.reply
        ),
        suggests_not_relevant=_suggestion(assessment, content),
    )


def gaps_of(assessment: Assessment, answer: Answer, review: Review | None, pieces: list[Piece]) -> tuple[str, ...]:
    """What one answer still lacks before the whole can be handed in; nothing where it cannot be changed."""
    if assessment.status not in permissions.EDITABLE:
        return ()
    returned = assessment.status == Status.RETURNED
    was_returned = review is not None and review.decision == DecisionKind.RETURN
    if returned and not was_returned:
        return ()
    state = completeness_of(answer, review if returned else None, pieces)
    return tuple(gap.kind for gap in completeness.gaps_of(state, assessment.period.instrument.scale_min))


def lock_of(assessment: Assessment, *, is_returned: bool, now: datetime) -> str:
    """Why the answer cannot be changed now, in a sentence or two; empty where it can."""
    if assessment.status == Status.SUBMITTED and not assessment.was_handed_in:
        reopened = datetime_id(assessment.submitted_at)
        return f"Penilaian dibuka kembali oleh koordinator pada {reopened}. Isian terkunci selama diverifikasi."
    if assessment.status == Status.SUBMITTED:
        return f"Penilaian diajukan pada {datetime_id(assessment.submitted_at)}. Isian terkunci selama diverifikasi."
    if assessment.status == Status.APPROVED:
        return f"Penilaian sudah disetujui pada {date_id(assessment.approved_at)}. Isian terkunci."
    if assessment.status == Status.FINAL:
        return "Penilaian ini sudah final. Isian terkunci."
    if assessment.status == Status.CANCELLED:
        return "Penilaian ini dibatalkan. Isian hanya dapat dibaca."
    if assessment.period.status != Period.Status.OPEN:
        return "Periode penilaian ini sudah ditutup. Isian hanya dapat dibaca."
    if assessment.status == Status.RETURNED and not is_returned:
        return (
            "Indikator ini tidak dikembalikan, jadi isiannya terkunci. Hanya yang dikembalikan yang perlu diperbaiki."
        )
    if now >= assessment.due_at:
        return (
            f"Batas waktu {datetime_id(assessment.due_at)} sudah lewat, jadi isian terkunci. "
            "Bila masih ada yang perlu diubah, minta perpanjangan kepada koordinator penilaian."
        )
    return ""


def place_of(assessment: Assessment, code: str, *, only_returned: bool) -> Place:
    """Neighbours in the instrument's order. One query."""
    codes = Answer.objects.filter(assessment=assessment).order_by("indicator__order")
    if only_returned:
        codes = codes.filter(reviews__is_current=True, reviews__decision=DecisionKind.RETURN)
    order = list(codes.values_list("indicator__code", flat=True))
    at = order.index(code)
    return Place(
        number=at + 1,
        total=len(order),
        previous=order[at - 1] if at else None,
        following=order[at + 1] if at + 1 < len(order) else None,
        only_returned=only_returned,
    )


@dataclass(frozen=True)
class NextGap:
    """Where to go on: the next indicator that lacks something (after the last one from the first), if any other."""

    code: str | None
    following: str | None  # the next indicator in order, whatever it lacks
    is_complete: bool  # the whole can be handed in


def next_gap_of(assessment: Assessment, code: str) -> NextGap:
    """Four queries."""
    codes = list(
        Answer.objects.filter(assessment=assessment)
        .order_by("indicator__order")
        .values_list("indicator__code", flat=True)
    )
    problems = {problem.indicator for problem in problems_of(assessment)}
    at = codes.index(code)
    rest = codes[at + 1 :]
    return NextGap(
        code=next((other for other in rest + codes[:at] if other in problems), None),
        following=rest[0] if rest else None,
        is_complete=not problems,
    )


def previous_of(
    assessment: Assessment, answer: Answer, content: IndicatorContent, evidence: list[Evidence]
) -> Previous | None:
    """The same indicator in the result before (see `queries.last_year`). Six queries."""
    result = results_before([assessment]).get(assessment.pk)
    if result is None:
        return None
    found = answers_in(result, [answer], Prefetch("evidence", _EVIDENCE, "all_evidence")).get(answer.pk)
    if found is None:
        return None
    review = found.current_reviews[0] if found.current_reviews else None  # type: ignore[attr-defined]
    return Previous(
        answer=found,
        period=result.assessment.period,
        level_name=_name(content, found.self_level),
        review=review,
        verified_name=_name(content, review.verified_level) if review else "",
        evidence=found.all_evidence,  # type: ignore[attr-defined]
        attached=frozenset(piece.version.document_id for piece in evidence),
        dropped=frozenset(
            CarryOver.objects.filter(answer=answer, is_valid=False, source_evidence__answer=found).values_list(
                "source_evidence", flat=True
            )
        ),
    )


def _name(content: IndicatorContent, level: object) -> str:
    return next((row.name for row in content.ladder if row.level == level), "")


def _suggestion(assessment: Assessment, content: IndicatorContent) -> str:
    """The reason why this indicator often does not concern this kind of agency, or nothing."""
    kind = re.compile(rf"\b{re.escape(assessment.agency.get_kind_display())}\b", re.IGNORECASE)
    return next((hint.reason for hint in content.not_relevant_hints if kind.search(hint.kind)), "")
