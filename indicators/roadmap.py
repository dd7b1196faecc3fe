"""The least-effort way from a set of levels to a target index. Pure and exact.

A route is a set of rises: an indicator goes up to a whole level of the instrument's scale. Each step of a rise
has an effort (a rise to level n costs n unless told otherwise; 1 to 3 costs 2 + 3) and raises the index by its part
of the weights that count. The target is met when the unrounded index is at least the target.

Which route, among all that meet the target:
    1. the least effort;
    2. of these the one that raises the fewest indicators;
    3. of these the one with the highest index;
    4. of these the one that raises indicators earlier in the instrument, and those further.
Alternatives, one after the other: only routes that leave out at least one indicator of every route shown before
(so no two are alike), of these the least effort, then the fewest indicators in common with those shown before (each
of them counted), then 2 to 4. Hence equally cheap routes come first, the most different of them first; where there
is none, the next cheapest way that does without one of the indicators shown. All of it is exact.

How: dynamic programming over the indicators. Weights and levels are whole numbers (`_scaled`). A partial route is
(effort, ties, missing gain, order, flags); it is dropped when another one is at least as good in all of them
(dominance), or when even the cheapest imaginable rest exceeds the limit of effort (a Lagrangian bound in whole
numbers, the multiplier being the slope of the linear relaxation). The limit starts at the lower bound and grows until
a route is found; since nothing within the limit is dropped but what is dominated, the first found is the best.
Unlike a table over gain, over slack or over effort, this stays small for any weights, efforts and start levels.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, gcd, inf, lcm

from indicators.scoring import InstrumentSpec, Level, UnknownIndicator, predicate_of, score

EFFORT_MAX = 1000
ROUTES = 3


class BadLimits(ValueError):
    """The limits of a roadmap make no sense; the message is for the person who set them."""


@dataclass(frozen=True)
class Limits:
    """What a route must respect.

    `fixed` indicators are not raised; none rises by more than `max_step` levels. `efforts` (level -> effort) replaces
    the default effort n of a step to level n; `indicator_efforts` (code -> level -> effort) replaces both.
    """

    fixed: Collection[str] = ()
    max_step: int | None = None
    efforts: Mapping[int, int] = field(default_factory=dict)
    indicator_efforts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def effort(self, code: str, level: int) -> int:
        """Of the one step that ends at `level`."""
        own = self.indicator_efforts.get(code)
        if own is not None and level in own:
            return own[level]
        return self.efforts.get(level, level)


@dataclass(frozen=True, slots=True)
class Step:
    """One level up; `gain` in index points."""

    level: int
    effort: int
    gain: Fraction


@dataclass(frozen=True, slots=True)
class Rise:
    """One indicator's way up, step by step."""

    indicator: str
    start: Fraction
    end: int
    steps: tuple[Step, ...]

    @property
    def effort(self) -> int:
        return sum(step.effort for step in self.steps)

    @property
    def gain(self) -> Fraction:
        return sum((step.gain for step in self.steps), Fraction(0))


@dataclass(frozen=True)
class Route:
    """A set of rises (in the instrument's order) and where it leads.

    Where the target cannot be reached, `reachable` is False and the route is all the rises there are: the highest
    index within the limits. The index is None where nothing counts at all.
    """

    reachable: bool
    effort: int
    start: Fraction | None
    index: Fraction | None
    predicate: str | None
    rises: tuple[Rise, ...]


def whole_levels(spec: InstrumentSpec) -> range:
    """The levels a rise can lead to, the lowest of the scale included."""
    return range(ceil(spec.scale_min), floor(spec.scale_max) + 1)


def target_of(spec: InstrumentSpec, predicate: str) -> Fraction | None:
    """The lowest index that earns `predicate` (its name, in any case of letters); None for an unknown one."""
    wanted = predicate.strip().casefold()
    return next((band.minimum for band in spec.bands if band.name.casefold() == wanted), None)


