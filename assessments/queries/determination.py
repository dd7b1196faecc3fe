"""What the pages of determination show beside the government's table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import floor

from django.db.models import Count, Prefetch

from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Answer, Assessment, Determination, Period, Review
from assessments.queries.answers import shown_decision
from assessments.queries.pemda import Board, Coverage, Level, PemdaRow, result_in_force
from assessments.queries.pics import PicAnswer
from assessments.queries.tree import Domain, grouped, only
from indicators.models import Indicator
from indicators.queries import IndicatorContent, LevelRow, indicator_content

#: Value of ?saring= -> label and what it keeps.
FILTERS: dict[str, tuple[str, Callable[[PemdaRow], bool]]] = {
    "semua": ("Semua", lambda row: True),
    "belum": ("Belum ditetapkan", lambda row: not row.is_determined),
    "siap": ("Siap ditetapkan", lambda row: row.is_ready),
    "tanpa-usulan": ("Tanpa usulan", lambda row: not row.is_determined and row.suggested is None),
    "berbeda": ("Beralasan", lambda row: row.differs),
    "berubah": ("Usulan berubah", lambda row: row.is_outdated),
}


def tree(board: Board, wanted: str) -> tuple[Domain[PemdaRow], ...]:
    """The rows of one filter by domain and aspect; each with its index as determined, and as it would be with all
    suggestions (`verified`). No query."""
    rows = ((row.aspect, row) for row in board.rows)
    return only(grouped(board.spec, board.score, board.suggested_score, rows), FILTERS[wanted][1])


@dataclass(frozen=True)
class OpenGovernment:
    """The government's levels of a final period that are not frozen yet."""

    total: int
    undetermined: int


def open_government(period: Period) -> OpenGovernment | None:
    """None while the period runs, and once its government's result is there. Three queries at most."""
    if period.status != Period.Status.FINAL or result_in_force(period):
        return None
    total = Indicator.objects.filter(instrument=period.instrument_id).count()
    return OpenGovernment(total, total - Determination.objects.filter(period=period).count())


@dataclass(frozen=True)
class Place:
    """Where an indicator stands among all; the codes of its neighbours, empty at the ends.

    `next_open` is the next one that is not determined, round the end if need be.
    """

    number: int
    previous: str
    following: str
    next_open: str


def place_of(board: Board, code: str) -> Place:
    """No query."""
    codes = [row.code for row in board.rows]
    at = codes.index(code)
    waiting = [row.code for row in (*board.rows[at + 1 :], *board.rows[:at]) if not row.is_determined]
    return Place(
        number=at + 1,
        previous=codes[at - 1] if at else "",
        following=codes[at + 1] if at + 1 < len(codes) else "",
        next_open=waiting[0] if waiting else "",
    )


@dataclass(frozen=True)
class PicDetail:
    """One PIC's answer as far as the reader may see it: None where not yet."""

    pic: PicAnswer
    answer: Answer | None
    decision: Review | None
    evidence: int


def pic_details(row: PemdaRow, rights: Rights) -> list[PicDetail]:
    """The answers of an indicator's PICs with the decisions that are announced. Three queries at most."""
    wanted = [pic.assessment_id for pic in row.pics if pic.assessment_id is not None]
    answers = (
        Answer.objects.filter(assessment__in=wanted, indicator=row.indicator_id)
        .select_related("assessment")
        .prefetch_related(Prefetch("reviews", Review.objects.select_related("reviewer").order_by("id"), "all_reviews"))
        .annotate(evidence_count=Count("evidence"))
    )
    found = {answer.assessment_id: answer for answer in answers if _may_read(rights, answer.assessment)}
    details = []
    for pic in row.pics:
        answer = found.get(pic.assessment_id) if pic.assessment_id is not None else None
        decision = shown_decision(answer.all_reviews, answer.assessment.round, with_open=False) if answer else None
        details.append(PicDetail(pic, answer, decision, answer.evidence_count if answer else 0))
    return details


def _may_read(rights: Rights, assessment: Assessment) -> bool:
    """What was handed in, for whoever may read answers: a draft is the agency's own."""
    return assessment.was_handed_in and permissions.can_see_answers(rights, assessment)


@dataclass(frozen=True)
class Step:
    """One level of the ladder with what stands at it: words like "usulan", "tahun lalu"."""

    row: LevelRow
    marks: tuple[str, ...]
    support: int  # supporting agencies verified at this level, or at a fraction above it


@dataclass(frozen=True)
class Ladder:
    """An indicator's levels, and the supporting agencies at them."""

    content: IndicatorContent
    steps: tuple[Step, ...]


def ladder(board: Board, row: PemdaRow) -> Ladder:
    """The criteria of `row`, lowest level first. Four queries."""
    indicator = Indicator.objects.get(pk=row.indicator_id)
    indicator.instrument = board.period.instrument
    content = indicator_content(indicator)
    last = f"tahun {board.last.year}" if board.last else ""
    at = (("usulan", row.suggested), (last, row.last), ("target", row.target), ("eksternal", row.external))
    steps = tuple(
        Step(
            step,
            tuple(word for word, level in at if level is not None and level == step.level),
            sum(number for level, number in row.coverage.counts.items() if floor(Decimal(level)) == step.level),
        )
        for step in content.ladder
    )
    return Ladder(content, steps)


@dataclass(frozen=True)
class Share:
    """A level of the supporting agencies: how many, of those that are verified."""

    level: Level
    number: int


def shares(coverage: Coverage, steps: Iterable[Step]) -> list[Share]:
    """The supporting agencies by whole level, highest first. No query."""
    return [Share(step.row.level, step.support) for step in reversed(list(steps))]
