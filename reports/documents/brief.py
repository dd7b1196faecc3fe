"""Satu halaman untuk pimpinan. Pure."""

from dataclasses import dataclass

from reports.documents.government import Government, LevelRow, RiseRow

SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Brief(Government):
    @property
    def title(self) -> str:
        return f"Ringkasan {self.topic} untuk Pimpinan {self.government} {self.year}"

    @property
    def heaviest_strengths(self) -> tuple[LevelRow, ...]:
        return tuple(sorted(self.strengths, key=lambda row: (-row.weight, -(row.level or 0))))[:SHOWN]

    @property
    def heaviest_weaknesses(self) -> tuple[LevelRow, ...]:
        return tuple(sorted(self.weaknesses, key=lambda row: (-row.weight, row.level or 0)))[:SHOWN]

    @property
    def next_steps(self) -> tuple[RiseRow, ...]:
        return self.way.open_rises[:SHOWN] if self.way else ()

    @property
    def more_steps(self) -> int:
        return max(len(self.way.open_rises) - SHOWN, 0) if self.way else 0
