"""What the three documents of the government are made of, as plain frozen values. Pure.

Levels and indices are exact; they are rounded where they are written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property

from indicators.mapping import Comparison
from reports.documents.base import Band, Index, band_note
from reports.rows import Level
from spbe_portal.formatting import decimal_id, level_id

#: States of an agency's assessment. "unfinished" froze without being approved.
STATES = {
    "draft": "Belum diajukan",
    "submitted": "Menunggu verifikasi",
    "returned": "Dikembalikan untuk diperbaiki",
    "approved": "Disetujui",
    "final": "Final",
    "unfinished": "Tidak selesai",
    "cancelled": "Dibatalkan",
}
APPROVED_STATES = ("approved", "final")


@dataclass(frozen=True)
class GroupRow:
    """A domain or an aspect of the government. `determined` of its `total` indicators have a level."""

    code: str
    name: str
    weight: Fraction
    value: Fraction | None
    last_value: Fraction | None
    external_value: Fraction | None
    determined: int
    total: int
    domain: str = ""

    @property
    def change(self) -> Fraction | None:
        return None if self.value is None or self.last_value is None else self.value - self.last_value


@dataclass(frozen=True)
class LevelRow:
    """One indicator of the government. `level` is the determined one, None while there is none."""

    code: str
    short_name: str
    aspect: str  # code
    weight: Fraction
    level: Level | None = None
    level_name: str = ""
    suggested: Level | None = None
    obstacle: str = ""  # why there is no suggestion
    reason: str = ""
    pics: tuple[str, ...] = ()
    supporters: int = 0  # agencies in support, and those of them with a verified level
    supporters_decided: int = 0
    supporters_at_level: int = 0  # at the government's level or higher
    last_level: Level | None = None
    target_level: Level | None = None
    external_level: Level | None = None
    criterion: str = ""  # of its level; empty: no criteria available
    next_level: Level | None = None
    next_level_name: str = ""
    next_criterion: str = ""

    @property
    def differs(self) -> bool:
        """Whether it was determined otherwise than suggested, or without a suggestion: with a reason."""
        return self.level is not None and self.level != self.suggested


@dataclass(frozen=True)
class AgencyLine:
    """One agency's assessment. `index` is its verified internal index, from approval on."""

    name: str
    short_name: str
    state: str  # of `STATES`
    was_handed_in: bool
    answered: int
    assigned: int
    index: Index = field(default_factory=Index)
    is_late: bool = False  # its time is over and it is not handed in
    reason: str = ""  # of what froze unfinished

    @property
    def state_name(self) -> str:
        return STATES[self.state]


@dataclass(frozen=True)
class TrendRow:
    """The government's final index of one year. `instrument_changed`: since the row before.

    `known` of `total` indicators had a level; `compared`: see `assessments.queries.trend`.
    """

    year: int
    period: str
    instrument: str
    index: Index
    target: Fraction | None = None
    external: Fraction | None = None
    instrument_changed: bool = False
    known: int = 0
    total: int = 0
    is_imported: bool = False
    compared: Comparison | None = None

    @property
    def is_partial(self) -> bool:
        return self.known < self.total


@dataclass(frozen=True)
class RiseRow:
    """One indicator of the way to the target. `gain` is what the whole rise adds to the index."""

    code: str
    short_name: str
    from_level: Level
    to_level: Level
    effort: int
    gain: Fraction
    level: Level | None = None  # as it stands in this document
    pics: tuple[str, ...] = ()
    criteria: tuple[tuple[Level, str, str], ...] = ()  # level, its name, what it asks for

    @property
    def is_reached(self) -> bool:
        return self.level is not None and self.level >= self.to_level


@dataclass(frozen=True)
class Way:
    """The least-effort way to an index: the plan in force (`plan` is its name), or reckoned for this document.

    `target` is the period's, or, once that is met, the lowest index of the next predikat (`aim`). `start_name` says
    where the levels it starts from come from, in words. `index` is what the rises lead to; None where the target
    cannot be reached.
    """

    target: Fraction
    start: Fraction
    index: Fraction | None
    predicate: str = ""
    effort: int = 0
    rises: tuple[RiseRow, ...] = ()
    plan: str = ""
    start_name: str = ""
    aim: str = ""

    @property
    def reached(self) -> int:
        return sum(rise.is_reached for rise in self.rises)

    @property
    def open_rises(self) -> tuple[RiseRow, ...]:
        """Those still to be done, what adds most first."""
        return tuple(sorted((rise for rise in self.rises if not rise.is_reached), key=lambda rise: -rise.gain))


