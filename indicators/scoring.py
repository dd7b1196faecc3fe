"""The index of one set of levels: exact, from the levels alone (PermenPANRB 59/2020, Bab II).

    aspect = sum(level x weight) / sum(weight) over the indicators of the aspect
    domain = the same over the indicators of the domain
    index  = the same over all indicators; with nothing left out the weights total 100

Everything is a `Fraction`. Nothing is rounded before it is shown, no value is computed from a
rounded one, and the predikat classifies the unrounded index.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, lcm

FORMULA_VERSION = "1"

Level = int | Decimal | Fraction | str

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """One scored item; `aspect` and `domain` are codes of groups."""

    code: str
    weight: Fraction
    aspect: str
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """A domain or an aspect; `domain` is the domain an aspect belongs to."""

    code: str
    name: str
    weight: Fraction
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class BandSpec:
    """A predikat and the lowest unrounded index that earns it."""

    name: str
    minimum: Fraction


@dataclass(frozen=True)
class InstrumentSpec:
    """All that scoring knows of an instrument."""

    code: str
    name: str
    version: int
    scale_min: Fraction
    scale_max: Fraction
    is_fractional: bool
    domains: tuple[GroupSpec, ...]
    aspects: tuple[GroupSpec, ...]
    indicators: tuple[IndicatorSpec, ...]
    bands: tuple[BandSpec, ...]
    missing_level: Fraction | None = None  # None: the lowest level of the scale

    @property
    def level_if_missing(self) -> Fraction:
        return self.scale_min if self.missing_level is None else self.missing_level

    # Whole numbers make scoring many times faster than fractions do, and are as exact.
    @cached_property
    def _weight_unit(self) -> int:
        """The weights are whole multiples of one part in this many."""
        return lcm(*(indicator.weight.denominator for indicator in self.indicators))

    @cached_property
    def _whole_weights(self) -> dict[str, int]:
        return {indicator.code: int(indicator.weight * self._weight_unit) for indicator in self.indicators}

    @cached_property
    def _whole_levels(self) -> dict[int, Fraction]:
        return {level: Fraction(level) for level in range(ceil(self.scale_min), floor(self.scale_max) + 1)}


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One indicator's part in the index; `level` None: left out.

    `share` is its part of the weights that count (0 to 1), `contribution` = level x share.
    """

    code: str
    weight: Fraction
    level: Fraction | None
    answered: bool
    share: Fraction
    contribution: Fraction


@dataclass(frozen=True)
class Score:
    """The result of `score`. Groups are keyed by code; None where nothing is left to score.

    Coverage counts are (answered, assigned). `taken` holds what was scored: indicator, level, answered.
    """

    index: Fraction | None
    predicate: str | None
    answered: int
    assigned: int
    domains: dict[str, Fraction | None]
    aspects: dict[str, Fraction | None]
    domain_coverage: dict[str, tuple[int, int]]
    aspect_coverage: dict[str, tuple[int, int]]
    taken: tuple[tuple[IndicatorSpec, Fraction | None, bool], ...]

    @cached_property
    def rows(self) -> tuple[ScoreRow, ...]:
        """The index row by row: the contributions total the index exactly."""
        total = sum((indicator.weight for indicator, level, _ in self.taken if level is not None), Fraction(0))
        rows = []
        for indicator, level, answered in self.taken:
            share = Fraction(0) if level is None else indicator.weight / total
            contribution = Fraction(0) if level is None else level * share
            rows.append(ScoreRow(indicator.code, indicator.weight, level, answered, share, contribution))
        return tuple(rows)


class UnknownIndicator(ValueError):
    """The instrument has no indicator of this code (`code`)."""

    def __init__(self, code: object, instrument: str):
        self.code = code
        self.instrument = instrument
        super().__init__(f"Indikator {_shown(code)} tidak ada dalam instrumen {instrument}.")


class LevelOutOfRange(ValueError):
    """`level` of indicator `code` is no level of this instrument's scale."""

    def __init__(self, code: str, level: object, spec: InstrumentSpec):
        self.code = code
        self.level = level
        kind = "bilangan" if spec.is_fractional else "bilangan bulat"
        bounds = f"{exact_text(spec.scale_min)} sampai {exact_text(spec.scale_max)}"
        super().__init__(f"Level {_shown(level)} pada indikator {code} tidak berlaku; isi dengan {kind} {bounds}.")


