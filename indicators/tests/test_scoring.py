"""The index against the regulation's examples, against published results, and in its corners."""

from decimal import Decimal
from fractions import Fraction

import pytest

from indicators.scoring import (
    LevelOutOfRange,
    UnknownIndicator,
    display_disagrees,
    exact_text,
    predicate_of,
    round_display,
    score,
)
from indicators.tests.instruments import official, pemdi, published, seven, shipped_spec, small, spbe_35

BOTH = pytest.mark.parametrize("spec", [official(), seven()], ids=lambda spec: spec.code)


# --- The regulation's worked examples (PermenPANRB 59/2020, Bab II) -------------------------------


def test_aspect_2_of_levels_3_4_3_2_is_3_00():
    assert score(official(), {"11": 3, "12": 4, "13": 3, "14": 2}).aspects["2"] == 3


def test_domain_2_of_aspects_3_4_3_is_3_40():
    levels = {str(n): 3 for n in (11, 12, 13, 14, 19, 20)} | {str(n): 4 for n in (15, 16, 17, 18)}
    result = score(official(), levels)
    assert (result.aspects["2"], result.aspects["3"], result.aspects["4"]) == (3, 4, 3)
    assert result.domains["2"] == Fraction("3.40")


def test_domains_3_70_3_40_3_00_3_20_make_3_28():
    levels = {str(n): 3 for n in range(1, 48)}
    levels |= {str(n): 4 for n in range(1, 8)}  # 7 of 10 equal weights: 3.70
    levels |= {str(n): 4 for n in range(15, 19)}  # aspect 3 of 10 in 25: 3.40
    result = score(official(), levels)
    assert (result.domains["1"], result.domains["2"], result.domains["3"]) == (Fraction("3.7"), Fraction("3.4"), 3)
    with_domain_4 = (
        Fraction("3.7") * 13 + Fraction("3.4") * 25 + 3 * Fraction("16.5") + Fraction("3.2") * Fraction("45.5")
    )
    assert round_display(with_domain_4 / 100) == Decimal("3.28")
    # The same by our own function: domain 4 is 3 from the levels, so it lacks 0.2 x 45.5 %.
    assert round_display(result.index + Fraction("0.2") * Fraction("0.455")) == Decimal("3.28")


# --- Published results -------------------------------------------------------------------------------


@pytest.mark.parametrize("record", published("results"), ids=lambda record: record["id"])
def test_a_published_result_is_computed_as_published(record):
    result = score(shipped_spec(record["instrument"]), record["levels"])

    def shown(values):
        return {code: str(round_display(value)) for code, value in values.items()}

    assert str(round_display(result.index)) == record["index"]
    assert result.answered == result.assigned == len(record["levels"])
    if record["predicate"]:
        assert result.predicate == record["predicate"]
    if record["domains"]:
        assert shown(result.domains) == record["domains"]
    if record["aspects"]:
        ours = shown(result.aspects)
        if record["id"] == "kab-aceh-tengah-pemdi-2026":
            # Exactly 1.085: half up is 1.09, the source's binary arithmetic made it 1.08.
            assert (result.aspects["5"], ours["5"], record["aspects"]["5"]) == (Fraction("1.085"), "1.09", "1.08")
            ours["5"] = "1.08"
        assert ours == record["aspects"]


def test_seven_aspects_show_the_published_domains_and_index_too():
    for record in published("results"):
        if record["instrument"] == official().code:
            result = score(seven(), record["levels"])
            assert {code: str(round_display(value)) for code, value in result.domains.items()} == record["domains"]
            assert (str(round_display(result.index)), result.predicate) == (record["index"], record["predicate"])


def test_bandar_lampung_2023_is_2_15_although_its_rounded_domains_would_make_2_16():
    (record,) = (record for record in published("results") if record["id"] == "kota-bandar-lampung-2023")
    result = score(official(), record["levels"])
    chained = sum(
        Fraction(round_display(result.domains[domain.code])) * domain.weight for domain in official().domains
    )
    assert (str(round_display(chained / 100)), str(round_display(result.index))) == ("2.16", "2.15")


def test_the_pemdi_result_is_exact_to_the_last_digit():
    (record,) = (record for record in published("results") if record["instrument"] == "permenpanrb-8-2026")
    assert exact_text(score(pemdi(), record["levels"]).index) == "1.2415"


@pytest.mark.parametrize("case", published("boundary_cases"), ids=lambda case: case["agency"])
def test_the_published_predikat_at_a_bound_follows_the_unrounded_index(case):
    agreeing = [
        exact
        for exact in map(Fraction, case["exact_candidates"])
        if (str(round_display(exact)), predicate_of(official(), exact)) == (case["index"], case["predicate"])
    ]
    assert len(agreeing) >= 1


# --- Predikat ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "predicate"),
    [
        ("1", "Kurang"),
        ("1.7999", "Kurang"),
        ("1.8", "Cukup"),
        ("2.5999", "Cukup"),
        ("2.6", "Baik"),
        ("3.4999", "Baik"),
        ("3.5", "Sangat Baik"),
        ("4.1999", "Sangat Baik"),
        ("4.2", "Memuaskan"),
        ("5", "Memuaskan"),
    ],
)
def test_predikat_bounds_belong_to_the_higher_predikat(index, predicate):
    assert predicate_of(official(), Fraction(index)) == predicate


def test_3_4985_is_shown_3_50_and_is_still_the_lower_predikat():
    result = score(small(), {"x": "3.4985", "y": "3.4985"})
    assert (round_display(result.index), result.predicate) == (Decimal("3.50"), "Rendah")
    assert display_disagrees(result, small()) is True


