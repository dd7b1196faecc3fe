"""What the roadmap starts from, what its rises ask for, and how the period's plan is doing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from assessments.models import Determination, ExternalLevel, Period, Plan
from assessments.queries.pemda import last_pemda
from assessments.queries.pics import PicAnswer, pic_answers, suggestion
from assessments.specs import spec_of
from indicators.models import EvidenceHint, Indicator, LevelCriterion
from indicators.queries import level_names
from indicators.roadmap import Route
from indicators.scoring import InstrumentSpec, score

Level = int | Decimal

NOW, LAST, EXTERNAL = "sementara", "lalu", "eksternal"


@dataclass(frozen=True)
class Start:
    """A set of levels to start from. `known` of `total` indicators have one, the others count as the lowest."""

    key: str
    label: str
    levels: Mapping[str, Level]
    index: Fraction
    predicate: str
    known: int
    total: int

    @property
    def is_whole(self) -> bool:
        return self.known == self.total

    @property
    def missing(self) -> int:
        return self.total - self.known


@dataclass(frozen=True)
class Ground:
    """All that a roadmap of a period is reckoned from; `indicators` in the instrument's order."""

    period: Period
    spec: InstrumentSpec
    indicators: tuple[Indicator, ...]
    pics: Mapping[int, tuple[PicAnswer, ...]]
    determined: Mapping[str, Level]
    suggested: Mapping[str, Level]
    starts: tuple[Start, ...]

    @property
    def default_start(self) -> Start:
        """The first that has a level for every indicator: this period's, last year's, the ministry's."""
        return next((start for start in self.starts if start.is_whole), self.starts[0])

    def start(self, key: str) -> Start:
        """The start of this name, else the default one."""
        return next((start for start in self.starts if start.key == key), self.default_start)


@dataclass(frozen=True)
class StepRow:
    """One level up and what it takes. `text` is the official criterion, empty where none is published."""

    level: int
    name: str
    text: str
    hints: tuple[str, ...]
    effort: int
    gain: Fraction


@dataclass(frozen=True)
class RiseRow:
    """One rise of a route, with all a reader needs to act on it."""

    indicator_id: int
    code: str
    name: str
    start: Fraction
    end: int
    effort: int
    gain: Fraction
    steps: tuple[StepRow, ...]
    pics: tuple[PicAnswer, ...]


@dataclass(frozen=True)
class PlannedRow:
    """One rise of the saved plan against the level now. `kind` says what that is: determined, suggested or ""."""

    indicator_id: int
    code: str
    name: str
    start: Level
    end: Level
    now: Level | None
    kind: str
    pics: tuple[PicAnswer, ...]

    @property
    def is_reached(self) -> bool:
        return self.now is not None and self.now >= self.end


@dataclass(frozen=True)
class PlanProgress:
    """The plan in force beside what is so far. `now` counts indicators without a level as the lowest."""

    plan: Plan
    rows: tuple[PlannedRow, ...]
    now: Start

    @property
    def reached(self) -> int:
        return sum(row.is_reached for row in self.rows)

    @property
    def distance(self) -> Fraction:
        """The index now minus the planned one."""
        return self.now.index - self.plan.index


def ground(period: Period) -> Ground:
    """The ground of `period`. Six queries, whatever the number of agencies; four more where the instrument was not
    read yet."""
    spec = spec_of(period.instrument)
    indicators = tuple(Indicator.objects.filter(instrument=period.instrument_id).order_by("order"))
    pics = pic_answers(period, indicators)
    codes = {indicator.pk: indicator.code for indicator in indicators}
    determined = _by_code(codes, Determination.objects.filter(period=period).values_list("indicator", "level"))
    external = _by_code(codes, ExternalLevel.objects.filter(period=period).values_list("indicator", "level"))
    suggested = {
        codes[pk]: level for pk, (level, _) in ((pk, suggestion(row)) for pk, row in pics.items()) if level is not None
    }
    kind = "Nilai Pemda" if len(determined) == len(indicators) else "Nilai sementara"
    starts = [_start(spec, NOW, f"{kind} {period.name}", {**suggested, **determined})]
    last = last_pemda(period)
    if last is not None and last.is_comparable:
        starts.append(_start(spec, LAST, f"Hasil Pemda {last.year}", last.levels))
    if len(external) == len(indicators):
        starts.append(_start(spec, EXTERNAL, f"Nilai eksternal {period.name}", external))
    return Ground(period, spec, indicators, pics, determined, suggested, tuple(starts))


