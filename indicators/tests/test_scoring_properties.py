"""What must hold for the index of any levels whatever."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from indicators.scoring import exact_text, score
from indicators.tests.instruments import official, pemdi, seven, spbe_35

SPECS = [official(), seven(), spbe_35(), pemdi()]


def levels_of(spec):
    """Some levels of `spec`: any indicator may be missing or left out."""
    whole = st.integers(int(spec.scale_min), int(spec.scale_max))
    level = whole
    if spec.is_fractional:
        level = st.decimals(int(spec.scale_min), int(spec.scale_max), places=2) | whole
    keys = st.sampled_from([indicator.code for indicator in spec.indicators])
    return st.dictionaries(keys, st.none() | level)


def full_levels(spec):
    whole = st.integers(int(spec.scale_min), int(spec.scale_max))
    return st.fixed_dictionaries({indicator.code: whole for indicator in spec.indicators})


cases = st.sampled_from(SPECS).flatmap(lambda spec: st.tuples(st.just(spec), levels_of(spec)))


@given(cases)
def test_every_value_stays_within_the_scale(case):
    spec, levels = case
    result = score(spec, levels)
    for value in [result.index, *result.domains.values(), *result.aspects.values()]:
        assert value is None or spec.scale_min <= value <= spec.scale_max


@given(cases)
def test_contributions_total_the_index_and_shares_total_one(case):
    spec, levels = case
    result = score(spec, levels)
    assume(result.index is not None)
    assert sum(row.contribution for row in result.rows) == result.index
    assert sum(row.share for row in result.rows) == 1


@given(cases, st.data())
def test_the_order_of_answers_does_not_matter(case, data):
    spec, levels = case
    shuffled = dict(data.draw(st.permutations(list(levels.items()))))
    assert score(spec, shuffled) == score(spec, levels)


@given(cases, st.data())
def test_a_higher_level_never_lowers_anything(case, data):
    spec, levels = case
    raised = data.draw(st.sampled_from(spec.indicators))
    assume(levels.get(raised.code, spec.scale_min) is not None)
    higher = {**levels, raised.code: int(spec.scale_max)}
    before, after = score(spec, levels), score(spec, higher)
    assert after.index >= before.index
    if levels.get(raised.code, spec.scale_min) < spec.scale_max:
        assert after.index > before.index
        assert after.aspects[raised.aspect] > before.aspects[raised.aspect]
    for code, value in before.domains.items():
        assert value is None or after.domains[code] >= value


@given(cases)
def test_coverage_of_the_aspects_totals_the_coverage(case):
    spec, levels = case
    result = score(spec, levels)
    answered = sum(counts[0] for counts in result.aspect_coverage.values())
    assigned = sum(counts[1] for counts in result.aspect_coverage.values())
    assert (answered, assigned) == (result.answered, result.assigned)
    assert result.answered == sum(level is not None for level in levels.values())
    assert result.assigned == len(spec.indicators) - sum(level is None for level in levels.values())


@given(cases)
def test_the_index_is_the_weighted_mean_of_what_is_left(case):
    spec, levels = case
    left = [
        (i.weight, Fraction(levels.get(i.code, spec.scale_min)))
        for i in spec.indicators
        if levels.get(i.code, 1) is not None
    ]
    expected = sum(w * level for w, level in left) / sum(w for w, _ in left) if left else None
    assert score(spec, levels).index == expected


@given(levels_of(official()))
def test_seven_and_eight_aspects_give_the_same_domains_and_index(levels):
    eight, grouped = score(official(), levels), score(seven(), levels)
    assert (eight.index, eight.predicate, eight.domains) == (grouped.index, grouped.predicate, grouped.domains)
    assert eight.rows == grouped.rows
    assert eight.domain_coverage == grouped.domain_coverage
    own = {"1": "1", "2": "2", "3": "3", "4": "4", "7": "6", "8": "7"}
    assert {ours: eight.aspects[theirs] for theirs, ours in own.items()} == {
        ours: grouped.aspects[ours] for ours in own.values()
    }
    assert grouped.aspects["5"] == eight.domains["3"]


@given(full_levels(official()))
def test_with_nothing_left_out_the_index_is_the_sum_of_level_times_weight_in_a_hundred(levels):
    expected = sum(
        level * next(i.weight for i in official().indicators if i.code == code) for code, level in levels.items()
    )
    assert score(official(), levels).index == expected / 100
    assert "/" not in exact_text(score(official(), levels).index)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.code)
def test_equal_levels_are_the_index(spec):
    for level in range(int(spec.scale_min), int(spec.scale_max) + 1):
        result = score(spec, {indicator.code: level for indicator in spec.indicators})
        assert {result.index, *result.domains.values(), *result.aspects.values()} == {level}
