"""The government as a whole: one level an indicator, what it rests on, and the index.

Tables over all agencies read one short text an agency (`assessments.levels`), never answer by answer; only the
PICs' answers are looked at one by one (`queries.pics`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from assessments import levels as texts
from assessments.models import (
    Assessment,
    Determination,
    ExternalLevel,
    PemdaResult,
    Period,
    PlanRise,
    Status,
)
from assessments.permissions import PUBLISHED
from assessments.queries.pics import PicAnswer, pic_answers, suggestion
from assessments.queries.trend import TrendPoint, trend
from assessments.specs import spec_of
from indicators.models import Indicator
from indicators.scoring import InstrumentSpec, Score, score

__all__ = [
    "Board",
    "Coverage",
    "LastPemda",
    "PemdaRow",
    "PicAnswer",
    "TrendPoint",
    "board",
    "chosen_period",
    "periods",
    "trend",
]

Level = int | Decimal


@dataclass(frozen=True)
class Coverage:
    """The supporting agencies of an indicator: how many, and those with a verified level (`counts` by level)."""

    total: int
    decided: int
    counts: dict[str, int]

    def at_least(self, level: Any) -> int:
        """How many of them have this verified level or a higher one."""
        return sum(number for text, number in self.counts.items() if Decimal(text) >= level)


@dataclass(frozen=True)
class PemdaRow:
    """One indicator of the government. `obstacle` says why there is no suggestion; version 0: not determined.

    `target` is the level of the period's plan, else the instrument's, or last year's where that is higher; `last`
    that of the government's last result for the indicator of the same code and name.
    """

    indicator_id: int
    code: str
    name: str
    short_name: str
    capability: str
    aspect: str
    domain: str | None
    weight: Fraction
    external_source: str  # where its value comes from, if not from agencies
    pics: tuple[PicAnswer, ...]
    suggested: Level | None
    obstacle: str
    coverage: Coverage
    level: Level | None
    reason: str
    determined_by: str
    determined_at: datetime | None
    version: int
    last: Level | None
    target: Level | None
    external: Level | None
    suggested_then: Level | None = None  # the suggestion that stood when it was determined

    @property
    def is_determined(self) -> bool:
        return self.level is not None

    @property
    def is_ready(self) -> bool:
        """Waits to be determined and has a suggestion."""
        return self.level is None and self.suggested is not None

    @property
    def differs(self) -> bool:
        """Determined otherwise than suggested now, or without a suggestion."""
        return self.level is not None and self.level != self.suggested

    @property
    def is_outdated(self) -> bool:
        """Determined over another suggestion than there is now, and not as that says."""
        return self.differs and self.suggested is not None and self.suggested != self.suggested_then

    @property
    def support_level(self) -> Level | None:
        """The level at which the supporting agencies are counted: the government's, else the suggested one."""
        return self.level if self.level is not None else self.suggested

    @property
    def supporting(self) -> int:
        """The supporting agencies at that level or above it; without one, all that are verified."""
        level = self.support_level
        return self.coverage.decided if level is None else self.coverage.at_least(level)


@dataclass(frozen=True)
class LastPemda:
    """The government's result of an earlier year. `is_comparable`: of the same instrument."""

    year: int
    period: str
    index: Fraction
    predicate: str
    levels: dict[str, Level]
    domains: dict[str, Fraction]
    aspects: dict[str, Fraction]
    is_comparable: bool
    names: dict[str, str] = field(default_factory=dict)  # of its indicators, by code

    def level_of(self, code: str, name: str) -> Level | None:
        """Across instruments the same indicator has the same code and the same name."""
        return self.levels.get(code) if self.names.get(code) == name else None


