"""What a report says, before it is drawn."""

from dataclasses import replace
from fractions import Fraction

from reports.documents import Band, Index, band_note
from reports.rows import DocumentRow, EvidenceUse, IndicatorRow
from reports.tests.sample import empty_report, final_report, submitted_report, unfinished_report

BANDS = (
    Band("Memuaskan", Fraction("4.2")),
    Band("Sangat Baik", Fraction("3.5")),
    Band("Baik", Fraction("2.6")),
    Band("Cukup", Fraction("1.8")),
    Band("Kurang", Fraction(1)),
)


def test_a_note_says_why_3_4985_is_shown_as_3_50_and_is_baik():
    assert band_note(Index(Fraction("3.4985"), "Baik"), BANDS) == (
        "Indeks 3,4985 ditulis 3,50; predikat mengikuti nilai sebelum dibulatkan. "
        "Sangat Baik dimulai dari 3,50, jadi predikatnya Baik."
    )


def test_there_is_no_note_where_figure_and_predikat_agree():
    assert band_note(Index(Fraction("3.4949"), "Baik"), BANDS) == ""
    assert band_note(Index(Fraction("3.5"), "Sangat Baik"), BANDS) == ""
    assert band_note(Index(), BANDS) == ""


def test_the_verified_index_stands_on_the_cover_and_the_own_one_while_there_is_none():
    assert final_report().main_index == final_report().verified_index
    assert final_report().main_index_name == "nilai verifikasi"
    assert submitted_report().main_index == submitted_report().self_index
    assert submitted_report().main_index_name == "nilai mandiri"


def test_strengths_are_the_two_highest_levels_heaviest_first():
    report = final_report()
    assert {row.level for row in report.strengths} == {4, 5}
    keys = [(-row.level, -row.weight) for row in report.strengths]
    assert keys == sorted(keys)
    assert len(report.strengths) == sum(row.level in {4, 5} for row in report.indicators)


def test_weaknesses_are_the_two_lowest_levels_and_leave_out_what_is_not_answered():
    report = unfinished_report()
    assert {row.level for row in report.weaknesses} <= {1, 2}
    assert all(row.is_answered for row in report.weaknesses)
    assert len(report.weaknesses) == sum(row.level in {1, 2} for row in report.indicators)
    assert empty_report().weaknesses == ()


def test_groups_follow_the_instrument_and_hold_every_indicator_once():
    report = final_report()
    assert [row.code for _, rows in report.groups for row in rows] == [str(n) for n in range(1, 48)]
    assert len(report.groups) == 7


def test_an_aspect_without_assigned_indicators_has_no_group():
    report = final_report()
    fewer = replace(report, indicators=tuple(row for row in report.indicators if row.aspect != "4"))
    assert [aspect.code for aspect, _ in fewer.groups] == ["1", "2", "3", "5", "6", "7"]


def test_the_mark_tells_a_draft_from_an_unfinished_assessment():
    assert [report().mark for report in (final_report, submitted_report, unfinished_report, empty_report)] == [
        "", "DRAF", "TIDAK SELESAI", "DRAF",
    ]  # fmt: skip


def test_the_state_of_an_indicator_names_the_decision_only_where_it_says_more_than_accepted():
    row = IndicatorRow("1", "Kebijakan", "1", Fraction(1), self_level=3, level_name="Terdefinisi")
    assert row.state == "Terdefinisi"
    assert replace(row, decision="accept").state == "Terdefinisi"
    assert replace(row, decision="adjust", verified_level=2, level_name="Terkelola").state == "Terkelola; disesuaikan"
    assert replace(row, decision="return").state == "Terdefinisi; dikembalikan"
    assert replace(row, self_level=None, level_name="").state == "Belum diisi"
    left_out = replace(row, self_level=None, level_name="", not_relevant=True)
    assert left_out.state == "Tidak relevan, menunggu verifikasi"
    assert replace(left_out, is_frozen=True).state == "Tidak relevan, tidak diverifikasi"
    assert replace(left_out, decision="accept").state == "Tidak relevan, diterima"
    assert replace(left_out, decision="return").state == "Tidak relevan, dikembalikan"
    adjusted = replace(left_out, decision="adjust", verified_level=1, level_name="Rintisan")
    assert adjusted.state == "Rintisan; disesuaikan"


def test_a_document_that_serves_many_indicators_has_one_line_for_each_set_of_pages_and_level():
    uses = (
        EvidenceUse("8"), EvidenceUse("9", "5-7", 3), EvidenceUse("11"), EvidenceUse("12"), EvidenceUse("13", "", 4),
        EvidenceUse("14", "2"), EvidenceUse("15", "5-7", 3),
    )  # fmt: skip
    row = DocumentRow("B1", "Laporan", "", None, "Laporan", uses)
    assert row.use_lines == ("8, 11, 12", "9, 15: level 3, hal. 5-7", "13: level 4", "14: hal. 2")


def test_what_counts_as_the_lowest_level_is_said():
    assert final_report().lowest_notes == ()
    report = unfinished_report()
    assert report.lowest_notes == (
        f"{report.unanswered} indikator belum terisi dan dihitung sebagai level 1.",
        "1 indikator dinyatakan tidak relevan dan dihitung sebagai level 1 selama belum diterima verifikator.",
    )
    assert report.unanswered > 0


def test_the_own_index_can_be_rebuilt_from_the_levels_shown():
    for report in (final_report(), submitted_report(), unfinished_report()):
        total = sum(row.weight * Fraction(row.self_shown or 1) for row in report.indicators)
        assert total / sum(row.weight for row in report.indicators) == report.self_index.value


def test_only_a_recommendation_of_eight_lines_or_more_may_be_cut():
    item = final_report().recommendations[0]
    short = replace(item, next_level_name="", criterion="a" * 56 * 5, criterion_for_agency="b" * 56, evidence=("c",))
    assert short.is_long is False
    assert replace(short, criterion_for_agency="b" * 57).is_long is True


def test_no_change_is_said_of_an_unfinished_assessment():
    report = unfinished_report()
    assert (report.last_name, report.change, report.shows_change) == ("Mandiri 2024", None, False)
    assert (final_report().last_name, submitted_report().last_name) == ("Verifikasi 2024", "Mandiri 2024")
    assert empty_report().last_name == ""


def test_change_and_gap_are_exact():
    report = final_report()
    assert report.change == report.verified_index.value - report.last_index.value
    assert report.gap == Fraction("3.6") - report.verified_index.value
    assert empty_report().change is None
    assert empty_report().gap is None