def checked_limits(spec: InstrumentSpec, limits: Limits) -> Limits:
    """`limits` as they are. Raises `BadLimits` and `UnknownIndicator`."""
    codes = {indicator.code for indicator in spec.indicators}
    for code in [*limits.fixed, *limits.indicator_efforts]:
        if code not in codes:
            raise UnknownIndicator(code, spec.code)
    if limits.max_step is not None and (type(limits.max_step) is not int or limits.max_step < 1):
        raise BadLimits("Kenaikan paling banyak harus bilangan bulat, sekurangnya 1 level.")
    for efforts in [limits.efforts, *limits.indicator_efforts.values()]:
        for level, effort in efforts.items():
            if level not in whole_levels(spec):
                raise BadLimits(f"Level {level} tidak ada dalam skala instrumen {spec.code}.")
            if type(effort) is not int or not 0 <= effort <= EFFORT_MAX:
                raise BadLimits(f"Upaya ke level {level} harus bilangan bulat 0 sampai {EFFORT_MAX}.")
    return limits


def best_route(
    spec: InstrumentSpec, levels: Mapping[str, Level | None], target: Fraction, limits: Limits | None = None
) -> Route:
    """The least-effort route from `levels` (as for `scoring.score`) to `target`. See `routes`."""
    return routes(spec, levels, target, limits, count=1)[0]


def routes(
    spec: InstrumentSpec,
    levels: Mapping[str, Level | None],
    target: Fraction,
    limits: Limits | None = None,
    *,
    count: int = ROUTES,
) -> tuple[Route, ...]:
    """The best route and up to `count` - 1 alternatives, in the order the module describes; at least one.

    Fewer where there are no more; only one where the target is met already or cannot be reached. Raises
    `UnknownIndicator`, `LevelOutOfRange` and `BadLimits`.
    """
    limits = checked_limits(spec, limits or Limits())
    problem = _Problem(spec, levels, Fraction(target), limits)
    if problem.start is None or problem.need > problem.most:
        return (problem.route({item.position: item.steps[-1].level for item in problem.items}),)
    found: list[dict[int, int]] = []
    least = 0
    while len(found) < count:
        ends = _cheapest(problem.items, problem.need, found, least)
        if ends is None:
            break
        found.append(ends)
        least = problem.route(ends).effort
        if not ends:
            break
    return tuple(problem.route(ends) for ends in found)


@dataclass(frozen=True)
class _Choice:
    """Raising an item to `level`: total effort and whole-number gain."""

    level: int
    effort: int
    gain: int


@dataclass(frozen=True)
class _Item:
    """An indicator that can rise; `position` in the instrument, `choices` from the nearest level up."""

    position: int
    choices: tuple[_Choice, ...]
    steps: tuple[Step, ...]


class _Problem:
    """The question in whole numbers: which choices, at most one an item, total a gain of at least `need`."""

    def __init__(
        self, spec: InstrumentSpec, levels: Mapping[str, Level | None], target: Fraction, limits: Limits
    ) -> None:
        self.spec = spec
        result = score(spec, levels)
        self.start = result.index
        self.levels = [level for _, level, _ in result.taken]
        total = sum((indicator.weight for indicator, level, _ in result.taken if level is not None), Fraction(0))
        top = floor(spec.scale_max)
        drafts: list[tuple[int, tuple[Step, ...]]] = []
        for position, (indicator, level, _) in enumerate(result.taken):
            if level is None or indicator.code in limits.fixed:
                continue
            first = floor(level) + 1
            last = top if limits.max_step is None else min(top, first + limits.max_step - 1)
            share = indicator.weight / total
            steps = tuple(
                Step(n, limits.effort(indicator.code, n), (n - max(level, Fraction(n - 1))) * share)
                for n in range(first, last + 1)
            )
            if steps:
                drafts.append((position, steps))
        unit = _scaled(step.gain for _, steps in drafts for step in steps)
        self.items = [_Item(position, _choices(steps, unit), steps) for position, steps in drafts]
        self.need = 0 if self.start is None else ceil((target - self.start) * unit)
        self.most = sum(item.choices[-1].gain for item in self.items)

    def route(self, ends: Mapping[int, int]) -> Route:
        """The route that raises the items at these positions to these levels."""
        rises = []
        for item in self.items:
            if item.position in ends:
                start = self.levels[item.position]
                assert start is not None
                steps = tuple(step for step in item.steps if step.level <= ends[item.position])
                rises.append(Rise(self.spec.indicators[item.position].code, start, ends[item.position], steps))
        index = None if self.start is None else self.start + sum((rise.gain for rise in rises), Fraction(0))
        met = sum(
            choice.gain for item in self.items for choice in item.choices if ends.get(item.position) == choice.level
        )
        return Route(
            reachable=index is not None and met >= self.need,
            effort=sum(rise.effort for rise in rises),
            start=self.start,
            index=index,
            predicate=None if index is None else predicate_of(self.spec, index),
            rises=tuple(rises),
        )