@dataclass(frozen=True)
class Board:
    """The government's table in one period.

    `score` is of the determined levels, what is not determined counting as missing; `suggested_score` takes the
    suggestion where nothing is determined. `result` is the one in force, without its snapshot.
    """

    period: Period
    spec: InstrumentSpec
    rows: tuple[PemdaRow, ...]
    score: Score
    suggested_score: Score
    external_score: Score | None
    last: LastPemda | None
    result: PemdaResult | None
    determined: int
    total: int

    @property
    def is_complete(self) -> bool:
        """Every indicator is determined."""
        return self.total > 0 and self.determined == self.total

    @property
    def is_locked(self) -> bool:
        """Final with a result in force: nothing may be determined before an assessment is reopened."""
        return self.period.status == Period.Status.FINAL and self.result is not None

    @property
    def ready(self) -> tuple[PemdaRow, ...]:
        return tuple(row for row in self.rows if row.is_ready)

    @property
    def outdated(self) -> tuple[PemdaRow, ...]:
        """Determined over another suggestion than there is now, and not as that says."""
        return tuple(row for row in self.rows if row.is_outdated)

    @property
    def undetermined(self) -> int:
        return self.total - self.determined

    @property
    def target(self) -> Fraction | None:
        return None if self.period.target is None else Fraction(self.period.target)

    @property
    def change(self) -> Fraction | None:
        """Against last year's result, where both are of one instrument and this one is complete."""
        if self.last is None or not self.last.is_comparable or not self.is_complete or self.score.index is None:
            return None
        return self.score.index - self.last.index

    @property
    def distance(self) -> Fraction | None:
        """The index minus the target."""
        return None if self.target is None or self.score.index is None else self.score.index - self.target


def board(period: Period) -> Board:
    """The table of `period`. Nine queries, whatever the number of agencies; four more where the
    instrument was not read yet."""
    spec = spec_of(period.instrument)
    indicators = list(
        Indicator.objects.filter(instrument=period.instrument_id).select_related("aspect__domain").order_by("order")
    )
    pics = pic_answers(period, indicators)
    coverage = _coverage(period, indicators, pics)
    determined = {
        row.indicator_id: row
        for row in Determination.objects.filter(period=period).select_related("determined_by").order_by("pk")
    }
    external = dict(ExternalLevel.objects.filter(period=period).order_by().values_list("indicator", "level"))
    planned = dict(
        PlanRise.objects.filter(plan__period=period, plan__replaced_at=None)
        .order_by()
        .values_list("indicator", "to_level")
    )
    last = last_pemda(period)
    reached = {each.pk: last.level_of(each.code, each.name) if last else None for each in indicators}
    rows = tuple(
        _row(
            indicator,
            pics[indicator.pk],
            coverage[indicator.pk],
            determined.get(indicator.pk),
            last=reached[indicator.pk],
            target=planned.get(indicator.pk) or _aim(period.instrument.target_level, reached[indicator.pk]),
            external=external.get(indicator.pk),
        )
        for indicator in indicators
    )
    fixed = {row.code: row.level for row in rows if row.level is not None}
    hoped = {row.code: row.suggested for row in rows if row.suggested is not None} | fixed
    outside = {row.code: row.external for row in rows if row.external is not None}
    return Board(
        period=period,
        spec=spec,
        rows=rows,
        score=score(spec, fixed),
        suggested_score=score(spec, hoped),
        external_score=score(spec, outside) if outside else None,
        last=last,
        result=result_in_force(period),
        determined=len(fixed),
        total=len(rows),
    )


def _aim(usual: Level | None, last: Level | None) -> Level | None:
    """The level to reach where no plan says one: nobody aims below what is reached."""
    return max((level for level in (usual, last) if level is not None), default=None)


def _row(
    indicator: Indicator,
    pics: tuple[PicAnswer, ...],
    coverage: Coverage,
    fixed: Determination | None,
    **beside: Level | None,
) -> PemdaRow:
    suggested, obstacle = suggestion(pics, indicator.external_source)
    domain = indicator.aspect.domain
    return PemdaRow(
        indicator_id=indicator.pk,
        code=indicator.code,
        name=indicator.name,
        short_name=indicator.short_name,
        capability=indicator.capability,
        aspect=indicator.aspect.code,
        domain=domain.code if domain else None,
        weight=indicator.weight,
        external_source=indicator.external_source,
        pics=pics,
        suggested=suggested,
        obstacle=obstacle,
        coverage=coverage,
        level=fixed.level if fixed else None,
        reason=fixed.reason if fixed else "",
        determined_by=str(fixed.determined_by) if fixed else "",
        determined_at=fixed.determined_at if fixed else None,
        version=fixed.version if fixed else 0,
        suggested_then=fixed.suggested if fixed else None,
        **beside,
    )


