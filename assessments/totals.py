"""From answers and decisions to figures. Pure but for the rows it is given: no query, no clock."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from assessments.levels import NOT_RELEVANT, pack
from assessments.models import Answer, Assessment, DecisionKind, Review
from indicators.scoring import InstrumentSpec, Score, score


def self_levels(spec: InstrumentSpec, answers: Iterable[Answer]) -> dict[str, Any]:
    """Levels of the self index, for `indicators.scoring.score`.

    Not assigned: left out. Assigned but unanswered: missing. *Tidak relevan*: the lowest level,
    because only a verifier's acceptance leaves an indicator out.
    """
    levels: dict[str, Any] = {indicator.code: None for indicator in spec.indicators}
    for answer in answers:
        code = answer.indicator.code
        if answer.not_applicable:
            levels[code] = spec.scale_min
        elif answer.self_level is None:
            del levels[code]
        else:
            levels[code] = answer.self_level
    return levels


def verified_levels(spec: InstrumentSpec, answers: Iterable[Answer], reviews: dict[int, Review]) -> dict[str, Any]:
    """Levels of the verified index; `reviews` maps answer ids to their current decision.

    Accepted as not relevant: left out. Undecided or returned: missing.
    """
    levels: dict[str, Any] = {indicator.code: None for indicator in spec.indicators}
    for answer in answers:
        code = answer.indicator.code
        review = reviews.get(answer.pk)
        if review is None or review.decision == DecisionKind.RETURN:
            del levels[code]
        elif review.verified_level is not None:
            levels[code] = review.verified_level
    return levels


def self_score(spec: InstrumentSpec, answers: Iterable[Answer]) -> Score:
    return score(spec, self_levels(spec, answers))


def own_score(spec: InstrumentSpec, assessment: Assessment, answers: Iterable[Answer]) -> Score:
    """The self index of `assessment`. Where an imported year has none, nothing is scored: empty, not the lowest."""
    if assessment.has_imported_levels and not assessment.self_exact:
        return score(spec, {indicator.code: None for indicator in spec.indicators})
    return self_score(spec, answers)


def verified_score(spec: InstrumentSpec, answers: Iterable[Answer], reviews: dict[int, Review]) -> Score:
    return score(spec, verified_levels(spec, answers, reviews))


def packed_self(answers: Iterable[Answer]) -> str:
    """What the agency says, as `assessments.levels` keeps it."""
    return pack(
        (answer.indicator.code, NOT_RELEVANT if answer.not_applicable else answer.self_level) for answer in answers
    )


def packed_verified(answers: Iterable[Answer], reviews: dict[int, Review]) -> str:
    """What is verified, as `assessments.levels` keeps it; `reviews` maps answer ids to their current decision."""
    return pack((answer.indicator.code, _packed_decision(reviews.get(answer.pk))) for answer in answers)


def _packed_decision(review: Review | None) -> Any:
    if review is None or review.decision == DecisionKind.RETURN:
        return None
    return NOT_RELEVANT if review.verified_level is None else review.verified_level


def fraction_text(value: Fraction | None) -> str:
    """How an exact index is stored: "1403/400", or empty."""
    return "" if value is None else f"{value.numerator}/{value.denominator}"