def _scaled(gains: Iterable[Fraction]) -> Fraction:
    """What the gains must be multiplied by to be whole numbers without a common divisor."""
    listed = list(gains)
    if not listed:
        return Fraction(1)
    denominator = lcm(*(gain.denominator for gain in listed))
    return Fraction(denominator, gcd(*(int(gain * denominator) for gain in listed)))


def _choices(steps: tuple[Step, ...], unit: Fraction) -> tuple[_Choice, ...]:
    found = []
    effort = 0
    gain = Fraction(0)
    for step in steps:
        effort += step.effort
        gain += step.gain
        found.append(_Choice(step.level, effort, int(gain * unit)))
    return tuple(found)


# --- The dynamic programme ---------------------------------------------------------------------------

# A partial route: (effort, ties, missing gain, order, flags), less is better in all but the flags. `ties` counts
# indicators in common with the routes shown, then indicators; `order` has a digit for each indicator, the earlier
# the more it counts, negative; a flag is set once an indicator of that shown route was left out.
_Label = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class _Stage:
    """One item's part in the programme: `moves` are (effort, ties, gain, order) of raising it, `left_out` the flags
    of leaving it. After it the rest can still bring `most`, and costs at least slope x missing + `floor`."""

    moves: tuple[tuple[int, int, int, int], ...]
    left_out: int
    most: int
    floor: int


def _cheapest(
    items: Sequence[_Item], need: int, shown: Sequence[Mapping[int, int]], least: int
) -> dict[int, int] | None:
    """Position -> level of the best route that leaves out an item of each of `shown`; None where there is none.

    `least` is an effort it cannot fall below.
    """
    slope = _slope(items, need)
    stages = _stages(items, shown, slope)
    wanted = (1 << len(shown)) - 1
    dearest = sum(item.choices[-1].effort for item in items)
    margin = 1
    limit = min(dearest, max(least, _bound(items, need, slope)))
    while True:
        labels: list[_Label] = [(0, 0, need, 0, 0)]
        for stage in stages:
            labels = _undominated(_extended(labels, stage, slope, limit), wanted)
        best = min((label for label in labels if label[2] <= 0 and label[4] == wanted), default=None)
        if best is not None and best[0] <= limit:
            return _ends(items, best[3])
        if limit >= dearest:
            return None
        # A route beyond the limit proves nothing yet, but none dearer needs to be looked for.
        limit = min(dearest if best is None else best[0], limit + margin)
        margin *= 4


def _extended(labels: list[_Label], stage: _Stage, slope: tuple[int, int], limit: int) -> list[_Label]:
    """Every label with the item left and with it raised in each way, as far as the rest can be within the limit."""
    rise, run = slope
    room = run * limit - stage.floor
    most = stage.most
    left_out = stage.left_out
    found = [
        (effort, ties, missing, order, flags | left_out)
        for effort, ties, missing, order, flags in labels
        if missing <= most and run * effort + rise * missing <= room
    ]
    for more, tie, gain, digit in stage.moves:
        cost = room - run * more + rise * gain
        reach = most + gain
        found += [
            (effort + more, ties + tie, missing - gain, order - digit, flags)
            for effort, ties, missing, order, flags in labels
            if missing <= reach and run * effort + rise * missing <= cost
        ]
    return found


