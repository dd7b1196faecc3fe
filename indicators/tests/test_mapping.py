"""The range that levels of one instrument give in another, and the mappings that are shipped."""

from fractions import Fraction
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Event
from indicators.mapping import Link, compare, compose, estimate, problems
from indicators.mapping_data import links_between, load_mappings, read_mappings, targets_of
from indicators.models import IndicatorMapping, Instrument
from indicators.scoring import score
from indicators.tests.instruments import official, pemdi, seven, small, spbe_35

HALF = Fraction(1, 2)
SHIPPED = {code: f() for code, f in {"a": spbe_35, "b": official, "c": pemdi, "d": seven}.items()}


def shipped_links(source, target):
    return [
        Link(one, other, Fraction(above, below), note)
        for (of, one, to, other), (above, below, note) in read_mappings().items()
        if (of, to) == (source.code, target.code)
    ]


ON = shipped_links(official(), pemdi())
FROM = shipped_links(spbe_35(), official())


def levels_of(spec):
    whole = st.integers(int(spec.scale_min), int(spec.scale_max))
    return st.fixed_dictionaries({indicator.code: st.none() | whole for indicator in spec.indicators})


def test_the_same_indicators_at_share_1_give_the_same_index():
    links = [Link(indicator.code, indicator.code, Fraction(1)) for indicator in official().indicators]
    levels = {indicator.code: 1 + int(indicator.code) % 5 for indicator in official().indicators}
    found = estimate(official(), seven(), links, levels)
    assert found.low.index == found.high.index == score(official(), levels).index
    assert found.covered == 1


def test_what_is_not_covered_counts_as_the_lowest_and_as_the_highest():
    # x goes on by half of 75 into the 75 of x; y has no source.
    found = estimate(small(), small(), [Link("x", "x", HALF)], {"x": 4})
    x, y = found.rows
    assert (x.covered, x.taken, x.low, x.high) == (HALF, 4, Fraction(5, 2), Fraction(9, 2))
    assert (y.is_new, y.low, y.high) == (True, 1, 5)
    assert found.low.index == Fraction(5, 2) * Fraction(3, 4) + Fraction(1, 4)
    assert found.covered == Fraction(3, 8)


def test_more_than_an_indicator_weighs_counts_in_proportion():
    links = [Link("x", "y", Fraction(1)), Link("y", "y", Fraction(1))]
    found = estimate(small(), small(), links, {"x": 5, "y": 1})
    assert found.rows[1].low == found.rows[1].high == Fraction(5 * 75 + 1 * 25, 100)


def test_an_unknown_level_is_open_even_where_others_would_fill_the_indicator():
    links = [Link("x", "y", Fraction(1)), Link("y", "y", Fraction(1))]
    row = estimate(small(), small(), links, {"x": 5, "y": None}).rows[1]
    assert (row.covered, row.low, row.high) == (Fraction(3, 4), 4, 5)


def test_a_level_below_the_targets_scale_counts_as_its_lowest():
    codes = {"25": 0}
    row = next(row for row in estimate(spbe_35(), official(), FROM, codes).rows if row.code == "37")
    assert row.taken == 1


@given(levels_of(official()), st.sampled_from([i.code for i in official().indicators]))
def test_a_higher_level_never_lowers_the_range(levels, code):
    before = estimate(official(), pemdi(), ON, levels)
    level = levels[code]
    after = estimate(official(), pemdi(), ON, {**levels, code: min(5, (level or 1) + (level is not None))})
    assert after.low.index >= before.low.index
    if level is not None:
        assert after.high.index >= before.high.index


@given(levels_of(official()), st.data())
def test_the_range_contains_what_comes_out_when_what_was_open_is_known(levels, data):
    before = estimate(official(), pemdi(), ON, levels)
    known = {code: data.draw(st.integers(1, 5)) if level is None else level for code, level in levels.items()}
    after = estimate(official(), pemdi(), ON, known)
    rest = {row.code: row.low + data.draw(st.integers(0, 4)) * (row.high - row.low) / 4 for row in after.rows}
    truth = score(pemdi(), rest).index
    assert before.low.index <= after.low.index <= truth <= after.high.index <= before.high.index


@given(levels_of(official()))
def test_over_the_same_indicators_the_comparison_is_the_index(levels):
    links = [Link(indicator.code, indicator.code, Fraction(1)) for indicator in official().indicators]
    known = {code: level for code, level in levels.items() if level is not None}
    left_out = {indicator.code: levels[indicator.code] for indicator in official().indicators}
    found = compare(official(), seven(), links, levels, levels)
    assert found.earlier == found.later == score(official(), left_out).index
    assert found.indicators == len(known)


def test_a_way_over_an_instrument_in_between_multiplies_and_adds():
    found = compose(
        [Link("1", "a", HALF, "Satu."), Link("1", "b", HALF, "Dua.")],
        [Link("a", "z", HALF, "Tiga."), Link("b", "z", Fraction(1), "Satu.")],
    )
    assert found == [Link("1", "z", Fraction(3, 4), "Satu. Tiga. Dua.")]


