"""The difference kept of a text: small, and enough to go back and forth."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from audit.diff import LONG_TEXT, text_change

texts = st.text(max_size=3 * LONG_TEXT)
long_texts = st.text(min_size=LONG_TEXT + 1, max_size=3 * LONG_TEXT)


def earlier(after: str, change: dict) -> str:
    """What stood there before, from what stands there now."""
    start, end = change["at"], change["at"] + len(change["added"])
    assert after[start:end] == change["added"]
    return after[:start] + change["removed"] + after[end:]


def later(before: str, change: dict) -> str:
    start, end = change["at"], change["at"] + len(change["removed"])
    assert before[start:end] == change["removed"]
    return before[:start] + change["added"] + before[end:]


@given(texts, long_texts, st.booleans())
def test_a_long_change_can_be_gone_through_both_ways(one, other, turned):
    before, after = (other, one) if turned else (one, other)
    old, new = text_change(before, after)
    assert earlier(after, new) == before
    assert later(before, new) == after
    assert (old["length"], new["length"]) == (len(before), len(after))
    assert old["sha256"] == hashlib.sha256(before.encode()).hexdigest()
    assert new["sha256"] == hashlib.sha256(after.encode()).hexdigest()


@given(long_texts, st.integers(min_value=0), st.text(max_size=5))
def test_a_small_edit_in_a_long_text_stays_small(before, place, added):
    place %= len(before)
    after = before[:place] + added + before[place + 1 :]
    old, new = text_change(before, after)
    if isinstance(new, dict):
        assert len(new["removed"]) <= 1
        assert len(new["added"]) <= len(added)
        assert earlier(after, new) == before
    else:
        assert (old, new) == (before, after)


@given(st.text(max_size=LONG_TEXT), st.text(max_size=LONG_TEXT))
def test_short_texts_are_kept_whole(before, after):
    assert text_change(before, after) == (before, after)


def test_repeated_characters_are_not_counted_from_both_ends():
    before, after = "a" * 300, "a" * 301
    _, new = text_change(before, after)
    assert (new["at"], new["removed"], new["added"]) == (300, "", "a")
    _, new = text_change(after, before)
    assert (new["at"], new["removed"], new["added"]) == (300, "a", "")
