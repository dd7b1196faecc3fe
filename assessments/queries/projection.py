"""What a period's levels become under another instrument: the portal's own estimate, as a range."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from assessments.models import Period
from assessments.queries.roadmap import Level, Start, ground
from assessments.specs import spec_of
from indicators.mapping import Estimate, Feed, TargetRow, estimate
from indicators.mapping_data import links_between, targets_of
from indicators.models import Indicator, Instrument
from indicators.scoring import GroupSpec
from spbe_portal.formatting import decimal_id, level_id, percent_id, weight_id


@dataclass(frozen=True)
class Line:
    """One indicator of the target, with the names of what feeds it."""

    row: TargetRow
    indicator: Indicator
    sources: tuple[tuple[Feed, Indicator, Level | None], ...]  # the level is ours, as it was given

    @property
    def is_external(self) -> bool:
        """Its value comes from outside whatever ours say."""
        return bool(self.indicator.external_source)

    @property
    def is_open(self) -> bool:
        """Nothing that is known has a part in it."""
        return self.row.taken is None


@dataclass(frozen=True)
class Part:
    """One aspect of the target with the range of its value."""

    group: GroupSpec
    low: Fraction | None
    high: Fraction | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Projection:
    period: Period
    source: Instrument
    target: Instrument
    targets: tuple[Instrument, ...]
    start: Start
    starts: tuple[Start, ...]
    estimate: Estimate
    parts: tuple[Part, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for part in self.parts for line in part.lines)

    @property
    def new(self) -> tuple[Line, ...]:
        """To be prepared from nothing: no indicator of ours feeds it, and nobody outside supplies it."""
        return tuple(line for line in self.lines if line.row.is_new and not line.is_external)

    @property
    def external(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_external)

    @property
    def unused(self) -> int:
        """How many of our indicators have no part in the target."""
        used = {feed.source for line in self.lines for feed in line.row.feeds}
        return len(spec_of(self.source).indicators) - len(used)


def projection(period: Period, wanted: str = "", start: str = "") -> Projection | None:
    """The estimate for `period` under the instrument with the code `wanted`; None where no mapping leads on.

    A fixed number of queries. `wanted` and `start` (see `queries.roadmap`) fall back to the newest regulation's and
    the first whole one.
    """
    targets = tuple(targets_of(period.instrument))
    if not targets:
        return None
    target = next((each for each in targets if each.code == wanted), None) or _newest(targets)
    base = ground(period)
    begin = next((each for each in base.starts if each.key == start), base.default_start)
    spec = spec_of(target)
    found = estimate(base.spec, spec, links_between(period.instrument, target), begin.levels)
    ours: Mapping[str, Indicator] = {indicator.code: indicator for indicator in base.indicators}
    theirs = {indicator.code: indicator for indicator in target.indicators.all()}
    aspect_of = {indicator.code: indicator.aspect for indicator in spec.indicators}
    lines = [
        Line(
            row,
            theirs[row.code],
            tuple((feed, ours[feed.source], begin.levels.get(feed.source)) for feed in row.feeds),
        )
        for row in found.rows
    ]
    return Projection(
        period=period,
        source=period.instrument,
        target=target,
        targets=targets,
        start=begin,
        starts=base.starts,
        estimate=found,
        parts=tuple(
            Part(
                group,
                found.low.aspects[group.code],
                found.high.aspects[group.code],
                tuple(line for line in lines if aspect_of[line.row.code] == group.code),
            )
            for group in spec.aspects
        ),
    )


def _newest(targets: tuple[Instrument, ...]) -> Instrument:
    """What comes next is what one wants to know: an instrument of another shape before a regrouping of the same."""
    return max(targets, key=lambda each: (each.is_fractional, each.code))


HEAD = (
    "Aspek",
    "Indikator",
    "Nama indikator",
    "Bobot",
    "Dari indikator",
    "Nama indikator asal",
    "Bagian yang diteruskan",
    "Level",
    "Tercakup",
    "Perkiraan terendah",
    "Perkiraan tertinggi",
    "Keterangan",
)


def sheet_rows(found: Projection) -> list[list[str | int | None]]:
    """The estimate as a table, a line a source; the index last, and what it is."""
    rows: list[list[str | int | None]] = []
    for part in found.parts:
        for line in part.lines:
            row = line.row
            head = [part.group.name, row.code, line.indicator.name, weight_id(row.weight)]
            tail = [percent_id(row.covered), decimal_id(row.low), decimal_id(row.high)]
            outside = f" Nilai dari luar: {line.indicator.external_source}." if line.is_external else ""
            for feed, source, level in line.sources:
                shown = "" if level is None else level_id(level)
                given = [feed.source, source.name, percent_id(feed.share), shown]
                rows.append([*head, *given, *tail, feed.note + outside])
            if not line.sources:
                rows.append([*head, "", "", "", "", *tail, f"Baru: belum ada indikator asal.{outside}"])
    low, high = found.estimate.low.index, found.estimate.high.index
    total: list[str | int | None] = [
        "",
        "",
        "Indeks (perkiraan portal)",
        "",
        "",
        "",
        "",
        "",
        percent_id(found.estimate.covered),
    ]
    rows.append([*total, decimal_id(low), decimal_id(high), f"Dari {found.period.name}, {found.start.label}."])
    return rows
