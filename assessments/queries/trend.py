"""The government's index over the years, from its final results."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count

from assessments.models import ExternalLevel, PemdaResult
from assessments.specs import spec_of
from indicators.mapping import Comparison, Link, compare
from indicators.mapping_data import links_between
from indicators.scoring import InstrumentSpec, score

Level = int | Decimal


@dataclass(frozen=True)
class TrendPoint:
    """One final result of the government. `instrument_changed`: another one than at the point before.

    `external` is the index of the ministry's levels, where all of them are there. `known` of `total` indicators have
    a level; fewer only where a past year was brought in from a list (`is_imported`). `compared`: this point and the
    newest one over what both instruments ask, where they differ and a mapping leads from one to the other. The
    indices themselves are never of the same kind then.
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
    known: int = 0
    total: int = 0
    is_imported: bool = False
    compared: Comparison | None = None

    @property
    def is_partial(self) -> bool:
        return self.known < self.total


def trend(until: int | None = None) -> list[TrendPoint]:
    """The government's results in force, oldest first; those of the years up to `until`, where given.

    Two queries; four more for an instrument not read yet, one where the instruments differ and a few for each older.
    """
    results = list(
        PemdaResult.objects.filter(superseded_at=None)
        .select_related("period__instrument")
        .defer("snapshot")
        .annotate(known=Count("period__determinations"))
        .filter(**({} if until is None else {"period__year__lte": until}))
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
                known=result.known,
                total=len(spec_of(period.instrument).indicators),
                is_imported=period.is_imported,
            )
        )
    return _with_compared(points, results)


def _with_compared(points: list[TrendPoint], results: Sequence[PemdaResult]) -> list[TrendPoint]:
    """Beside each point of an older instrument, what of it can be compared with the newest."""
    if len({point.instrument_code for point in points}) < 2:
        return points
    levels = {
        pk: {row["code"]: row["level"] for row in taken["indicators"] if row["level"] is not None}
        for pk, taken in PemdaResult.objects.filter(pk__in=[one.pk for one in results]).values_list("pk", "snapshot")
    }
    newest = results[-1]
    target = newest.period.instrument
    links: dict[str, list[Link]] = {}
    found = []
    for point, result in zip(points, results, strict=True):
        source = result.period.instrument
        if source.pk == target.pk:
            found.append(point)
            continue
        if source.code not in links:
            links[source.code] = links_between(source, target)
        compared = compare(spec_of(source), spec_of(target), links[source.code], levels[result.pk], levels[newest.pk])
        found.append(replace(point, compared=compared if compared.indicators else None))
    return found


def _external(spec: InstrumentSpec, levels: Mapping[str, Level]) -> Fraction | None:
    return score(spec, levels).index if len(levels) == len(spec.indicators) else None
