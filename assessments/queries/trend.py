"""The government's index over the years, from its final results."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from assessments.models import ExternalLevel, PemdaResult
from assessments.specs import spec_of
from indicators.scoring import InstrumentSpec, score

Level = int | Decimal


@dataclass(frozen=True)
class TrendPoint:
    """One final result of the government. `instrument_changed`: another one than at the point before.

    `external` is the index of the ministry's levels, where all of them are there.
    """

    year: int
    period_id: int
    period: str
    instrument_code: str
    instrument: str
    index: Fraction
    predicate: str
    target: Fraction | None
    external: Fraction | None
    instrument_changed: bool


def trend() -> list[TrendPoint]:
    """The government's results in force, oldest first. Two queries; four more for an instrument not read yet."""
    results = list(
        PemdaResult.objects.filter(superseded_at=None)
        .select_related("period__instrument")
        .defer("snapshot")
        .order_by("period__year", "period_id")
    )
    outside: dict[int, dict[str, Level]] = defaultdict(dict)
    for period_id, code, level in (
        ExternalLevel.objects.filter(period__in=[result.period_id for result in results])
        .order_by()
        .values_list("period", "indicator__code", "level")
    ):
        outside[period_id][code] = level
    points: list[TrendPoint] = []
    for result in results:
        period = result.period
        points.append(
            TrendPoint(
                year=period.year,
                period_id=period.pk,
                period=period.name,
                instrument_code=result.instrument_code,
                instrument=period.instrument.short_name,
                index=result.index,
                predicate=result.predicate,
                target=None if period.target is None else Fraction(period.target),
                external=_external(spec_of(period.instrument), outside.get(period.pk, {})),
                instrument_changed=bool(points) and points[-1].instrument_code != result.instrument_code,
            )
        )
    return points


def _external(spec: InstrumentSpec, levels: Mapping[str, Level]) -> Fraction | None:
    return score(spec, levels).index if len(levels) == len(spec.indicators) else None
