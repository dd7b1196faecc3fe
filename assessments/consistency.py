"""How a reviewer's decisions compare with everybody else's. Pure and exact.

A reviewer *steps in* where an answer is adjusted or returned instead of accepted. The question is whether
one reviewer steps in more or less often than all the others together. It is put as drawing without
replacement: of all decisions, some stepped in; were the reviewer's share of them drawn by lot, how likely
is a count at least as far off as the one seen? That is Fisher's exact test; both directions count, so the
smaller tail is doubled. Nothing is assumed about samples being large.

A difference is marked only where it is too unlikely to be chance and large enough to matter:

- at least `FEWEST` decisions by the reviewer, and by the others;
- a probability below `LIMIT`, divided by the number of reviewers compared: among twenty reviewers who all
  decide alike, one marked by accident should stay rare;
- shares that differ by at least `MATTERS`.

A mark says that decisions differ, not that anybody is wrong: agencies and indicators differ too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import comb

FEWEST = 20  # decisions
LIMIT = Fraction(1, 100)
MATTERS = Fraction(1, 10)

MORE, LESS, ALIKE, TOO_FEW = "more", "less", "alike", "too few"


@dataclass(frozen=True)
class Tally:
    """What one reviewer decided. `rises` are verified minus self levels of accepted and adjusted answers."""

    reviewer: int
    accepted: int = 0
    adjusted: int = 0
    returned: int = 0
    rise: Fraction = Fraction(0)  # the sum
    levels: int = 0  # answers with both levels

    @property
    def decisions(self) -> int:
        return self.accepted + self.adjusted + self.returned

    @property
    def stepped_in(self) -> int:
        return self.adjusted + self.returned

    @property
    def share(self) -> Fraction | None:
        """Of all decisions, those that were no plain acceptance."""
        return Fraction(self.stepped_in, self.decisions) if self.decisions else None

    @property
    def mean_rise(self) -> Fraction | None:
        """By how much the verified level is above the agency's own, on average; negative: below."""
        return self.rise / self.levels if self.levels else None


@dataclass(frozen=True)
class Compared:
    """One reviewer beside all the others together."""

    tally: Tally
    others_share: Fraction | None
    probability: Fraction | None  # None: too few decisions to ask
    verdict: str


def compare(tallies: Iterable[Tally]) -> list[Compared]:
    """Every reviewer against the rest, in the order given."""
    rows = list(tallies)
    total = sum(row.decisions for row in rows)
    stepped_in = sum(row.stepped_in for row in rows)
    asked = sum(_is_enough(row.decisions, total) for row in rows)
    found = []
    for row in rows:
        others = total - row.decisions
        share = Fraction(stepped_in - row.stepped_in, others) if others else None
        if not _is_enough(row.decisions, total):
            found.append(Compared(row, share, None, TOO_FEW))
            continue
        chance = two_sided(row.stepped_in, row.decisions, stepped_in, total)
        own = row.share
        assert own is not None
        assert share is not None
        verdict = ALIKE
        if chance * asked < LIMIT and abs(own - share) >= MATTERS:
            verdict = MORE if own > share else LESS
        found.append(Compared(row, share, chance, verdict))
    return found


def _is_enough(decisions: int, total: int) -> bool:
    return decisions >= FEWEST and total - decisions >= FEWEST


def two_sided(seen: int, drawn: int, marked: int, total: int) -> Fraction:
    """The probability of a count at least as far off as `seen`, of `drawn` from `total` with `marked` among them.

    Twice the smaller tail, at most 1. Raises `ValueError` for counts that cannot be.
    """
    low, high = max(0, drawn - (total - marked)), min(drawn, marked)
    if not (0 <= drawn <= total and 0 <= marked <= total and low <= seen <= high):
        raise ValueError(f"{seen} of {drawn} cannot be, with {marked} of {total}")
    # From the count seen outward, on the side away from the mean: there the terms soon become nothing.
    upward = seen * total >= drawn * marked
    term = tail = comb(marked, seen) * comb(total - marked, drawn - seen)
    at = seen
    while at != (high if upward else low):
        if upward:
            term = term * (marked - at) * (drawn - at) // ((at + 1) * (total - marked - drawn + at + 1))
            at += 1
        else:
            term = term * at * (total - marked - drawn + at) // ((marked - at + 1) * (drawn - at + 1))
            at -= 1
        tail += term
    return min(Fraction(1), Fraction(2 * tail, comb(total, drawn)))
