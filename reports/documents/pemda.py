"""Laporan konsolidasi Pemda, in the sections of an LHE. Pure."""

from dataclasses import dataclass

from reports.documents.government import Government, StepRow, TrendRow


@dataclass(frozen=True, kw_only=True)
class PemdaReport(Government):
    trend: tuple[TrendRow, ...]
    steps: tuple[StepRow, ...]  # weaknesses first

    @property
    def title(self) -> str:
        return f"Laporan Konsolidasi {self.topic} {self.government} {self.year}"

    @property
    def first_steps(self) -> tuple[StepRow, ...]:
        """Those written out with the evidence that usually serves: the weaknesses, and what the way needs."""
        return tuple(step for step in self.steps if step.level <= self.scale_min + 1 or step.in_way)

    @property
    def other_steps(self) -> tuple[StepRow, ...]:
        first = {step.code for step in self.first_steps}
        return tuple(step for step in self.steps if step.code not in first)

    @property
    def indicator_columns(self) -> int:
        """Of the appendix."""
        return 7 + self.shows_last + self.shows_external