def _by_code(codes: Mapping[int, str], rows: Iterable[tuple[int, Level]]) -> dict[str, Level]:
    return {codes[pk]: level for pk, level in rows}


def _start(spec: InstrumentSpec, key: str, label: str, levels: Mapping[str, Level]) -> Start:
    result = score(spec, levels)
    assert result.index is not None  # nothing is left out
    return Start(
        key=key,
        label=label,
        levels=levels,
        index=result.index,
        predicate=result.predicate or "",
        known=result.answered,
        total=result.assigned,
    )


def rise_rows(ground: Ground, route: Route) -> tuple[RiseRow, ...]:
    """The rises of `route` with criteria, usual evidence and PICs. Three queries."""
    indicators = {indicator.code: indicator for indicator in ground.indicators}
    wanted = [indicators[rise.indicator].pk for rise in route.rises]
    texts = {(row.indicator_id, row.level): row.text for row in LevelCriterion.objects.filter(indicator__in=wanted)}
    hints: dict[tuple[int, Level], list[str]] = defaultdict(list)
    for hint in EvidenceHint.objects.filter(indicator__in=wanted).order_by("indicator", "order"):
        for level in hint.levels:
            hints[hint.indicator_id, level].append(hint.text)
    names = level_names(ground.period.instrument)
    rows = []
    for rise in route.rises:
        indicator = indicators[rise.indicator]
        steps = tuple(
            StepRow(
                level=step.level,
                name=names.get((indicator.capability, step.level), ""),
                text=texts.get((indicator.pk, Decimal(step.level)), ""),
                hints=tuple(hints[indicator.pk, step.level]),
                effort=step.effort,
                gain=step.gain,
            )
            for step in rise.steps
        )
        rows.append(
            RiseRow(
                indicator_id=indicator.pk,
                code=indicator.code,
                name=indicator.short_name,
                start=rise.start,
                end=rise.end,
                effort=rise.effort,
                gain=rise.gain,
                steps=steps,
                pics=ground.pics[indicator.pk],
            )
        )
    return tuple(rows)


def plan_in_force(period: Period) -> Plan | None:
    """The period's plan with its author. One query."""
    return Plan.objects.filter(period=period, replaced_at=None).select_related("created_by").first()


def progress(ground: Ground, plan: Plan) -> PlanProgress:
    """What became of `plan` so far. One query."""
    rows = []
    for rise in plan.rises.select_related("indicator").order_by("indicator__order"):
        code = rise.indicator.code
        kind = "determined" if code in ground.determined else "suggested" if code in ground.suggested else ""
        rows.append(
            PlannedRow(
                indicator_id=rise.indicator_id,
                code=code,
                name=rise.indicator.short_name,
                start=rise.from_level,
                end=rise.to_level,
                now=ground.determined.get(code, ground.suggested.get(code)),
                kind=kind,
                pics=ground.pics.get(rise.indicator_id, ()),
            )
        )
    return PlanProgress(plan, tuple(rows), ground.start(NOW))


def mark_of(route: Route) -> str:
    """A short mark of what a route says: the same mark, the same start and the same rises."""
    said = [str(route.start), *(f"{rise.indicator}:{rise.start}>{rise.end}:{rise.effort}" for rise in route.rises)]
    return sha256(" ".join(said).encode()).hexdigest()[:16]
