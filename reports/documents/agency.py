"""Laporan penilaian OPD, as plain frozen values. Pure."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from reports.documents.base import Band, Index, band_note
from reports.rows import DocumentRow, IndicatorRow, Level, Recommendation, ReviewNote
from spbe_portal.formatting import decimal_id, level_id

#: How many recommendations are written out in full, with guidance and evidence.
FIRST_RECOMMENDATIONS = 10


@dataclass(frozen=True)
class Part:
    """A domain or an aspect. `assigned` 0: nothing of it is assigned to the agency.

    `last_value` is of the kind compared: last year's verified value where there is a verified one this year, else
    last year's own.
    """

    code: str
    name: str
    weight: Fraction
    self_value: Fraction | None
    verified_value: Fraction | None
    last_value: Fraction | None
    answered: int
    assigned: int
    domain: str = ""

    @property
    def change(self) -> Fraction | None:
        """From last year's value to this year's of the same kind."""
        value = self.self_value if self.verified_value is None else self.verified_value
        return None if value is None or self.last_value is None else value - self.last_value


@dataclass(frozen=True)
class Decisions:
    """How many assigned indicators have which published decision. `not_relevant` counts the accepted ones."""

    accepted: int = 0
    adjusted: int = 0
    returned: int = 0
    not_relevant: int = 0
    undecided: int = 0


@dataclass(frozen=True)
class Replaced:
    """The revision before. `index` is the verified one; None: it froze as "tidak selesai"."""

    revision: int
    index: Fraction | None


@dataclass(frozen=True)
class AgencyReport:
    """Laporan penilaian OPD: everything the document says."""

    # This document
    code: str
    generated_at: datetime
    government: str
    letterhead: tuple[str, ...]
    logo: str  # path of a PNG or JPEG, or ""

    # What was assessed, by which rules
    agency: str
    agency_kind: str
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
    bands: tuple[Band, ...]

    # Its state
    status: str  # in words
    is_draft: bool
    draft_reason: str  # why it is a draft, one sentence; "" when final
    is_complete: bool  # False: frozen as "tidak selesai"
    incomplete_reason: str
    submitted_at: datetime | None
    approved_at: datetime | None
    finalised_at: datetime | None
    revision: int | None  # of the result, once final
    digest: str  # of the result, once final

    # Figures. Last year's are of the kind compared: verified with verified, and own with own while there is no
    # verified one (see `last_name`).
    self_index: Index
    verified_index: Index
    last_index: Index
    last_year: int | None
    target: Fraction | None
    answered: int
    assigned: int
    decisions: Decisions

    # Tables
    domains: tuple[Part, ...]
    aspects: tuple[Part, ...]
    indicators: tuple[IndicatorRow, ...]
    review_notes: tuple[ReviewNote, ...]
    recommendations: tuple[Recommendation, ...]
    documents: tuple[DocumentRow, ...]
    check_url: str = ""  # where the QR code of its pages leads
    replaced: Replaced | None = None  # from the second revision on
    evidence_withheld: bool = False  # under review: neither the list nor references to it
    topic: str = "SPBE"  # what the instrument rates
    caution: str = ""  # what must be known of the instrument

    @property
    def title(self) -> str:
        return f"Laporan Penilaian {self.topic} {self.agency} {self.year}"

    @property
    def shown_subject(self) -> str:
        """Whose report it is, as the public page says it."""
        return self.agency

    @property
    def shown_index(self) -> str:
        """The index on the cover, as the public page says it: "3,61 (Sangat Baik), nilai verifikasi"."""
        if not self.is_complete:
            return "tidak selesai, tanpa nilai verifikasi"
        index = self.main_index
        if index.value is None:
            return ""
        return f"{decimal_id(index.value)} ({index.predicate}), {self.main_index_name}"

    @property
    def mark(self) -> str:
        """What stands at the top of every page that is not the outcome of a finished assessment."""
        return "DRAF" if self.is_draft else "" if self.is_complete else "TIDAK SELESAI"

    @property
    def is_verified(self) -> bool:
        return self.verified_index.value is not None

    @property
    def main_index(self) -> Index:
        """The index that stands on the cover: the verified one, or the agency's own while there is none."""
        return self.verified_index if self.is_verified else self.self_index

    @property
    def main_index_name(self) -> str:
        return "nilai verifikasi" if self.is_verified else "nilai mandiri"

    @property
    def last_name(self) -> str:
        """Which of last year's values is shown, "Verifikasi 2025"; "" where there is none to compare with."""
        return f"{'Verifikasi' if self.is_verified else 'Mandiri'} {self.last_year}" if self.last_year else ""

    @property
    def shows_change(self) -> bool:
        """Whether a change from last year means anything: not where half of it was never filled in."""
        return bool(self.last_year) and self.is_complete

    @property
    def change(self) -> Fraction | None:
        """From last year's index to this year's of the same kind; none of an unfinished assessment."""
        if not self.is_complete or self.main_index.value is None or self.last_index.value is None:
            return None
        return self.main_index.value - self.last_index.value

    @property
    def gap(self) -> Fraction | None:
        """From this year's index to the target; zero or less once it is met."""
        return None if self.main_index.value is None or self.target is None else self.target - self.main_index.value

    @property
    def change_size(self) -> Fraction | None:
        return None if self.change is None else abs(self.change)

    @property
    def target_predicate(self) -> str:
        """The predikat that the target would earn."""
        earned = [band for band in self.bands if self.target is not None and self.target >= band.minimum]
        return max(earned, key=lambda band: band.minimum).name if earned else ""

    @property
    def total_weight(self) -> Fraction:
        return sum((part.weight for part in self.domains or self.aspects), Fraction(0))

    @property
    def first_recommendations(self) -> tuple[Recommendation, ...]:
        """Those shown in full."""
        return self.recommendations[:FIRST_RECOMMENDATIONS]

    @property
    def other_recommendations(self) -> tuple[Recommendation, ...]:
        return self.recommendations[FIRST_RECOMMENDATIONS:]

    @property
    def indicator_columns(self) -> int:
        """Of the table of indicators."""
        return 6 + bool(self.last_year) + (not self.evidence_withheld)

    @property
    def strengths_heading(self) -> str:
        return f"Kekuatan: level {level_id(self.scale_max - 1)} {self._between} {level_id(self.scale_max)}"

    @property
    def weaknesses_heading(self) -> str:
        return f"Kelemahan: level {level_id(self.scale_min)} {self._between} {level_id(self.scale_min + 1)}"

    @property
    def _between(self) -> str:
        """Two levels, or all there is from one to the other where values are fractions."""
        return "dan" if all(level.denominator == 1 for level, _ in self._counting) else "sampai"

    @property
    def band_note(self) -> str:
        """Why index and predikat seem to disagree, or ""."""
        return band_note(self.main_index, self.bands)

    @cached_property
    def groups(self) -> tuple[tuple[Part, tuple[IndicatorRow, ...]], ...]:
        """The aspects that have something assigned, each with its indicators in order."""
        return tuple(
            (aspect, rows)
            for aspect in self.aspects
            if (rows := tuple(row for row in self.indicators if row.aspect == aspect.code))
        )

    @cached_property
    def strengths(self) -> tuple[IndicatorRow, ...]:
        """Answered indicators on one of the two highest levels (4-5), the highest and heaviest first."""
        rows = [(level, row) for level, row in self._counting if level >= self.scale_max - 1]
        return tuple(row for _, row in sorted(rows, key=lambda pair: (-pair[0], -pair[1].weight)))

    @cached_property
    def weaknesses(self) -> tuple[IndicatorRow, ...]:
        """Answered indicators on one of the two lowest levels (1-2), the lowest and heaviest first."""
        rows = [(level, row) for level, row in self._counting if level <= self.scale_min + 1]
        return tuple(row for _, row in sorted(rows, key=lambda pair: (pair[0], -pair[1].weight)))

    @cached_property
    def _counting(self) -> tuple[tuple[Fraction, IndicatorRow], ...]:
        return tuple((Fraction(row.level), row) for row in self.indicators if row.level is not None)

    @property
    def unanswered(self) -> int:
        return self.assigned - self.answered

    @property
    def lowest_notes(self) -> tuple[str, ...]:
        """What counts as the lowest level without standing among the weaknesses, one sentence each."""
        lowest = level_id(self.scale_min)
        pending = sum(row.not_relevant and row.level is None and not row.is_left_out for row in self.indicators)
        notes = []
        if self.unanswered:
            notes.append(f"{self.unanswered} indikator belum terisi dan dihitung sebagai level {lowest}.")
        if pending:
            notes.append(
                f"{pending} indikator dinyatakan tidak relevan dan dihitung sebagai level {lowest} selama belum "
                "diterima verifikator."
            )
        return tuple(notes)

    @property
    def on_behalf_codes(self) -> tuple[str, ...]:
        """The indicators filled in by a coordinator for the agency."""
        return tuple(row.code for row in self.indicators if row.on_behalf)

    @property
    def helpers(self) -> tuple[tuple[str, str], ...]:
        """What was done for the agency and not by it: words with the indicators, and by whom."""
        done: dict[tuple[str, str], list[str]] = {}
        for row in self.indicators:
            if row.on_behalf:
                done.setdefault(("diisi", row.filled_by), []).append(row.code)
            for name in () if self.evidence_withheld else row.attached_by:
                done.setdefault(("bukti dilampirkan", name), []).append(row.code)
        return tuple(
            (f"Indikator {', '.join(codes)}: {act}", name or "Koordinator Penilaian")
            for (act, name), codes in done.items()
        )

    @property
    def all_on_behalf(self) -> bool:
        return len(self.on_behalf_codes) == len(self.indicators)

    @property
    def has_review(self) -> bool:
        """Whether any decision is published."""
        counts = self.decisions
        return bool(counts.accepted or counts.adjusted or counts.returned or counts.not_relevant)
