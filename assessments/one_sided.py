"""When the ministry's levels lie clearly on one side of the government's own. Pure Python.

The rule, for all indicators, a domain or an aspect: of the indicators that both have a level, those on the one side
(lower, or higher) are

    at least `LEAST`,
    at least `SHARE` of all that are compared, and
    at least `TIMES` as many as those on the other side.

So 5 lower and 1 higher of 40 is one-sided; 5 lower and 2 higher is not, nor is 3 lower and none higher. It says that
something may be judged too generously (or too strictly) as a habit, not that a single level is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Level = int | Decimal
Side = Literal["lower", "higher", ""]

LEAST = 4
TIMES = 3
SHARE = Fraction(1, 10)


@dataclass(frozen=True)
class Tally:
    """How many of the indicators compared are lower, higher and the same at the ministry."""

    lower: int
    higher: int
    same: int

    @property
    def compared(self) -> int:
        return self.lower + self.higher + self.same

    @property
    def side(self) -> Side:
        """The side on which it clearly lies; empty where on none."""
        if _clearly(self.lower, self.higher, self.compared):
            return "lower"
        return "higher" if _clearly(self.higher, self.lower, self.compared) else ""


def _clearly(these: int, others: int, compared: int) -> bool:
    return these >= LEAST and these >= TIMES * others and these >= SHARE * compared


@dataclass(frozen=True)
class Compared:
    """One indicator with a level on both sides; `difference` is the ministry's minus the government's."""

    code: str
    aspect: str
    domain: str | None
    difference: Level

    def lies(self, side: Side) -> bool:
        return self.difference < 0 if side == "lower" else self.difference > 0 if side == "higher" else False


def tally(rows: Iterable[Compared]) -> Tally:
    differences = [row.difference for row in rows]
    lower, higher = sum(each < 0 for each in differences), sum(each > 0 for each in differences)
    return Tally(lower, higher, len(differences) - lower - higher)


@dataclass(frozen=True)
class Finding:
    """A group that is one-sided. `kind` is "all", "domain" or "aspect"; `code` is empty for all."""

    kind: str
    code: str
    side: Side
    tally: Tally


def findings(rows: Iterable[Compared]) -> tuple[Finding, ...]:
    """All groups that are one-sided: all indicators first, then domains and aspects as they come."""
    rows = tuple(rows)
    groups: dict[tuple[str, str], list[Compared]] = {("all", ""): list(rows)}
    for row in rows:
        if row.domain is not None:
            groups.setdefault(("domain", row.domain), []).append(row)
    for row in rows:
        groups.setdefault(("aspect", row.aspect), []).append(row)
    found = []
    for (kind, code), members in groups.items():
        counted = tally(members)
        if counted.side:
            found.append(Finding(kind, code, counted.side, counted))
    return tuple(found)


def concerned(rows: Iterable[Compared], found: Iterable[Finding]) -> Mapping[str, Compared]:
    """The indicators of one-sided groups that lie on their side, by code."""
    found = tuple(found)
    held = {}
    for row in rows:
        groups = {("all", ""), ("domain", row.domain), ("aspect", row.aspect)}
        if any((each.kind, each.code) in groups and row.lies(each.side) for each in found):
            held[row.code] = row
    return held