@dataclass(frozen=True)
class StepRow:
    """What one indicator of the government needs for its next level. `gain` is what that adds to the index."""

    code: str
    short_name: str
    aspect_name: str
    level: Level
    next_level: Level
    next_level_name: str
    gain: Fraction
    criterion: str = ""
    evidence: tuple[str, ...] = ()
    pics: tuple[str, ...] = ()
    in_way: bool = False  # part of the way to the target

    @property
    def is_long(self) -> bool:
        """Too long to be moved to the next page whole."""
        return len(self.criterion) + len("; ".join(self.evidence)) + len(", ".join(self.pics)) > 420


@dataclass(frozen=True)
class FollowUpLine:
    code: str  # of the indicator, "" where it is about none
    text: str
    agency: str
    due_on: date
    state: str
    is_open: bool
    is_late: bool
    progress: int = 0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Government:
    """Everything the documents of the government have in common."""

    # This document
    code: str
    generated_at: datetime
    government: str
    letterhead: tuple[str, ...]
    logo: str  # path of a PNG or JPEG, or ""
    check_url: str  # where the QR code of its pages leads

    # What was assessed, by which rules
    period: str
    year: int
    instrument: str
    instrument_code: str
    instrument_version: int
    regulation: str
    regulation_note: str
    instrument_help: str
    formula_version: str
    scale_min: Level
    scale_max: Level
    target_level: Level | None  # of an indicator, by the instrument
    target_index: Fraction | None  # by the instrument
    bands: tuple[Band, ...]  # the highest first

    # Its state
    is_draft: bool
    draft_reason: str  # one sentence; "" when final
    finalised_at: datetime | None
    revision: int | None
    digest: str
    replaced: tuple[int, Fraction] | None  # the revision before and its index

    # Figures
    index: Index
    suggested_index: Index  # determined levels, else suggested ones
    external_index: Index
    last_index: Index
    last_year: int | None
    last_comparable: bool  # by the same instrument
    target: Fraction | None
    determined: int
    total: int

    # Tables
    domains: tuple[GroupRow, ...]
    aspects: tuple[GroupRow, ...]
    indicators: tuple[LevelRow, ...]
    agencies: tuple[AgencyLine, ...]  # by name
    follow_ups: tuple[FollowUpLine, ...]
    way: Way | None
    topic: str = "SPBE"  # what the instrument rates
    caution: str = ""  # what must be known of the instrument

    is_complete = True  # the Pemda is never frozen unfinished

    @property
    def shown_subject(self) -> str:
        return self.government

    @property
    def shown_index(self) -> str:
        if self.index.value is None:
            return ""
        said = (
            f"{self.determined} dari {self.total} indikator ditetapkan" if self.undetermined else self.index.predicate
        )
        return f"{decimal_id(self.index.value)} ({said})"

    @property
    def mark(self) -> str:
        """What stands at the top of every page of a draft."""
        return "DRAF" if self.is_draft else ""

    @property
    def undetermined(self) -> int:
        return self.total - self.determined

    @property
    def band_note(self) -> str:
        return band_note(self.index, self.bands)

    @property
    def change(self) -> Fraction | None:
        """From last year's index, where both are by the same instrument and every indicator is determined."""
        if not self.last_comparable or self.undetermined or self.index.value is None or self.last_index.value is None:
            return None
        return self.index.value - self.last_index.value

    @property
    def shows_change(self) -> bool:
        return self.change is not None

    @property
    def shows_last(self) -> bool:
        """Whether last year's figures stand beside: only those by the same instrument mean the same."""
        return self.last_year is not None and self.last_comparable

    @property
    def shows_external(self) -> bool:
        return self.external_index.value is not None

    @property
    def gap(self) -> Fraction | None:
        """To the target; zero or less once it is met; None before every indicator is determined."""
        if self.index.value is None or self.target is None or self.undetermined:
            return None
        return self.target - self.index.value

    @property
    def target_predicate(self) -> str:
        return self.predicate_at(self.target)

    def predicate_at(self, index: Fraction | None) -> str:
        earned = [band for band in self.bands if index is not None and index >= band.minimum]
        return max(earned, key=lambda band: band.minimum).name if earned else ""

    @property
    def next_band(self) -> Band | None:
        """The predikat above, if there is one."""
        value = self.index.value
        above = [band for band in self.bands if value is not None and band.minimum > value]
        return min(above, key=lambda band: band.minimum) if above else None

    @property
    def total_weight(self) -> Fraction:
        return sum((part.weight for part in self.domains or self.aspects), Fraction(0))

    # Levels

    @property
    def high_levels(self) -> str:
        return f"{level_id(self.scale_max - 1)}–{level_id(self.scale_max)}"

    @property
    def low_levels(self) -> str:
        return f"{level_id(self.scale_min)}–{level_id(self.scale_min + 1)}"

    @property
    def has_fractions(self) -> bool:
        """Some level is no whole one."""
        return any(row.level is not None and row.level % 1 for row in self.indicators)

    @cached_property
    def groups(self) -> tuple[tuple[GroupRow, tuple[LevelRow, ...]], ...]:
        """The aspects, each with its indicators in order."""
        return tuple(
            (aspect, tuple(row for row in self.indicators if row.aspect == aspect.code)) for aspect in self.aspects
        )

    @cached_property
    def strengths(self) -> tuple[LevelRow, ...]:
        """Indicators on one of the two highest levels, the highest and heaviest first."""
        return self.strong(self.indicators)

    @cached_property
    def weaknesses(self) -> tuple[LevelRow, ...]:
        """Indicators on one of the two lowest levels, the lowest and heaviest first."""
        return self.weak(self.indicators)

    def strong(self, rows: Iterable[LevelRow]) -> tuple[LevelRow, ...]:
        found = [(row.level, row) for row in rows if row.level is not None and row.level >= self.scale_max - 1]
        return tuple(row for level, row in sorted(found, key=lambda pair: (-pair[0], -pair[1].weight)))

    def weak(self, rows: Iterable[LevelRow]) -> tuple[LevelRow, ...]:
        found = [(row.level, row) for row in rows if row.level is not None and row.level <= self.scale_min + 1]
        return tuple(row for level, row in sorted(found, key=lambda pair: (pair[0], -pair[1].weight)))

    @cached_property
    def reasons(self) -> tuple[LevelRow, ...]:
        """Those determined otherwise than suggested, or without a suggestion."""
        return tuple(row for row in self.indicators if row.differs)

    # Agencies

    def agencies_in(self, *states: str) -> int:
        return sum(line.state in states for line in self.agencies)

    @property
    def agencies_handed_in(self) -> int:
        return sum(line.was_handed_in for line in self.agencies)

    @property
    def agencies_approved(self) -> int:
        return self.agencies_in(*APPROVED_STATES)

    @property
    def late_agencies(self) -> tuple[AgencyLine, ...]:
        return tuple(line for line in self.agencies if line.is_late)

    @cached_property
    def state_counts(self) -> tuple[tuple[str, int], ...]:
        """How many agencies are in which state; states without any are left out."""
        counts = ((name, self.agencies_in(state)) for state, name in STATES.items())
        return tuple((name, count) for name, count in counts if count)

    @cached_property
    def scored_agencies(self) -> tuple[AgencyLine, ...]:
        return tuple(line for line in self.agencies if line.index.value is not None)

    @cached_property
    def band_counts(self) -> tuple[tuple[Band, int], ...]:
        """How many agencies' internal indices earn which predikat, the highest first."""
        names = [line.index.predicate for line in self.scored_agencies]
        return tuple((band, names.count(band.name)) for band in self.bands)

    # Follow-ups

    @property
    def open_follow_ups(self) -> int:
        return sum(line.is_open for line in self.follow_ups)

    @property
    def late_follow_ups(self) -> int:
        return sum(line.is_late for line in self.follow_ups)
