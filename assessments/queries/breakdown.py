"""How an index comes about: level x weight, row by row."""

from dataclasses import dataclass
from fractions import Fraction

from accounts.permissions import Rights
from assessments.models import Assessment
from assessments.queries.sheet import Row, Sheet, sheet
from indicators.scoring import ScoreRow


@dataclass(frozen=True)
class Line:
    """One indicator: its part in the self index and, where there is one, in the verified index."""

    row: Row
    own: ScoreRow
    verified: ScoreRow | None


@dataclass(frozen=True)
class Part:
    """An aspect: its lines and what they add to the indices."""

    name: str
    index: Fraction | None
    verified_index: Fraction | None
    lines: tuple[Line, ...]

    @property
    def own_sum(self) -> Fraction:
        return sum((line.own.contribution for line in self.lines), Fraction(0))

    @property
    def verified_sum(self) -> Fraction:
        return sum((line.verified.contribution for line in self.lines if line.verified), Fraction(0))


@dataclass(frozen=True)
class Breakdown:
    """`parts` by domain name; all contributions total the index exactly."""

    sheet: Sheet
    domains: tuple[tuple[str, tuple[Part, ...]], ...]
    is_renormalised: bool


def breakdown(assessment: Assessment, rights: Rights) -> Breakdown:
    """The index of `assessment` taken apart; the queries of `sheet`."""
    shown = sheet(assessment, rights)
    own = {row.code: row for row in shown.own.rows}
    verified = {row.code: row for row in shown.verified.rows} if shown.verified else {}
    domains = []
    for domain in shown.domains:
        parts = []
        for aspect in domain.aspects:
            lines = tuple(Line(row, own[row.code], verified.get(row.code)) for row in aspect.rows)
            verified_index = shown.verified.aspects[aspect.code] if shown.verified else None
            parts.append(Part(aspect.name, aspect.index, verified_index, lines))
        domains.append((domain.name, tuple(parts)))
    left_out = any(row.level is None for row in [*own.values(), *verified.values()])
    return Breakdown(shown, tuple(domains), left_out)
