"""What an agency had in the period before: shown beside this year's, never copied by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Prefetch

from assessments.models import Answer, Assessment, DecisionKind, Review
from assessments.permissions import PUBLISHED

Level = int | Decimal


@dataclass(frozen=True)
class LastYear:
    """An indicator's answer and decision in the latest earlier period that was approved or finalised."""

    year: int
    period: str
    self_level: Level | None
    not_applicable: bool
    decision: str  # empty: none (the assessment was never approved)
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
    """Last year's answer by this year's answer id, for `answers` with their indicators. Three queries.

    Answers are matched by indicator; across instruments by code, where the name is the same too.
    """
    earlier = (
        Assessment.objects.filter(
            agency_id=assessment.agency_id, status__in=PUBLISHED, period__year__lt=assessment.period.year
        )
        .select_related("period")
        .order_by("-period__year", "-period_id")
        .first()
    )
    if earlier is None:
        return {}
    wanted = {answer.indicator.code: answer for answer in answers}
    rows = (
        Answer.objects.filter(assessment=earlier, indicator__code__in=wanted)
        .select_related("indicator")
        .prefetch_related(Prefetch("reviews", Review.objects.filter(is_current=True), "current_reviews"))
    )
    found = {}
    for row in rows:
        answer = wanted[row.indicator.code]
        if row.indicator_id != answer.indicator_id and row.indicator.name != answer.indicator.name:
            continue
        review = row.current_reviews[0] if row.current_reviews else None
        if review and review.decision == DecisionKind.RETURN:
            review = None
        found[answer.pk] = LastYear(
            year=earlier.period.year,
            period=earlier.period.name,
            self_level=row.self_level,
            not_applicable=row.not_applicable,
            decision=review.decision if review else "",
            verified_level=review.verified_level if review else None,
            note=review.note if review else "",
        )
    return found
