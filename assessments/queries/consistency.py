"""Decisions on one indicator side by side, and how the reviewers of a period compare.

What a coordinator may not know yet of the own agency is left out everywhere: of rows, counts and means.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.permissions import Rights
from assessments import consistency, permissions
from assessments.consistency import Compared, Tally
from assessments.models import Answer, Assessment, Contributor, DecisionKind, Period, Review
from indicators.models import Indicator

Level = int | Decimal


@dataclass(frozen=True)
class Beside:
    """One agency's answer to the indicator, and the decision on it that the reader may know of."""

    assessment: Assessment
    answer: Answer
    review: Review | None
    may_review: bool  # whether the page of its verification opens to the reader

    @property
    def is_adjusted(self) -> bool:
        return self.review is not None and self.review.decision == DecisionKind.ADJUST

    @property
    def rise(self) -> Fraction | None:
        """Verified minus self level, where both are."""
        if self.review is None or self.review.verified_level is None or self.answer.self_level is None:
            return None
        return Fraction(self.review.verified_level) - Fraction(self.answer.self_level)


@dataclass(frozen=True)
class Reviewer:
    person: User
    compared: Compared


@dataclass(frozen=True)
class Turn:
    """The indicators before and after one, in the instrument's order."""

    previous: str | None
    following: str | None


def indicators_of(period: Period) -> list[Indicator]:
    """The indicators that were assigned in the period, in order. One query."""
    return list(
        Indicator.objects.filter(instrument=period.instrument_id, answers__assessment__period=period)
        .distinct()
        .order_by("order")
    )


def turn(indicators: list[Indicator], code: str) -> Turn:
    codes = [each.code for each in indicators]
    at = codes.index(code)
    return Turn(codes[at - 1] if at else None, codes[at + 1] if at + 1 < len(codes) else None)


def side_by_side(rights: Rights, period: Period, code: str) -> list[Beside]:
    """Every agency's answer with its decision, by name. Two queries, however many agencies."""
    wrote = Contributor.objects.filter(assessment=OuterRef("assessment"), user=rights.user_id)
    answers = list(
        Answer.objects.filter(assessment__period=period, indicator__code=code)
        .annotate(wrote=Exists(wrote))
        .select_related("assessment__agency", "assessment__period")
        .order_by("assessment__agency__name")
    )
    reviews = Review.objects.filter(answer__in=answers).select_related("reviewer").order_by("id")
    shown: dict[int, Review] = {}
    whose = {answer.pk: answer.assessment for answer in answers}
    for review in reviews:
        if review.is_published or permissions.can_see_open_decisions(rights, whose[review.answer_id]):
            shown[review.answer_id] = review
    return [
        Beside(
            answer.assessment,
            answer,
            _waits(answer.assessment, shown.get(answer.pk)),
            answer.assessment.was_handed_in
            and permissions.may_review_agency(rights, answer.assessment, wrote=answer.wrote),
        )
        for answer in answers
    ]


def _waits(assessment: Assessment, review: Review | None) -> Review | None:
    """A return of an earlier round was mended: the answer waits for a decision again."""
    if review is not None and review.decision == DecisionKind.RETURN and review.round < assessment.round:
        return None
    return review


def reviewers(rights: Rights, period: Period) -> list[Reviewer]:
    """Who decided in the period, most decisions first, each beside the others. Three queries.

    Every decision counts, also one that another followed in a later round; the change of level is taken of
    the latest on each answer.
    """
    assessments = Assessment.objects.filter(period=period)
    kept_back = {each.pk for each in assessments if not permissions.can_see_open_decisions(rights, each)}
    rows = (
        Review.objects.filter(answer__assessment__period=period)
        .order_by("id")
        .values_list(
            "answer",
            "answer__assessment",
            "answer__self_level",
            "reviewer",
            "decision",
            "verified_level",
            "is_published",
        )
    )
    tallies: dict[int, Tally] = {}
    latest: dict[int, tuple[int, Level | None, Level | None]] = {}
    for answer, assessment, own, reviewer, decision, verified, is_published in rows.iterator(chunk_size=5000):
        if not is_published and assessment in kept_back:
            continue
        tallies[reviewer] = _with(tallies.get(reviewer, Tally(reviewer)), decision)
        latest[answer] = (reviewer, own, verified)
    for whose, self_level, level in latest.values():
        if self_level is not None and level is not None:
            tally = tallies[whose]
            tallies[whose] = replace(
                tally, rise=tally.rise + Fraction(level) - Fraction(self_level), levels=tally.levels + 1
            )
    people = User.objects.in_bulk(tallies)
    ordered = sorted(tallies.values(), key=lambda each: (-each.decisions, str(people[each.reviewer])))
    return [Reviewer(people[row.tally.reviewer], row) for row in consistency.compare(ordered)]


def _with(tally: Tally, decision: str) -> Tally:
    match decision:
        case DecisionKind.ACCEPT:
            return replace(tally, accepted=tally.accepted + 1)
        case DecisionKind.ADJUST:
            return replace(tally, adjusted=tally.adjusted + 1)
        case _:
            return replace(tally, returned=tally.returned + 1)


def adjusted(rows: Iterable[Beside]) -> list[Beside]:
    return [row for row in rows if row.is_adjusted]
