"""Where follow-ups come from: the notes of decisions, and the rises of the plan in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Max, Min, Q, QuerySet

from accounts.models import Agency
from assessments.models import Assignment, DecisionKind, FollowUp, Period, Plan, PlanRise, Review
from assessments.queries.followups import ACTIVE
from indicators.models import LevelCriterion
from spbe_portal.formatting import level_id

Level = int | Decimal
CANDIDATES_PER_PAGE = 25

# --- Decisions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """A decision whose note can become a follow-up. `taken`: the id of the one that it became."""

    review: Review
    code: str
    indicator: str
    agency: str
    aim: Level | None
    taken: int | None

    @property
    def key(self) -> str:
        return str(self.review.pk)

    @property
    def text(self) -> str:
        return self.review.note


def notes_of(period: Period) -> QuerySet[Review]:
    """The returns and adjustments in force that the agencies have read."""
    return Review.objects.filter(
        answer__assessment__period=period,
        is_current=True,
        is_published=True,
        decision__in=[DecisionKind.ADJUST, DecisionKind.RETURN],
    ).select_related("answer__indicator__instrument", "answer__assessment__agency")


def aim_of_note(review: Review) -> Level | None:
    """The level that was claimed and not given."""
    claimed, given = review.answer.self_level, review.verified_level
    return claimed if claimed is not None and (given is None or claimed > given) else None


def notes_page(period: Period, agency_id: int | None, page_number: str | int | None = 1) -> tuple[Page, list[Note]]:
    """A page of them by agency and indicator. Two queries."""
    found = notes_of(period)
    if agency_id:
        found = found.filter(answer__assessment__agency_id=agency_id)
    found = found.annotate(taken=Min("follow_ups__pk"))
    page = Paginator(
        found.order_by("answer__assessment__agency__name", "answer__indicator__order"), CANDIDATES_PER_PAGE
    ).get_page(page_number)
    return page, [_note(review) for review in page]


def notes_by_id(period: Period, pks: Iterable[int]) -> list[Note]:
    """Those a form was about, whatever page they are on now. One query."""
    found = notes_of(period).filter(pk__in=list(pks)).annotate(taken=Min("follow_ups__pk"))
    return [_note(each) for each in found.order_by("answer__assessment__agency__name", "answer__indicator__order")]


def agencies_with_notes(period: Period) -> list[tuple[int, str]]:
    found = notes_of(period).order_by().values("answer__assessment__agency")
    return list(Agency.objects.filter(pk__in=found).order_by("name").values_list("pk", "name"))


def _note(review: Review) -> Note:
    indicator = review.answer.indicator
    return Note(
        review,
        indicator.code,
        indicator.short_name,
        review.answer.assessment.agency.name,
        aim_of_note(review),
        review.taken,  # type: ignore[attr-defined]
    )


# --- The plan in force --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One rise of the plan and one PIC that is to make it. `taken`: the id of the follow-up that it became."""

    rise: PlanRise
    agency: Agency
    text: str
    taken: int | None

    @property
    def key(self) -> str:
        return f"{self.rise.pk}-{self.agency.pk}"


@dataclass(frozen=True)
class PlanSteps:
    """The plan in force as work for agencies; `without_pic`: rises that nobody is to make."""

    plan: Plan | None
    steps: tuple[Step, ...]
    without_pic: tuple[PlanRise, ...]


def plan_steps(period: Period) -> PlanSteps:
    """Five queries, whatever the plan's size."""
    rises = rises_of(period)
    taken = planned_already(period)
    texts = _rise_texts([rise for rise, _ in rises])
    steps = [
        Step(rise, agency, texts[rise.pk], taken.get((rise.indicator_id, agency.pk)))
        for rise, agencies in rises
        for agency in agencies
    ]
    return PlanSteps(
        Plan.objects.filter(period=period, replaced_at=None).first(),
        tuple(steps),
        tuple(rise for rise, agencies in rises if not agencies),
    )


def rises_of(period: Period) -> list[tuple[PlanRise, list[Agency]]]:
    """The rises of the plan in force with the PICs of their indicator. Two queries."""
    rises = list(
        PlanRise.objects.filter(plan__period=period, plan__replaced_at=None)
        .select_related("indicator")
        .order_by("indicator__order")
    )
    pics: dict[int, list[Agency]] = {}
    assigned = Assignment.objects.filter(
        period=period, kind=Assignment.Kind.PIC, indicator__in=[rise.indicator_id for rise in rises]
    )
    for assignment in assigned.select_related("agency").order_by("agency__name"):
        pics.setdefault(assignment.indicator_id, []).append(assignment.agency)
    return [(rise, pics.get(rise.indicator_id, [])) for rise in rises]


def planned_already(period: Period) -> dict[tuple[int, int], int]:
    """What the plan in force became, and what an earlier plan of the period became and still runs, by
    (indicator id, agency id). One query."""
    found = FollowUp.objects.filter(Q(plan__replaced_at=None) | Q(status__in=ACTIVE), plan__period=period).order_by()
    rows = found.values_list("indicator_id", "agency_id").annotate(latest=Max("pk"))
    return {(indicator, agency): latest for indicator, agency, latest in rows if indicator is not None}


def _rise_texts(rises: list[PlanRise]) -> dict[int, str]:
    """What is to be done for each rise, from the criteria of the levels it passes. One query."""
    criteria: dict[int, list[LevelCriterion]] = {}
    for row in LevelCriterion.objects.filter(indicator__in=[rise.indicator_id for rise in rises]).order_by("level"):
        criteria.setdefault(row.indicator_id, []).append(row)
    texts = {}
    for rise in rises:
        lines = [
            f"Naikkan Indikator {rise.indicator.code} ({rise.indicator.short_name}) dari level "
            f"{level_id(rise.from_level)} ke level {level_id(rise.to_level)}."
        ]
        lines += [
            f"Kriteria level {level_id(row.level)}: {row.text}"
            for row in criteria.get(rise.indicator_id, [])
            if rise.from_level < row.level <= rise.to_level and row.text
        ]
        texts[rise.pk] = "\n".join(lines)
    return texts
