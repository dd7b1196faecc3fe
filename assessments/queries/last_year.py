"""What an agency had in an earlier year: shown beside this year's, never copied by itself.

One rule for every screen and report: what counts is the latest earlier year in which the agency has a complete
result in force. What froze as *tidak selesai*, runs again, or was only approved so far is passed over. Results of
a predecessor (an agency merged into this one) are not taken over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from assessments.levels import unpack
from assessments.models import Answer, Assessment, DecisionKind, Result, Review
from assessments.queries.answers import imported_decision

Level = int | Decimal

#: In place of a decision, where the level came with an imported year.
IMPORTED = "imported"


def results_before(assessments: Iterable[Assessment]) -> dict[int, Result]:
    """The result to compare with, by assessment id, where there is one; with its period. One query, no snapshots."""
    wanted = list(assessments)
    rows = (
        Result.objects.filter(
            assessment__agency__in={assessment.agency_id for assessment in wanted},
            is_complete=True,
            superseded_at=None,
        )
        .select_related("assessment__period")
        .defer("snapshot")
        .order_by("assessment__period__year", "assessment__period_id")
    )
    of_agency: dict[int, list[Result]] = {}
    for result in rows:
        of_agency.setdefault(result.assessment.agency_id, []).append(result)
    found = {}
    for assessment in wanted:
        results = of_agency.get(assessment.agency_id, ())
        earlier = [result for result in results if result.assessment.period.year < assessment.period.year]
        if earlier:
            found[assessment.pk] = earlier[-1]
    return found


def answers_in(result: Result, answers: Iterable[Answer], *prefetch: Prefetch) -> dict[int, Answer]:
    """The answers of `result` to the same indicators, by id of `answers` (read with their indicators).

    Across instruments the same indicator has the same code and the same name. Each has its decision
    in `current_reviews`, and what `prefetch` asks for. Two queries, and those of `prefetch`.
    """
    wanted = {(answer.indicator.code, answer.indicator.name): answer.pk for answer in answers}
    rows = (
        Answer.objects.filter(assessment=result.assessment_id, indicator__code__in=[code for code, _ in wanted])
        .select_related("indicator")
        .prefetch_related(Prefetch("reviews", Review.objects.filter(is_current=True), "current_reviews"), *prefetch)
    )
    found: dict[int, Answer] = {
        wanted[key]: row for row in rows if (key := (row.indicator.code, row.indicator.name)) in wanted
    }
    with_imported([result], found.values())
    return found


def with_imported(results: Iterable[Result], answers: Iterable[Answer]) -> None:
    """Give answers of imported years the level they ended with in `current_reviews`. No query."""
    kept = {
        result.assessment_id: unpack(result.assessment.verified_levels)
        for result in results
        if result.assessment.has_imported_levels
    }
    for answer in answers if kept else ():
        levels = kept.get(answer.assessment_id, {})
        made = imported_decision(answer.pk, levels.get(answer.indicator.code, ""))
        if made is not None:
            answer.current_reviews = [made]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class LastYear:
    """An indicator's answer and decision in the result before."""

    year: int
    period: str
    self_level: Level | None
    not_applicable: bool
    decision: str  # empty: none
    verified_level: Level | None
    note: str

    @property
    def level(self) -> Level | None:
        """The level it ended with: the verified one where there was a decision."""
        return self.verified_level if self.decision else self.self_level

    @property
    def is_left_out(self) -> bool:
        """Ended as not relevant."""
        return self.not_applicable and (not self.decision or self.verified_level is None)


def last_year_of(assessment: Assessment, answers: Iterable[Answer]) -> dict[int, LastYear]:
    """Last year's answer by this year's answer id, for `answers` with their indicators. Three queries."""
    result = results_before([assessment]).get(assessment.pk)
    if result is None:
        return {}
    period = result.assessment.period
    found = {}
    for pk, row in answers_in(result, answers).items():
        review = row.current_reviews[0] if row.current_reviews else None
        if review and review.decision == DecisionKind.RETURN:
            review = None
        found[pk] = LastYear(
            year=period.year,
            period=period.name,
            self_level=row.self_level,
            not_applicable=row.not_applicable,
            decision=(review.decision or IMPORTED) if review else "",
            verified_level=review.verified_level if review else None,
            note=review.note if review else "",
        )
    return found