def test_that_an_indicator_is_the_same_one_is_not_said_beside_more():
    same = Link("1", "1", Fraction(1), "Sama.")
    assert compose([same], [Link("1", "z", HALF, "Sebagian.")]) == [Link("1", "z", HALF, "Sebagian.")]
    assert compose([same], [same]) == [same]


def test_what_is_no_mapping_is_said():
    links = [Link("1", "a", Fraction(3, 4)), Link("1", "b", HALF), Link("2", "a", Fraction(2)), Link("1", "a", HALF)]
    assert problems(links) == [
        "Bagian 2 ke a harus lebih dari 0 dan paling banyak 1.",
        "Pemetaan 1 ke a ada dua kali.",
        "Jumlah bagian indikator 1 melebihi 1.",
        "Jumlah bagian indikator 2 melebihi 1.",
    ]


def test_every_shipped_link_says_why_and_is_of_indicators_that_there_are():
    codes = {spec.code: {indicator.code for indicator in spec.indicators} for spec in SHIPPED.values()}
    for (of, one, to, other), (_, _, note) in read_mappings().items():
        assert one in codes[of]
        assert other in codes[to]
        assert note.endswith(".")
    assert {(key[0], key[2]) for key in read_mappings()} == {
        ("permenpanrb-5-2018", "permenpanrb-59-2020"),
        ("permenpanrb-59-2020", "permenpanrb-8-2026"),
        ("permenpanrb-59-2020", "spbe-47-7aspek"),
        ("spbe-47-7aspek", "permenpanrb-59-2020"),
    }


def test_the_shipped_mapping_leaves_room_in_every_composed_source():
    both = shipped_links(official(), seven())
    back = shipped_links(seven(), official())
    for links in (compose(FROM, ON), compose(back, ON), compose(FROM, both), compose(back, both)):
        assert problems(links) == []


def test_what_pemdi_asks_anew_has_no_source():
    levels = {indicator.code: 3 for indicator in official().indicators}
    assert [row.code for row in estimate(official(), pemdi(), ON, levels).new] == ["6", "7", "8", "11"]


def test_loading_adds_what_is_absent_and_touches_nothing_else(instrument):
    count = len(read_mappings())
    assert IndicatorMapping.objects.count() == count
    assert Event.objects.filter(action="mapping.add").count() == 4
    changed = IndicatorMapping.objects.get(source__code="1", target__code="10")
    IndicatorMapping.objects.filter(pk=changed.pk).update(share_denominator=9)
    IndicatorMapping.objects.filter(source__code="2", source__instrument__code="permenpanrb-5-2018").delete()
    said = StringIO()
    call_command("load_instruments", stderr=said, stdout=StringIO())
    assert "permenpanrb-5-2018 1 ke permenpanrb-59-2020 10" in said.getvalue()
    changed.refresh_from_db()
    assert changed.share == Fraction(4, 9)
    assert IndicatorMapping.objects.count() == count


def test_a_share_of_ones_own_leaves_no_room_for_the_shipped_one(instrument):
    source = Instrument.objects.get(code="permenpanrb-5-2018").indicators.get(code="25")
    IndicatorMapping.objects.filter(source=source).delete()
    target = Instrument.objects.get(code="permenpanrb-59-2020").indicators.get(code="38")
    IndicatorMapping.objects.create(source=source, target=target, share_numerator=1, note="Milik sendiri.")
    assert load_mappings().added == 0
    assert [link.target.code for link in source.later.all()] == ["38"]


def test_the_way_between_instruments_goes_over_others(instrument, django_assert_num_queries):
    old = Instrument.objects.get(code="permenpanrb-5-2018")
    new = Instrument.objects.get(code="permenpanrb-8-2026")
    with django_assert_num_queries(3):
        found = links_between(old, new)
    assert sorted(found, key=lambda link: (link.source, link.target)) == sorted(
        compose(FROM, ON), key=lambda link: (link.source, link.target)
    )
    assert links_between(new, old) == []
    assert {link.share for link in links_between(new, new)} == {1}
    assert [each.code for each in targets_of(instrument)] == ["permenpanrb-59-2020", "permenpanrb-8-2026"]


@pytest.mark.django_db
def test_loaddata_works_on_an_empty_database():
    call_command(
        "loaddata", *(f"fixtures/{spec.code}.json" for spec in SHIPPED.values()), "fixtures/pemetaan.json", verbosity=0
    )
    assert IndicatorMapping.objects.count() == len(read_mappings())


def test_an_indicator_that_keeps_its_number_keeps_the_note_of_the_step_that_changes_it():
    regrouped = [Link("1", "1", Fraction(1), "Hanya pengelompokan.")]
    onward = [Link("1", "1", Fraction(1), "Menjadi bagian dari tata kelola.")]
    assert [link.note for link in compose(regrouped, onward)] == ["Menjadi bagian dari tata kelola."]