def _coverage(
    period: Period, indicators: Iterable[Indicator], pics: Mapping[int, tuple[PicAnswer, ...]]
) -> dict[int, Coverage]:
    """The supporting agencies by indicator id; those taken out of the period do not count. One query.

    Counted over all agencies as words of one long text, which is many times faster than a dict for each or a count
    in the database; the PICs are then taken off.
    """
    rows = (
        Assessment.objects.filter(period=period)
        .exclude(status=Status.CANCELLED)
        .order_by()
        .values_list("self_levels", "verified_levels", "status")
    )
    said, verified = [], []
    for own, published, status in rows:
        said.append(own)
        if status in PUBLISHED:
            verified.append(published)
    assigned, decided = _counted(said), _counted(verified)
    found = {}
    for indicator in indicators:
        code = indicator.code
        leading = [pic for pic in pics[indicator.pk] if pic.assessment_id and pic.status != Status.CANCELLED]
        own_levels = Counter(str(pic.verified_level) for pic in leading if pic.verified_level is not None)
        counts = decided[code] - own_levels
        for level in ("", texts.NOT_RELEVANT):
            del counts[level]
        found[indicator.pk] = Coverage(
            total=assigned[code].total() - len(leading), decided=counts.total(), counts=dict(sorted(counts.items()))
        )
    return found


def _counted(packed: list[str]) -> defaultdict[str, Counter[str]]:
    """How often each level occurs in the texts of `assessments.levels`, by indicator code."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, number in Counter(" ".join(packed).split()).items():
        code, level = word.split("=", 1)
        found[code][level] = number
    return found


def result_in_force(period: Period) -> PemdaResult | None:
    """The government's result of `period`, without its snapshot. One query."""
    return (
        PemdaResult.objects.filter(period=period, superseded_at=None)
        .select_related("finalised_by")
        .defer("snapshot")
        .first()
    )


def last_pemda(period: Period) -> LastPemda | None:
    """The government's latest result in force of an earlier year. One query."""
    result = (
        PemdaResult.objects.filter(superseded_at=None, period__year__lt=period.year)
        .select_related("period")
        .order_by("-period__year", "-period_id")
        .first()
    )
    if result is None:
        return None
    taken = result.snapshot
    return LastPemda(
        year=result.period.year,
        period=result.period.name,
        index=result.index,
        predicate=result.predicate,
        levels={row["code"]: _level(row["level"]) for row in taken["indicators"] if row["level"] is not None},
        domains=_exact(taken["score"]["domains"]),
        aspects=_exact(taken["score"]["aspects"]),
        is_comparable=result.instrument_code == period.instrument.code,
        names={row["code"]: row["name"] for row in taken["indicators"]},
    )


def _level(text: str) -> Level:
    level = texts.number(text)
    assert level is not None  # of an imported year some may lack: those are left out before
    return level


def _exact(values: Mapping[str, str | None]) -> dict[str, Fraction]:
    return {code: Fraction(value) for code, value in values.items() if value is not None}


def periods() -> list[Period]:
    """The periods that were opened, newest first. One query."""
    return list(
        Period.objects.filter(status__in=[Period.Status.OPEN, Period.Status.FINAL]).select_related("instrument")
    )


def chosen_period(wanted: str) -> Period | None:
    """The period of `?periode=`; "" gives the newest running one, else the newest final one. None: there is none."""
    opened = Period.objects.filter(status__in=[Period.Status.OPEN, Period.Status.FINAL]).select_related("instrument")
    if wanted:
        is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
        return opened.filter(pk=int(wanted)).first() if is_number else None
    return opened.filter(status=Period.Status.OPEN).first() or opened.first()
