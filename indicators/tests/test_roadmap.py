"""The least-effort way to a target: proved against brute force and against an integer-programming solver."""

import random
from fractions import Fraction
from itertools import product
from math import floor

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from indicators.roadmap import BadLimits, Limits, best_route, routes, target_of, whole_levels
from indicators.scoring import (
    BandSpec,
    GroupSpec,
    IndicatorSpec,
    InstrumentSpec,
    LevelOutOfRange,
    UnknownIndicator,
    score,
)
from indicators.tests.instruments import seven, small, spbe_35

F = Fraction


def instrument(weights, *, low=1, high=5, fractional=False):
    """An instrument of one aspect whose indicators "a", "b", ... weigh as given."""
    codes = "abcdefghij"
    return InstrumentSpec(
        code="acak",
        name="Instrumen acak",
        version=1,
        scale_min=F(low),
        scale_max=F(high),
        is_fractional=fractional,
        domains=(),
        aspects=(GroupSpec("s", "Satu", sum(weights, F(0))),),
        indicators=tuple(IndicatorSpec(codes[at], weight, "s") for at, weight in enumerate(weights)),
        bands=(BandSpec("Ada", F(low)),),
    )


def as_levels(route):
    return {rise.indicator: rise.end for rise in route.rises}


# --- by brute force ----------------------------------------------------------------------------------


def all_ways(spec, levels, target, limits):
    """Every set of rises within the limits that meets the target: ({code: level}, effort, index, order)."""
    start = {indicator.code: level for indicator, level, _ in score(spec, levels).taken}
    choices = []
    for indicator in spec.indicators:
        level = start[indicator.code]
        ends = [None]
        if level is not None and indicator.code not in limits.fixed:
            for end in whole_levels(spec):
                steps = [n for n in whole_levels(spec) if level < n <= end]
                if steps and (limits.max_step is None or len(steps) <= limits.max_step):
                    ends.append(end)
        choices.append(ends)
    for ends in product(*choices):
        raised = {i.code: end for i, end in zip(spec.indicators, ends, strict=True) if end is not None}
        index = score(spec, {**start, **raised}).index
        if index is not None and index >= target:
            effort = sum(
                limits.effort(code, n) for code, end in raised.items() for n in range(floor(start[code]) + 1, end + 1)
            )
            yield raised, effort, index, tuple(-(end or 0) for end in ends)


def brute_force(spec, levels, target, limits, count=3):
    """The routes as the module describes them, each by looking at every way there is."""
    ways = list(all_ways(spec, levels, target, limits))
    shown = []
    while ways and len(shown) < count:
        allowed = [way for way in ways if all(set(earlier) - set(way[0]) for earlier in shown)]
        if not allowed:
            break
        raised, *_ = min(
            allowed,
            key=lambda way: (
                way[1],
                sum(len(set(way[0]) & set(earlier)) for earlier in shown),
                len(way[0]),
                -way[2],
                way[3],
            ),
        )
        shown.append(raised)
    return shown


def random_case(rng):
    low = rng.choice([0, 1])
    high = low + rng.choice([2, 3, 4])
    count = rng.randint(5, 7) if high - low < 4 else 5
    kind = rng.choice(["spread", "few", "thirds"])
    weights = [
        {
            "spread": F(rng.randint(1, 400), 20),
            "few": F(rng.choice([26, 50, 60]), 20),
            "thirds": F(rng.randint(1, 9), 3),
        }[kind]
        for _ in range(count)
    ]
    fractional = rng.random() < 0.3
    spec = instrument(weights, low=low, high=high, fractional=fractional)
    levels = {}
    for indicator in spec.indicators:
        chance = rng.random()
        if chance < 0.1:
            continue
        if chance < 0.2:
            levels[indicator.code] = None
        elif fractional and chance < 0.6:
            levels[indicator.code] = F(rng.randint(low * 4, high * 4), 4)
        else:
            levels[indicator.code] = rng.randint(low, high)
    codes = [indicator.code for indicator in spec.indicators]
    whole = list(whole_levels(spec))
    limits = Limits(
        fixed=rng.sample(codes, rng.choice([0, 0, 1, 2])),
        max_step=rng.choice([None, None, 1, 2]),
        efforts={n: rng.randint(0, 6) for n in rng.sample(whole, rng.choice([0, 0, 2]))},
        indicator_efforts={
            code: {n: rng.choice([0, 1, 3, 40, 1000]) for n in whole}
            for code in rng.sample(codes, rng.choice([0, 0, 1, 3]))
        },
    )
    start = score(spec, levels).index
    if start is None:
        return None
    return spec, levels, start + (high - start) * F(rng.randint(-1, 20), 20), limits