def test_display_and_predikat_agree_at_the_bound_itself():
    assert display_disagrees(score(small(), {"x": "3.5", "y": "3.5"}), small()) is False


def test_an_empty_score_has_nothing_to_disagree_about():
    assert display_disagrees(score(small(), {"x": None, "y": None}), small()) is False


# --- Missing, left out, out of range -----------------------------------------------------------------


@BOTH
def test_no_answers_at_all_count_as_the_lowest_level_with_no_coverage(spec):
    result = score(spec, {})
    assert (result.index, result.predicate, result.answered, result.assigned) == (1, "Kurang", 0, 47)


@BOTH
def test_all_fives_are_5_00(spec):
    result = score(spec, {str(n): 5 for n in range(1, 48)})
    assert (result.index, result.predicate, result.answered) == (5, "Memuaskan", 47)
    assert set(result.domains.values()) | set(result.aspects.values()) == {5}


def test_level_0_is_the_lowest_where_the_scale_begins_there():
    result = score(spbe_35(), {})
    assert (result.index, result.predicate, result.assigned) == (0, "Kurang", 37)


def test_an_instrument_may_say_what_a_missing_answer_counts_as():
    assert score(small(missing_level=Fraction(2)), {}).index == 2


def test_what_is_left_out_leaves_its_weight_to_the_others():
    result = score(small(), {"x": None, "y": 4})
    assert (result.index, result.assigned, result.answered) == (4, 1, 1)
    assert result.aspects == {"a": None, "b": 4}
    assert result.aspect_coverage == {"a": (0, 0), "b": (1, 1)}
    assert [(row.level, row.share, row.contribution) for row in result.rows] == [(None, 0, 0), (4, 1, 4)]


def test_a_missing_answer_is_assigned_but_not_answered():
    result = score(small(), {"y": 4})
    assert (result.answered, result.assigned) == (1, 2)
    assert result.index == Fraction(75 * 1 + 25 * 4, 100)
    assert result.aspect_coverage == {"a": (0, 1), "b": (1, 1)}
    assert [row.answered for row in result.rows] == [False, True]


def test_nothing_assigned_has_no_index():
    result = score(official(), {str(n): None for n in range(1, 48)})
    assert (result.index, result.predicate, result.assigned) == (None, None, 0)
    assert set(result.domains.values()) == {None}
    assert sum(row.contribution for row in result.rows) == 0


def test_a_domain_counts_its_own_indicators():
    levels = {"1": 3, "2": None, "11": 2}
    assert score(official(), levels).domain_coverage == {"1": (1, 9), "2": (1, 10), "3": (0, 11), "4": (0, 16)}


def test_rows_carry_weight_share_and_contribution():
    row = score(official(), {str(n): 2 for n in range(1, 48)}).rows[0]
    assert (row.code, row.weight, row.share, row.contribution) == (
        "1",
        Fraction("1.3"),
        Fraction(13, 1000),
        Fraction(26, 1000),
    )


@pytest.mark.parametrize("level", [3, "3", "3.0", Decimal("3.00"), Fraction(3)])
def test_a_level_may_come_as_any_exact_number(level):
    assert score(small(is_fractional=False), {"x": level, "y": level}).index == 3


@pytest.mark.parametrize(
    "level",
    [
        *(0, 6, -1, 10**400, True, False, 3.0, [], {}),
        *("0", "", "tiga", "3,5", "1e0", " 3", "３", "1/2"),
        *(Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999999"), Decimal("1e-999999999")),
    ],
    ids=lambda level: repr(level)[:20],
)
def test_what_is_no_level_is_refused(level):
    for is_fractional in (False, True):
        with pytest.raises(LevelOutOfRange) as caught:
            score(small(is_fractional=is_fractional), {"x": level})
        assert caught.value.code == "x"
        assert caught.value.level is level


def test_a_fraction_is_refused_where_levels_are_whole():
    assert score(small(is_fractional=True), {"x": "1.26"}).rows[0].level == Fraction("1.26")
    with pytest.raises(LevelOutOfRange) as caught:
        score(small(is_fractional=False), {"x": Decimal("1.26")})
    assert str(caught.value) == "Level 1.26 pada indikator x tidak berlaku; isi dengan bilangan bulat 1 sampai 5."


def test_an_unknown_indicator_is_refused_even_when_left_out():
    with pytest.raises(UnknownIndicator) as caught:
        score(official(), {"48": None})
    assert (caught.value.code, str(caught.value)) == (
        "48",
        "Indikator '48' tidak ada dalam instrumen permenpanrb-59-2020.",
    )


# --- Writing numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [("2.005", "2.01"), ("2.0049", "2.00"), ("3.4985", "3.50"), ("1", "1.00"), ("-2.005", "-2.01"), ("1/3", "0.33")],
)
def test_display_rounds_half_up(value, shown):
    assert str(round_display(Fraction(value))) == shown


def test_display_takes_other_numbers_of_digits():
    assert str(round_display(Fraction("2.45"), 1)) == "2.5"
    assert str(round_display(Fraction("2.5"), 0)) == "3"


@pytest.mark.parametrize(
    ("value", "text"),
    [("2.1525", "2.1525"), ("3", "3"), ("0.05", "0.05"), ("1/3", "1/3"), ("793/300", "793/300"), ("-0.5", "-0.5")],
)
def test_exact_text_keeps_every_digit(value, text):
    assert exact_text(Fraction(value)) == text
