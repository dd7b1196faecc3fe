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
from indicators.scoring import InstrumentSpec, exact_text, score
from reports.documents.government import Government, RiseRow, StepRow, Way
from reports.queries.values import exact, level_of, number_of

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
    criteria: Texts,
    names: Texts,
) -> Way | None:
    """The plan in force, else the least-effort way to the period's target or, once that is met, to the next predikat.

    None where there is nothing to reach, or no level for every indicator to start from. Two queries, or four.
    """
    rows = {row["code"]: row for row in taken["indicators"]}
    fixed = {code: level_of(row["level"]) for code, row in rows.items()}
    plan = _plan(period, exact(taken["score"]["index"]))
    if plan:
        return Way(
            target=Fraction(plan.target),
            start=plan.start_index,
            index=plan.index,
            predicate=plan.predicate,
            effort=plan.effort,
            rises=tuple(
                _rise(spec, rows[rise.indicator.code], rise.from_level, rise.to_level, rise.effort, criteria, names)
                for rise in plan.rises.all()
                if rise.indicator.code in rows
            ),
            plan=plan.name,
            start_name=plan.start,
        )
    start_name, levels = _start(taken, fixed)
    index = score(spec, levels).index if levels else None
    if index is None:
        return None
    target, aim = _goal(spec, index, exact(taken["period"]["target"]))
    if target is None:
        return None
    route = best_route(spec, levels, target)
    if not route.reachable or route.index is None:
        return Way(target, index, None, start_name=start_name, aim=aim)
    return Way(
        target=target,
        start=index,
        index=route.index,
        predicate=route.predicate or "",
        effort=route.effort,
        rises=tuple(
            _rise(spec, rows[rise.indicator], _level(rise.start), rise.end, rise.effort, criteria, names)
            for rise in route.rises
        ),
        start_name=start_name,
        aim=aim,
    )


def _start(taken: dict[str, Any], fixed: Mapping[str, Level | None]) -> tuple[str, dict[str, Level]]:
    """The first set with a level for every indicator: the determined ones, those or the suggested, last year's."""
    rows = taken["indicators"]
    suggested = {row["code"]: level_of(row["suggested"]) for row in rows}
    before = {row["code"]: level_of(row["last"]) for row in rows}
    last = taken["last"]
    year = taken["period"]["year"]
    for name, levels in (
        (f"nilai Pemda {year}", fixed),
        (
            f"nilai sementara {year} menurut penetapan dan usulan",
            {code: suggested[code] if level is None else level for code, level in fixed.items()},
        ),
        (f"hasil Pemda {last['year']}" if last else "", before if last and last["is_comparable"] else {}),
    ):
        known = {code: level for code, level in levels.items() if level is not None}
        if len(known) == len(rows):
            return name, known
    return "", {}


def _goal(spec: InstrumentSpec, index: Fraction, target: Fraction | None) -> tuple[Fraction | None, str]:
    """What to reach: the target, or the next predikat once that is met (or there is none)."""
    if target is not None and index < target:
        return target, ""
    above = [band for band in spec.bands if band.minimum > index]
    band = min(above, key=lambda band: band.minimum) if above else None
    return (band.minimum, band.name) if band else (None, "")


def _rise(
    spec: InstrumentSpec,
    row: dict[str, Any],
    start: Level,
    end: Level,
    effort: int,
    criteria: Texts,
    names: Texts,
) -> RiseRow:
    total = sum((indicator.weight for indicator in spec.indicators), Fraction(0))
    return RiseRow(
        code=row["code"],
        short_name=row["short_name"],
        from_level=start,
        to_level=end,
        effort=effort,
        gain=(Fraction(end) - Fraction(start)) * Fraction(row["weight"]) / total,
        level=level_of(row["level"]),
        pics=tuple(pic["short_name"] or pic["name"] for pic in row["pics"]),
        criteria=tuple(
            (level, names.get((row["capability"], level), ""), criteria.get((row["code"], level), ""))
            for level in range(floor(start) + 1, floor(end) + 1)
        ),
    )


def _level(start: Fraction) -> Level:
    return number_of(exact_text(start))


def _plan(period: Period, index: Fraction | None) -> Plan | None:
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
