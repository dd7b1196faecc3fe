"""What the documents of a government say, before they are drawn."""

from dataclasses import replace
from fractions import Fraction

from reports.tests.sample_government import brief, draft_pemda, final_pemda, minutes


def test_the_index_can_be_rebuilt_from_the_levels_shown():
    for report in (final_pemda(), draft_pemda()):
        total = sum((row.weight * Fraction(row.level or report.scale_min) for row in report.indicators), Fraction(0))
        assert total / report.total_weight == report.index.value


def test_every_indicator_is_strong_weak_between_or_not_determined():
    report = draft_pemda()
    strong = {row.code for row in report.strengths}
    weak = {row.code for row in report.weaknesses}
    assert strong.isdisjoint(weak)
    between = {row.code for row in report.indicators if row.level == 3}
    missing = {row.code for row in report.indicators if row.level is None}
    assert len(strong) + len(weak) + len(between) + len(missing) == 47
    assert len(missing) == report.undetermined == 9


def test_groups_hold_every_indicator_once():
    assert [row.code for _, rows in final_pemda().groups for row in rows] == [str(n) for n in range(1, 48)]


def test_only_a_determination_other_than_suggested_has_a_reason():
    report = final_pemda()
    assert [row.code for row in report.reasons] == ["21", "33"]
    assert all(row.reason for row in report.reasons)
    assert not any(row.reason for row in report.indicators if not row.differs)


def test_no_change_is_said_while_something_is_not_determined_or_by_another_instrument():
    assert final_pemda().change is not None
    assert draft_pemda().change is None
    other = replace(final_pemda(), last_comparable=False)
    assert (other.change, other.shows_last) == (None, False)


def test_agencies_are_counted_by_their_state():
    report = final_pemda()
    assert report.state_counts == (("Final", 21), ("Tidak selesai", 2), ("Dibatalkan", 1))
    assert (report.agencies_handed_in, report.agencies_approved) == (21, 21)
    assert sum(count for _, count in report.band_counts) == len(report.scored_agencies) == 21


def test_the_minutes_count_what_followed_a_suggestion():
    document = minutes()
    assert (document.followed, document.changed, document.without_suggestion) == (45, 1, 1)
    assert document.followed + document.changed + document.without_suggestion == document.determined


def test_a_draft_is_a_draft_of_minutes():
    assert minutes().title == "Berita Acara Verifikasi Penilaian Mandiri SPBE Pemerintah Kota Arunika 2025"
    draft = minutes(draft_pemda())
    assert (draft.heading, draft.mark) == ("Rancangan Berita Acara", "DRAF")


def test_the_page_shows_the_heaviest_three_of_each():
    page = brief()
    lightest = min(row.weight for row in page.heaviest_strengths)
    assert all(row.weight <= lightest for row in page.strengths if row not in page.heaviest_strengths)
    assert len(page.heaviest_weaknesses) == 3
    gains = [rise.gain for rise in page.next_steps]
    assert gains == sorted(gains, reverse=True)
    assert len(page.next_steps) + page.more_steps == len(page.way.open_rises)


def test_what_is_reached_is_no_next_step():
    page = brief()
    assert page.way.reached == 1
    assert all(not rise.is_reached for rise in page.way.open_rises)


def test_first_steps_are_the_weaknesses_and_what_the_way_needs():
    report = final_pemda()
    first = {step.code for step in report.first_steps}
    assert {row.code for row in report.weaknesses} <= first
    assert {step.code for step in report.steps if step.in_way} <= first
    assert first | {step.code for step in report.other_steps} == {step.code for step in report.steps}
