"""The way to the target and the next step of every indicator, for the documents of the government."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from assessments.models import Period, Plan
from assessments.totals import fraction_text
from indicators.models import EvidenceHint, Instrument, LevelCriterion
from indicators.roadmap import best_route
from indicators.scoring import InstrumentSpec, predicate_of
from reports.documents.government import Government, RiseRow, StepRow, Way

Level = int | Decimal
Texts = Mapping[tuple[str, Any], str]


def criteria_of(instrument: Instrument) -> dict[tuple[str, Any], str]:
    """(indicator code, level) -> what the level asks for. One query."""
    rows = LevelCriterion.objects.filter(indicator__instrument=instrument).order_by()
    return {(code, level): text for code, level, text in rows.values_list("indicator__code", "level", "text")}


def hints_of(instrument: Instrument) -> dict[str, list[tuple[list[int], str]]]:
    """Indicator code -> the evidence that usually serves, with its levels. One query."""
    found: dict[str, list[tuple[list[int], str]]] = {}
    rows = EvidenceHint.objects.filter(indicator__instrument=instrument).order_by("indicator__order", "order")
    for code, levels, text in rows.values_list("indicator__code", "levels", "text"):
        found.setdefault(code, []).append((levels, text))
    return found


def next_level(level: Level | None, scale_max: Level) -> int | None:
    """The whole level above, None at the top or without a level."""
    return None if level is None or level >= scale_max else floor(level) + 1


def way_of(
    period: Period,
    spec: InstrumentSpec,
    taken: dict[str, Any],
    index: Fraction | None,
    target: Fraction | None,
    levels: Mapping[str, Any],
    criteria: Texts,
    names: Texts,
) -> Way | None:
    """The plan in force, else the least-effort way to the period's target; None without either. Two queries."""
    if index is None:
        return None
    rows = {row["code"]: row for row in taken["indicators"]}
    weights = {indicator.code: indicator.weight for indicator in spec.indicators}
    total = sum(weights.values(), Fraction(0))
    plan = _plan(period, index)

    def rise(code: str, start: Any, end: int | Decimal, effort: int) -> RiseRow:
        row = rows[code]
        passed = range(floor(start) + 1, floor(end) + 1)
        return RiseRow(
            code=code,
            short_name=row["short_name"],
            from_level=start,
            to_level=end,
            effort=effort,
            gain=(Fraction(end) - Fraction(start)) * weights[code] / total,
            level=levels.get(code),
            pics=tuple(pic["short_name"] or pic["name"] for pic in row["pics"]),
            criteria=tuple(
                (level, names.get((row["capability"], level), ""), criteria.get((code, level), "")) for level in passed
            ),
        )

    if plan:
        return Way(
            target=Fraction(plan.target),
            start=plan.start_index,
            index=plan.index,
            predicate=plan.predicate,
            effort=plan.effort,
            rises=tuple(
                rise(row.indicator.code, row.from_level, row.to_level, row.effort)
                for row in plan.rises.all()
                if row.indicator.code in rows
            ),
            plan=plan.name,
            plan_start=plan.start,
        )
    if target is None:
        return None
    route = best_route(spec, levels, target)
    reachable = route.reachable and route.index is not None
    return Way(
        target=target,
        start=index,
        index=route.index if reachable else None,
        predicate=(predicate_of(spec, route.index) or "") if reachable and route.index is not None else "",
        effort=route.effort if reachable else 0,
        rises=tuple(rise(row.indicator, row.start, row.end, row.effort) for row in route.rises) if reachable else (),
    )


def _plan(period: Period, index: Fraction) -> Plan | None:
    """The period's plan in force, else a later period's that starts exactly from this index. Two queries or four."""
    in_force = Plan.objects.filter(replaced_at=None).prefetch_related("rises__indicator")
    return (
        in_force.filter(period=period).first()
        or in_force.filter(
            period__year__gt=period.year,
            period__instrument=period.instrument_id,
            start_exact=fraction_text(index),
        )
        .order_by("period__year", "pk")
        .first()
    )


def steps_of(document: Government, instrument: Instrument) -> tuple[StepRow, ...]:
    """The next level of every determined indicator: the weakest first, then what adds most. One query."""
    hints = hints_of(instrument)
    aspects = {group.code: group.name for group in document.aspects}
    total = sum((row.weight for row in document.indicators), Fraction(0))
    planned = {rise.code for rise in document.way.open_rises} if document.way else set()
    steps = []
    for row in document.indicators:
        if row.level is None or row.next_level is None:
            continue
        steps.append(
            StepRow(
                code=row.code,
                short_name=row.short_name,
                aspect_name=aspects[row.aspect],
                level=row.level,
                next_level=row.next_level,
                next_level_name=row.next_level_name,
                gain=(Fraction(row.next_level) - Fraction(row.level)) * row.weight / total,
                criterion=row.next_criterion,
                evidence=tuple(text for levels, text in hints.get(row.code, ()) if row.next_level in levels),
                pics=row.pics,
                in_way=row.code in planned,
            )
        )
    return tuple(sorted(steps, key=lambda step: (step.level, -step.gain)))
