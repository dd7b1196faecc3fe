"""What levels of one instrument say of another: pure, exact, and never more than the mapping covers.

A link says which share of what an indicator of the source asks is still asked by an indicator of the target. A
source indicator hands on `share x weight`; a target indicator takes in at most its own weight. What is not handed on,
or whose level is not known, is open: at the least it has the lowest level of the target's scale, at the most the
highest. So an estimate is a range, and the whole truth lies in it whatever the open part turns out to be.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from indicators.scoring import InstrumentSpec, Level, Score, checked_level, score

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Link:
    """`share` (above 0, at most 1) of what `source` asks is asked by `target` too; both are codes."""

    source: str
    target: str
    share: Fraction
    note: str = ""

    @property
    def is_same(self) -> bool:
        return self.source == self.target and self.share == 1


@dataclass(frozen=True, slots=True)
class Feed:
    """What one source indicator gives to a target: its level there (None: not known), and the weight handed on."""

    source: str
    share: Fraction
    note: str
    weight: Fraction
    level: Fraction | None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One indicator of the target: what feeds it, how much of it is covered (0 to 1), and its least and most.

    `taken` is the mean level of what is known, None where nothing is.
    """

    code: str
    weight: Fraction
    feeds: tuple[Feed, ...]
    covered: Fraction
    taken: Fraction | None
    low: Fraction
    high: Fraction

    @property
    def is_new(self) -> bool:
        """Nothing in the source instrument asks for it."""
        return not self.feeds


@dataclass(frozen=True)
class Estimate:
    """The range of the target's index. `covered` is the part of the target's weight that known levels fill."""

    rows: tuple[TargetRow, ...]
    low: Score
    high: Score
    covered: Fraction

    @property
    def new(self) -> tuple[TargetRow, ...]:
        return tuple(row for row in self.rows if row.is_new)


@dataclass(frozen=True)
class Comparison:
    """Two results of different instruments over what both ask: means over the same indicators and weights.

    `covered` is the part of the later instrument's weight that is compared, `indicators` how many of its
    indicators have a part in it. The means are None where nothing can be compared.
    """

    earlier: Fraction | None
    later: Fraction | None
    covered: Fraction
    indicators: int


def problems(links: Iterable[Link]) -> list[str]:
    """Why `links` from one instrument to one other are no mapping, in Indonesian; empty when they are."""
    given = list(links)
    found = []
    seen: set[tuple[str, str]] = set()
    handed: defaultdict[str, Fraction] = defaultdict(Fraction)
    for link in given:
        if not 0 < link.share <= 1:
            found.append(f"Bagian {link.source} ke {link.target} harus lebih dari 0 dan paling banyak 1.")
        if (link.source, link.target) in seen:
            found.append(f"Pemetaan {link.source} ke {link.target} ada dua kali.")
        seen.add((link.source, link.target))
        handed[link.source] += link.share
    found += [f"Jumlah bagian indikator {source} melebihi 1." for source, total in handed.items() if total > 1]
    return found


def compose(first: Iterable[Link], second: Iterable[Link]) -> list[Link]:
    """The mapping by way of an instrument in between: shares multiply along a way and add up over the ways.

    The notes of both are kept, but for a first step that only groups anew.
    """
    onward: defaultdict[str, list[Link]] = defaultdict(list)
    for link in second:
        onward[link.source].append(link)
    shares: dict[tuple[str, str], Fraction] = {}
    notes: dict[tuple[str, str], list[str]] = {}
    for link in first:
        for after in onward[link.target]:
            key = (link.source, after.target)
            shares[key] = shares.get(key, Fraction(0)) + link.share * after.share
            said = notes.setdefault(key, [])
            # The same code in another instrument need not be the same indicator: only regrouping comes first.
            parts = [after] if link.is_same else [link, after]
            said += [each.note for each in parts if each.note and each.note not in said]
    return [Link(source, target, share, " ".join(notes[source, target])) for (source, target), share in shares.items()]


def estimate(
    source: InstrumentSpec,
    target: InstrumentSpec,
    links: Iterable[Link],
    levels: Mapping[str, Level | None],
) -> Estimate:
    """What `levels` of the source (by code; None or absent: not known) say of the target.

    Raises `LevelOutOfRange`.
    """
    rows = _rows(source, target, links, levels)
    # Values in between are no levels anybody may choose, but their mean is what is asked for here.
    measured = replace(target, is_fractional=True)
    whole = sum((row.weight for row in rows), Fraction(0))
    return Estimate(
        rows=rows,
        low=score(measured, {row.code: row.low for row in rows}),
        high=score(measured, {row.code: row.high for row in rows}),
        covered=sum((row.weight * row.covered for row in rows), Fraction(0)) / whole if whole else Fraction(0),
    )


def compare(
    source: InstrumentSpec,
    target: InstrumentSpec,
    links: Iterable[Link],
    earlier: Mapping[str, Level | None],
    later: Mapping[str, Level | None],
) -> Comparison:
    """`earlier` levels of the source beside `later` ones of the target, over what is known of both."""
    before = after = weights = Fraction(0)
    count = 0
    for row in _rows(source, target, links, earlier):
        level = later.get(row.code)
        if row.taken is None or level is None:
            continue
        weight = row.weight * row.covered
        before += weight * row.taken
        after += weight * checked_level(target, row.code, level)
        weights += weight
        count += 1
    whole = sum((indicator.weight for indicator in target.indicators), Fraction(0))
    if not weights:
        return Comparison(None, None, Fraction(0), 0)
    return Comparison(before / weights, after / weights, weights / whole, count)


def _rows(
    source: InstrumentSpec, target: InstrumentSpec, links: Iterable[Link], levels: Mapping[str, Level | None]
) -> tuple[TargetRow, ...]:
    weights = {indicator.code: indicator.weight for indicator in source.indicators}
    into: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        into[link.target].append(link)
    rows = []
    for indicator in target.indicators:
        feeds = []
        for link in into[indicator.code]:
            given = levels.get(link.source)
            level = None if given is None else _within(target, checked_level(source, link.source, given))
            feeds.append(Feed(link.source, link.share, link.note, link.share * weights[link.source], level))
        # What is handed on beyond the indicator's own weight counts in proportion.
        size = max(indicator.weight, sum((feed.weight for feed in feeds), Fraction(0)))
        known = sum((feed.weight for feed in feeds if feed.level is not None), Fraction(0))
        reached = sum((feed.weight * feed.level for feed in feeds if feed.level is not None), Fraction(0))
        rows.append(
            TargetRow(
                code=indicator.code,
                weight=indicator.weight,
                feeds=tuple(feeds),
                covered=known / size,
                taken=reached / known if known else None,
                low=(reached + (size - known) * target.scale_min) / size,
                high=(reached + (size - known) * target.scale_max) / size,
            )
        )
    return tuple(rows)


def _within(target: InstrumentSpec, level: Fraction) -> Fraction:
    """A level on the target's scale: one below its lowest (0 of a scale from 0) counts as the lowest there."""
    return min(max(level, target.scale_min), target.scale_max)