def _undominated(labels: list[_Label], wanted: int) -> list[_Label]:
    """Without those that another label matches or betters in everything. A label that misses nothing ends its kind:
    whatever follows costs more."""
    labels.sort()
    kept = []
    if not wanted:
        best: float = inf
        for label in labels:
            if label[2] < best:
                kept.append(label)
                best = label[2]
                if best <= 0:
                    break
        return kept
    bests: list[float] = [inf] * (wanted + 1)
    for label in labels:
        missing, flags = label[2], label[4]
        if missing < bests[flags] and bests[flags] > 0:
            kept.append(label)
            for fewer in range(flags + 1):
                if fewer & flags == fewer and missing < bests[fewer]:
                    bests[fewer] = missing
    return kept


def _slope(items: Sequence[_Item], need: int) -> tuple[int, int]:
    """(effort, gain) of the step at which the linear relaxation meets the need: the price of a gain."""
    steps = [step for item in items for step in _hull(item.choices)]
    steps.sort(key=lambda step: Fraction(*step))
    for effort, gain in steps:
        need -= gain
        if need <= 0:
            return effort, gain
    return 0, 1


def _hull(choices: Iterable[_Choice]) -> list[tuple[int, int]]:
    """The lower convex hull of effort over gain, as (effort, gain) from corner to corner: ever dearer."""
    corners: list[tuple[int, int]] = []
    for choice in choices:
        effort, gain = choice.effort, choice.gain
        corners.append((effort - sum(e for e, _ in corners), gain - sum(g for _, g in corners)))
        while len(corners) > 1 and corners[-1][0] * corners[-2][1] <= corners[-2][0] * corners[-1][1]:
            effort, gain = corners.pop()
            corners[-1] = (corners[-1][0] + effort, corners[-1][1] + gain)
    return corners


def _reduced(item: _Item, slope: tuple[int, int]) -> list[int]:
    """What leaving and raising the item cost once its gain is paid for, the lowest first."""
    rise, run = slope
    return sorted([0, *(run * choice.effort - rise * choice.gain for choice in item.choices)])


def _bound(items: Sequence[_Item], need: int, slope: tuple[int, int]) -> int:
    """No route costs less than this."""
    rise, run = slope
    return -(-(rise * need + sum(_reduced(item, slope)[0] for item in items)) // run)


def _stages(items: Sequence[_Item], shown: Sequence[Mapping[int, int]], slope: tuple[int, int]) -> list[_Stage]:
    """The items as stages, the clearest decisions first: so the labels stay few for long."""
    costs = {item.position: _reduced(item, slope) for item in items}
    ordered = sorted(items, key=lambda item: costs[item.position][1] - costs[item.position][0])
    digits = _digits(items)
    count = len(items) + 1
    stages = []
    most = floor_ = 0
    for item in ordered:  # from the last to the first
        left_out = sum(1 << at for at, ends in enumerate(shown) if item.position in ends)
        tie = left_out.bit_count() * count + 1
        moves = tuple(
            (choice.effort, tie, choice.gain, number * digits[item.position])
            for number, choice in enumerate(item.choices, 1)
        )
        stages.append(_Stage(moves, left_out, most, floor_))
        most += item.choices[-1].gain
        floor_ += costs[item.position][0]
    return stages[::-1]


def _digits(items: Sequence[_Item]) -> dict[int, int]:
    """Position -> the value of its digit in a label's order: the last item is worth 1."""
    base = max((len(item.choices) for item in items), default=0) + 1
    return {item.position: base**power for power, item in enumerate(reversed(items))}


def _ends(items: Sequence[_Item], order: int) -> dict[int, int]:
    """Position -> level, read from the digits of a label's order."""
    digits = _digits(items)
    ends = {}
    rest = -order
    for item in items:
        number, rest = divmod(rest, digits[item.position])
        if number:
            ends[item.position] = item.choices[number - 1].level
    return ends