def score(spec: InstrumentSpec, levels: Mapping[str, Level | None]) -> Score:
    """The index, domains, aspects and predikat of `levels` (indicator code -> level).

    A missing key counts as the instrument's lowest level and as not answered; None leaves the
    indicator out and the remaining weights are renormalised. Raises `UnknownIndicator` and
    `LevelOutOfRange`.
    """
    weights = spec._whole_weights
    for code in levels:
        if code not in weights:
            raise UnknownIndicator(code, spec.code)
    taken: list[tuple[IndicatorSpec, Fraction | None, bool]] = []
    for indicator in spec.indicators:
        given = levels.get(indicator.code, _MISSING)
        if given is _MISSING:
            taken.append((indicator, spec.level_if_missing, False))
        elif given is None:
            taken.append((indicator, None, False))
        else:
            taken.append((indicator, checked_level(spec, indicator.code, given), True))

    unit = lcm(*{level.denominator for _, level, _ in taken if level is not None})
    whole = _Sum()
    domains = {group.code: _Sum() for group in spec.domains}
    aspects = {group.code: _Sum() for group in spec.aspects}
    for indicator, level, answered in taken:
        if level is None:
            continue
        weight = weights[indicator.code]
        product = weight * level.numerator * (unit // level.denominator)
        whole.add(product, weight, answered)
        aspects[indicator.aspect].add(product, weight, answered)
        if indicator.domain is not None:
            domains[indicator.domain].add(product, weight, answered)

    index = whole.mean(unit)
    return Score(
        index=index,
        predicate=None if index is None else predicate_of(spec, index),
        answered=whole.answered,
        assigned=whole.assigned,
        domains={code: group.mean(unit) for code, group in domains.items()},
        aspects={code: group.mean(unit) for code, group in aspects.items()},
        domain_coverage={code: (group.answered, group.assigned) for code, group in domains.items()},
        aspect_coverage={code: (group.answered, group.assigned) for code, group in aspects.items()},
        taken=tuple(taken),
    )


_MISSING = object()


class _Sum:
    """Running sums of whole numbers for a weighted mean."""

    __slots__ = ("answered", "assigned", "products", "weights")

    def __init__(self) -> None:
        self.products = self.weights = self.answered = self.assigned = 0

    def add(self, product: int, weight: int, answered: bool) -> None:
        self.products += product
        self.weights += weight
        self.answered += answered
        self.assigned += 1

    def mean(self, unit: int) -> Fraction | None:
        """The mean in levels, where products are counted in parts of `unit`."""
        return Fraction(self.products, self.weights * unit) if self.weights else None


def checked_level(spec: InstrumentSpec, code: str, level: object) -> Fraction:
    """`level` as an exact number of the instrument's scale; raises `LevelOutOfRange`.

    Takes int, Decimal, Fraction and plain decimal text ("1.26"). A float is refused: it would
    not be the number that was written.
    """
    if type(level) is int and level in spec._whole_levels:
        return spec._whole_levels[level]
    exact = _plain_number(level)
    if exact is None or not spec.scale_min <= exact <= spec.scale_max:
        raise LevelOutOfRange(code, level, spec)
    if exact.denominator != 1 and not spec.is_fractional:
        raise LevelOutOfRange(code, level, spec)
    return exact


def _plain_number(value: object) -> Fraction | None:
    """None for what is no number, or one written so wide that computing it would take for ever (1e999999)."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 20 or len(value.as_tuple().digits) > 40:
            return None
        return Fraction(value)
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
        return Fraction(value)
    return None


def predicate_of(spec: InstrumentSpec, index: Fraction) -> str | None:
    """The predikat of an index, taken as it is (unrounded)."""
    earned = [band for band in spec.bands if index >= band.minimum]
    return max(earned, key=lambda band: band.minimum).name if earned else None


def display_disagrees(score: Score, spec: InstrumentSpec) -> bool:
    """See `rounds_over`."""
    return rounds_over(score.index, spec)


def rounds_over(index: Fraction | None, spec: InstrumentSpec) -> bool:
    """Whether the index as shown (2 decimals) would fall in another band than the exact one.

    So it was with 3.4985 in 2024: shown 3,50, classified Baik.
    """
    return index is not None and predicate_of(spec, Fraction(round_display(index))) != predicate_of(spec, index)


def round_display(value: Fraction, digits: int = 2) -> Decimal:
    """`value` rounded half up (away from zero) to `digits` decimals, for display only."""
    scaled = abs(value) * 10**digits
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-units if value < 0 else units).scaleb(-digits)


def exact_text(value: Fraction) -> str:
    """All digits of a terminating decimal ("2.1525"), otherwise "a/b" ("793/300")."""
    denominator = value.denominator
    twos = fives = 0
    while denominator % 2 == 0:
        denominator //= 2
        twos += 1
    while denominator % 5 == 0:
        denominator //= 5
        fives += 1
    if denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = max(twos, fives)
    if digits == 0:
        return str(value.numerator)
    units = abs(value.numerator) * 10**digits // value.denominator
    whole, rest = divmod(units, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def _shown(level: object) -> str:
    text = str(level) if isinstance(level, int | Decimal | Fraction) and not isinstance(level, bool) else repr(level)
    return text if len(text) <= 40 else text[:39] + "…"
