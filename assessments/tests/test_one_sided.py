"""The rule that says when the ministry's levels lie on one side."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.one_sided import LEAST, SHARE, TIMES, Compared, Tally, concerned, findings, tally


def rows(*differences: int, aspect: str = "A", domain: str | None = "1") -> list[Compared]:
    return [Compared(f"{aspect}{number}", aspect, domain, each) for number, each in enumerate(differences)]


def test_the_numbers_of_the_rule():
    rule = LEAST, TIMES, SHARE
    assert rule == (4, 3, Fraction(1, 10))
    clear, unclear = [(5, 1, 34), (4, 1, 0), (6, 2, 39), (4, 0, 36)], [(5, 2, 33), (3, 0, 0), (3, 0, 44), (4, 0, 37)]
    assert [Tally(*each).side for each in clear] == ["lower"] * 4
    assert [Tally(*each).side for each in unclear] == [""] * 4
    assert Tally(0, 0, 0).side == ""
    assert Tally(1, 5, 34).side == "higher"


SMALL = st.integers(0, 60)


@given(SMALL, SMALL, SMALL)
def test_it_is_the_same_seen_from_the_other_side(lower, higher, same):
    there, back = Tally(lower, higher, same).side, Tally(higher, lower, same).side
    assert back == {"lower": "higher", "higher": "lower", "": ""}[there]


@given(SMALL, SMALL, SMALL)
def test_it_lies_on_the_side_of_the_most_and_never_on_none_of_them(lower, higher, same):
    side = Tally(lower, higher, same).side
    if side:
        these, others = (lower, higher) if side == "lower" else (higher, lower)
        assert these >= LEAST
        assert these >= TIMES * others
        assert 10 * these >= lower + higher + same
    if lower == higher or max(lower, higher) < LEAST:
        assert side == ""


@given(st.integers(0, 60), SMALL, st.integers(1, 60))
def test_one_more_on_its_side_never_lifts_it(lower, higher, same):
    if Tally(lower, higher, same).side == "lower":
        assert Tally(lower + 1, higher, same - 1).side == "lower"


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(-3, 3)), max_size=40), st.randoms(use_true_random=False))
def test_groups_count_their_own_in_any_order(drawn, random):
    held = [Compared(str(number), aspect, None, each) for number, (aspect, each) in enumerate(drawn)]
    found = findings(held)
    for each in found:
        members = held if each.kind == "all" else [row for row in held if row.aspect == each.code]
        assert each.tally == tally(members)
    mixed = list(held)
    random.shuffle(mixed)
    assert set(findings(mixed)) == set(found)
    assert set(concerned(held, found)) == {
        row.code
        for row in held
        if any(each.kind == "all" or each.code == row.aspect for each in found if row.lies(each.side))
    }


def test_an_aspect_may_be_one_sided_where_the_whole_is_not():
    held = [*rows(-1, -1, -1, -1, aspect="A"), *rows(1, 1, 0, 0, aspect="B", domain="2")]
    assert [(each.kind, each.code, each.side) for each in findings(held)] == [
        ("domain", "1", "lower"),
        ("aspect", "A", "lower"),
    ]
    assert list(concerned(held, findings(held))) == ["A0", "A1", "A2", "A3"]