@pytest.mark.parametrize("seed", range(6))
def test_all_three_routes_are_those_that_looking_at_every_way_finds(seed):
    rng = random.Random(seed)
    compared = 0
    while compared < 25:
        case = random_case(rng)
        if case is None:
            continue
        spec, levels, target, limits = case
        expected = brute_force(spec, levels, target, limits)
        found = routes(spec, levels, target, limits)
        if expected:
            assert [as_levels(route) for route in found] == expected, case
        else:
            assert [route.reachable for route in found] == [False]
        compared += 1


# --- by an integer-programming solver ------------------------------------------------------------------


def least_effort_by_milp(spec, levels, target, limits):
    """The least effort, or None: binary variables, one for each step, a step only after the one below it."""
    steps = [
        (indicator, n)
        for indicator in spec.indicators
        if indicator.code not in limits.fixed
        for n in list(range(levels[indicator.code] + 1, 6))[: limits.max_step]
    ]
    gains = [int(indicator.weight * 20) for indicator, _ in steps]
    need = target * 2000 - sum(int(indicator.weight * 20) * levels[indicator.code] for indicator in spec.indicators)
    rows, least = [gains], [float(need)]
    for at, (indicator, _) in enumerate(steps):
        if at and steps[at - 1][0] is indicator:
            row = [0] * len(steps)
            row[at - 1], row[at] = 1, -1
            rows.append(row)
            least.append(0)
    result = milp(
        c=[limits.effort(indicator.code, n) for indicator, n in steps],
        constraints=LinearConstraint(numpy.array(rows), lb=least),
        integrality=numpy.ones(len(steps)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    return None if result.x is None else round(result.fun)


def test_the_effort_is_that_of_a_solver_on_200_random_cases_of_47_indicators():
    rng = random.Random(47)
    spec = seven()
    unreachable = 0
    for _ in range(200):
        levels = {indicator.code: rng.randint(1, 5) for indicator in spec.indicators}
        start = score(spec, levels).index
        target = F(round(float(start) * 100) + rng.randint(1, 130), 100)
        limits = Limits(
            fixed=rng.sample(list(levels), rng.choice([0, 3, 8])),
            max_step=rng.choice([None, 1, 2]),
            indicator_efforts={
                code: {n: rng.randint(0, 60) for n in range(2, 6)}
                for code in rng.sample(list(levels), rng.choice([0, 20, 47]))
            },
        )
        expected = least_effort_by_milp(spec, levels, target, limits)
        route = best_route(spec, levels, target, limits)
        assert (route.effort if route.reachable else None) == expected
        unreachable += expected is None
    assert 0 < unreachable < 100


# --- by hand -----------------------------------------------------------------------------------------


def test_each_step_of_a_rise_costs_its_level():
    route = best_route(small(), {"x": 1, "y": 5}, F("3.5"))
    assert [(rise.indicator, rise.start, rise.end, rise.effort) for rise in route.rises] == [("x", 1, 3, 2 + 3)]
    assert [(step.level, step.effort, step.gain) for step in route.rises[0].steps] == [
        (2, 2, F("0.75")),
        (3, 3, F("0.75")),
    ]
    assert (route.effort, route.start, route.index, route.predicate) == (5, 2, F("3.5"), "Tinggi")


def test_a_rise_from_between_two_levels_goes_to_whole_levels_above():
    route = best_route(small(), {"x": "1.5", "y": 5}, F(2))
    assert (route.effort, route.rises) == (0, ())
    route = best_route(small(), {"x": "1.5", "y": 5}, F("2.6"))
    assert [(rise.start, rise.end, rise.gain, rise.effort) for rise in route.rises] == [(F("1.5"), 2, F("0.375"), 2)]


def test_at_most_one_level_from_between_two_levels_is_the_next_whole_one():
    route = best_route(small(), {"x": "1.5", "y": "1.5"}, F(5), Limits(max_step=1))
    assert (route.reachable, route.index) == (False, 2)


def test_a_target_that_is_met_needs_nothing():
    (route,) = routes(seven(), {indicator.code: 4 for indicator in seven().indicators}, F(4))
    assert (route.reachable, route.effort, route.index, route.rises) == (True, 0, 4, ())


def test_a_target_out_of_reach_shows_how_far_one_comes():
    (route,) = routes(small(), {"x": 2, "y": 3}, F(4), Limits(fixed=["y"], max_step=1))
    assert (route.reachable, route.index, route.effort) == (False, 3, 3)
    assert [(rise.indicator, rise.end) for rise in route.rises] == [("x", 3)]


def test_the_whole_way_from_the_lowest_level_to_the_highest():
    (route,) = routes(seven(), {}, F(5))
    assert (route.reachable, route.index, route.effort, len(route.rises)) == (True, 5, 47 * (2 + 3 + 4 + 5), 47)


def test_nothing_that_counts_leads_nowhere():
    (route,) = routes(small(), {"x": None, "y": None}, F(2))
    assert (route.reachable, route.start, route.index, route.rises) == (False, None, None, ())


def test_what_is_left_out_is_not_raised_and_the_rest_weighs_more():
    route = best_route(small(), {"x": None, "y": 3}, F(4))
    assert [(rise.indicator, rise.gain) for rise in route.rises] == [("y", 1)]


def test_the_scale_is_the_instruments():
    spec = spbe_35()
    route = best_route(spec, {}, F(1, 1000))
    assert [(rise.start, rise.end, rise.effort) for rise in route.rises] == [(0, 1, 1)]


def test_equally_cheap_routes_differ_as_much_as_they_can():
    spec = instrument([F(10)] * 6)
    found = routes(spec, {}, F(1) + F(2, 6))
    assert [as_levels(route) for route in found] == [{"a": 2, "b": 2}, {"c": 2, "d": 2}, {"e": 2, "f": 2}]


def test_where_only_one_route_is_cheapest_the_next_does_without_one_of_its_indicators():
    spec = instrument([F(50), F(30), F(20)])
    found = routes(spec, {}, F("1.5"))
    assert [(as_levels(route), route.effort) for route in found] == [
        ({"a": 2}, 2),
        ({"b": 2, "c": 2}, 4),
        ({"b": 3}, 5),
    ]


def test_a_step_that_costs_nothing_is_taken_only_where_it_raises_no_further_indicator():
    spec = instrument([F(50), F(50)])
    free = Limits(efforts={3: 0, 4: 0, 5: 1})
    assert as_levels(best_route(spec, {}, F("1.5"), free)) == {"a": 4}


def test_the_target_of_a_predicate_is_its_lowest_index():
    assert target_of(seven(), "memuaskan") == F("4.2")
    assert target_of(seven(), "luar biasa") is None


@pytest.mark.parametrize(
    "limits, error",
    [
        (Limits(fixed=["99"]), UnknownIndicator),
        (Limits(indicator_efforts={"99": {2: 1}}), UnknownIndicator),
        (Limits(max_step=0), BadLimits),
        (Limits(max_step=True), BadLimits),
        (Limits(efforts={6: 1}), BadLimits),
        (Limits(efforts={2: -1}), BadLimits),
        (Limits(efforts={2: 1001}), BadLimits),
        (Limits(efforts={2: 1.5}), BadLimits),
        (Limits(indicator_efforts={"x": {2: "3"}}), BadLimits),
    ],
)
def test_limits_without_sense_are_refused(limits, error):
    with pytest.raises(error):
        routes(small(), {}, F(2), limits)


def test_levels_beyond_the_scale_are_refused():
    with pytest.raises(LevelOutOfRange):
        routes(small(), {"x": 6}, F(2))


# --- what must hold for any levels ---------------------------------------------------------------------

whole = st.integers(1, 5)
some_levels = st.fixed_dictionaries({indicator.code: whole for indicator in seven().indicators})
some_target = st.integers(100, 500).map(lambda hundredths: F(hundredths, 100))
some_limits = st.builds(
    Limits,
    fixed=st.sets(st.sampled_from([indicator.code for indicator in seven().indicators]), max_size=6),
    max_step=st.sampled_from([None, 1, 2]),
    efforts=st.dictionaries(st.integers(2, 5), st.integers(0, 9)),
)


@settings(max_examples=60, deadline=None)
@given(some_levels, some_target, some_limits)
def test_a_route_leads_where_it_says_within_its_limits(levels, target, limits):
    found = routes(seven(), levels, target, limits)
    for route in found:
        raised = as_levels(route)
        assert score(seven(), {**levels, **raised}).index == route.index
        assert route.reachable == (route.index >= target)
        assert not set(raised) & set(limits.fixed)
        for rise in route.rises:
            assert levels[rise.indicator] < rise.end <= 5
            assert limits.max_step is None or rise.end - rise.start <= limits.max_step
            assert rise.effort == sum(limits.effort(rise.indicator, step.level) for step in rise.steps)
        assert route.effort == sum(rise.effort for rise in route.rises)
        assert route.index - route.start == sum((rise.gain for rise in route.rises), F(0))
    assert [route.effort for route in found] == sorted(route.effort for route in found)
    assert len(found) == 1 or all(route.reachable for route in found)
    for at, route in enumerate(found):
        assert all(set(as_levels(earlier)) - set(as_levels(route)) for earlier in found[:at])


@settings(max_examples=60, deadline=None)
@given(some_levels, some_target, some_target, some_limits)
def test_a_lower_target_never_takes_more_effort(levels, one, other, limits):
    lower, higher = (best_route(seven(), levels, target, limits) for target in sorted([one, other]))
    assert lower.effort <= higher.effort
    assert lower.reachable or not higher.reachable


@settings(max_examples=40, deadline=None)
@given(some_levels, some_target, some_limits)
def test_the_same_question_has_the_same_answer(levels, target, limits):
    shuffled = dict(reversed(levels.items()))
    assert routes(seven(), levels, target, limits) == routes(seven(), shuffled, target, limits)
