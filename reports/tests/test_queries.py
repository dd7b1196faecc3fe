"""A report's document from the database: the right figures from the right source, in a fixed number of queries."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.utils import timezone

from assessments import workflow
from assessments.models import Answer, Assessment, Document, Result
from assessments.services import answers as answer_services
from assessments.services import periods as period_services
from assessments.services import reviews as review_services
from conftest import accept_all, attach, fill, hand_in
from indicators.models import Instrument
from reports import queries
from reports.documents import Decisions, Replaced

pytestmark = pytest.mark.django_db


def build(assessment):
    return queries.agency_report(queries.sources(assessment.pk), code="LPO-2026-TEST", generated_at=timezone.now())


def key(assessment):
    return queries.sources(assessment.pk).key


def test_an_untouched_draft_counts_everything_as_the_lowest_level(assessment):
    report = build(assessment)
    assert (report.self_index.value, report.self_index.predicate) == (Fraction(1), "Kurang")
    assert (report.answered, report.assigned) == (0, 47)
    assert report.is_draft
    assert report.draft_reason == "Penilaian belum diajukan; angka masih dapat berubah."
    assert report.verified_index.value is None
    assert report.recommendations == ()
    assert report.decisions == Decisions(undecided=47)


def test_a_draft_is_live(assessment, city):
    fill(assessment, city.operator, level=3, i47=5)
    report = build(assessment)
    assert report.self_index.value == Fraction(3) + Fraction(6, 100)
    assert [row.self_level for row in report.indicators if row.code == "47"] == [5]
    assert [row.level_name for row in report.indicators if row.code == "47"] == ["Optimum"]


def test_decisions_of_a_running_review_stay_hidden(submitted, city):
    review_services.decide(
        assessment_id=submitted.pk,
        code="1",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Baru sebagian.",
    )
    report = build(submitted)
    assert report.decisions == Decisions(undecided=47)
    assert report.review_notes == ()
    assert {row.decision for row in report.indicators} == {""}
    assert report.draft_reason == "Penilaian menunggu verifikasi; angka masih dapat berubah."
    assert report.status == "Menunggu verifikasi"


def test_a_returned_assessment_shows_what_came_back_and_the_reply_but_no_verified_figures(returned, city):
    answer_services.reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah ditandatangani.")
    report = build(returned)
    assert [(note.code, note.decision, note.reason, note.note, note.reply) for note in report.review_notes] == [
        ("1", "return", "Belum disahkan atau ditandatangani", "Belum ditandatangani.", "Sudah ditandatangani."),
        ("2", "return", "Belum disahkan atau ditandatangani", "Belum ditandatangani.", ""),
    ]
    assert report.decisions == Decisions(accepted=45, returned=2)
    assert {row.verified_level for row in report.indicators} == {None}
    assert report.verified_index.value is None


@pytest.fixture
def adjusted(assessment, city):
    """Approved: 3 everywhere, 5 at 45-47; 12 adjusted to 2; 44 accepted as not relevant."""
    fill(assessment, city.operator, level=3, i45=5, i46=5, i47=5)
    Answer.objects.filter(assessment=assessment, indicator__code="44").update(
        self_level=None, not_applicable=True, not_applicable_reason="Dikelola Bagian Hukum."
    )
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    review_services.decide(
        assessment_id=assessment.pk,
        code="12",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Baru sebagian.",
    )
    assessment.refresh_from_db()
    accept_all(assessment, city.verifier)
    return workflow.approve(assessment_id=assessment.pk, user=city.verifier)


def test_an_approved_assessment_has_both_indices_and_is_still_a_draft(adjusted):
    report = build(adjusted)
    # 3 everywhere, 45-47 two more at 3 % each, 44 one level up from the lowest taken as 1.
    assert report.self_index.value == Fraction(3) + Fraction(18 - 6, 100)
    # 44 left out, 12 one lower at 2.5 %.
    assert report.verified_index.value == (Fraction(300) + 18 - Fraction(5, 2) - 9) / 97
    assert (report.answered, report.assigned) == (47, 47)
    assert report.is_draft
    assert report.draft_reason == "Penilaian sudah disetujui, tetapi periode belum difinalkan."
    assert report.decisions == Decisions(accepted=45, adjusted=1, not_relevant=1)
    rows = {row.code: row for row in report.indicators}
    assert (rows["12"].self_level, rows["12"].verified_level, rows["12"].state) == (3, 2, "Terkelola; disesuaikan")
    assert (rows["44"].state, rows["44"].self_shown) == ("Tidak relevan, diterima", 1)
    assert report.on_behalf_codes == ()


def test_recommendations_begin_with_the_weakest_and_say_what_they_add(adjusted):
    report = build(adjusted)
    first = report.recommendations[0]
    assert (first.code, first.level, first.next_level, first.next_level_name) == ("12", 2, 3, "Terdefinisi")
    assert first.gain == Fraction(5, 2) / 97
    assert first.criterion
    assert first.criterion_for_agency
    assert first.evidence
    # Level 5 has nothing above it, and what is not relevant needs nothing.
    assert {item.code for item in report.recommendations} == {str(n) for n in range(1, 48)} - {"44", "45", "46", "47"}
    order = [(item.level, -item.gain) for item in report.recommendations]
    assert order == sorted(order)


def test_the_gains_of_one_level_everywhere_add_up_to_one(assessment, city):
    fill(assessment, city.operator, level=2)
    assert sum(item.gain for item in build(assessment).recommendations) == 1


def test_a_final_report_is_made_of_the_result_and_of_nothing_newer(adjusted, period, city):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    before = build(adjusted)
    assert (before.is_draft, before.mark, before.status, before.revision) == (False, "", "Final", 1)
    assert before.digest == Result.objects.get(assessment=adjusted).digest
    Answer.objects.filter(assessment=adjusted).update(self_level=1, not_applicable=False)
    city.dinkes.name = "Dinas Kesehatan dan Keluarga Berencana"
    city.dinkes.save()
    after = build(adjusted)
    assert (after.self_index, after.verified_index) == (before.self_index, before.verified_index)
    assert after.agency == "Dinas Kesehatan"
    assert after.indicators == before.indicators


def test_an_unfinished_assessment_is_final_says_why_and_has_no_verified_index(submitted, period, city):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Verifikasi tidak selesai.")
    report = build(submitted)
    assert (report.is_draft, report.is_complete, report.mark) == (False, False, "TIDAK SELESAI")
    assert report.incomplete_reason == "Verifikasi tidak selesai."
    assert report.verified_index.value is None
    assert (report.status, report.replaced) == ("Tidak selesai", None)


def test_a_reopened_assessment_is_a_draft_again(adjusted, period, city):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    workflow.reopen(assessment_id=adjusted.pk, user=city.coordinator, reason="Keliru.")
    report = build(adjusted)
    assert report.is_draft
    assert report.verified_index.value is None
    assert report.revision is None


def test_a_second_revision_says_what_it_replaces(final, period, city):
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Keliru.")
    final.refresh_from_db()
    accept_all(final, city.verifier)
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Sudah diperbaiki.")
    report = build(final)
    assert (report.revision, report.replaced) == (2, Replaced(1, Fraction(3)))


def test_last_years_figures_stand_beside_this_years(final, city, instrument):
    following = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=following.pk, user=city.coordinator)
    this = Assessment.objects.get(period=following)
    fill(this, city.operator, level=4)
    report = build(this)
    assert (report.last_year, report.last_index.value, report.last_index.predicate) == (2026, Fraction(3), "Baik")
    assert {row.last_level for row in report.indicators} == {3}
    assert {part.last_value for part in (*report.aspects, *report.domains)} == {Fraction(3)}
    assert report.change == 1
    assert report.last_name == "Mandiri 2026"
    before = key(this)
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Keliru.")
    assert build(this).last_index.value is None
    assert key(this) != before


@pytest.fixture
def next_year(adjusted, period, city, instrument):
    """A year after 3,12 by the agency itself and 3,16 verified: everything on 4."""
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    following = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=following.pk, user=city.coordinator)
    return fill(Assessment.objects.get(period=following), city.operator, level=4)


def test_while_nothing_is_verified_the_own_value_is_compared_with_last_years_own(next_year):
    report = build(next_year)
    last = Fraction(3) + Fraction(12, 100)
    assert (report.last_name, report.last_index.value, report.change) == ("Mandiri 2026", last, 4 - last)
    assert {row.code: row.last_level for row in report.indicators}["12"] == 3
    assert {part.code: part.last_value for part in report.aspects}["4"] == 3


def test_a_verified_value_is_compared_with_last_years_verified_one(next_year, city):
    workflow.submit(assessment_id=next_year.pk, user=city.operator)
    accept_all(next_year, city.verifier)
    workflow.approve(assessment_id=next_year.pk, user=city.verifier)
    report = build(next_year)
    last = (Fraction(300) + 18 - Fraction(5, 2) - 9) / 97
    assert (report.last_name, report.last_index.value, report.change) == ("Verifikasi 2026", last, 4 - last)
    assert {row.code: row.last_level for row in report.indicators}["12"] == 2


def test_an_unfinished_assessment_has_no_change_from_last_year(next_year, city):
    workflow.finalise_period(period_id=next_year.period_id, user=city.coordinator, reason="Tidak diajukan.")
    report = build(next_year)
    assert (report.last_name, report.change, report.shows_change) == ("Mandiri 2026", None, False)


def test_last_years_figures_by_another_instrument_are_not_compared(final, city):
    period = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=Instrument.objects.get(code="permenpanrb-59-2020"),
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=10),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=period.pk, user=city.coordinator)
    report = build(Assessment.objects.get(period=period))
    assert (report.last_year, report.last_index.value) == (None, None)


def test_a_document_that_serves_many_indicators_is_listed_once(approved):
    report = build(approved)
    assert not report.evidence_withheld
    assert [(row.label, row.title, len(row.uses)) for row in report.documents] == [("B1", "Laporan kegiatan", 47)]
    assert {row.documents for row in report.indicators} == {("B1",)}
    assert (report.documents[0].sha256, report.documents[0].file_name, report.documents[0].size) == (
        "0" * 64, "laporan.pdf", 9,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["submitted", "returned"])
def test_under_review_the_evidence_is_not_for_every_reader_of_the_report(state, request):
    report = build(request.getfixturevalue(state))
    assert (report.evidence_withheld, report.documents) == (True, ())
    assert {row.documents for row in report.indicators} == {()}


def test_a_draft_and_what_is_frozen_unfinished_list_their_evidence(assessment, city, period):
    fill(assessment, city.operator)
    assert [row.label for row in build(assessment).documents] == ["B1"]
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Verifikasi tidak selesai.")
    report = build(assessment)
    assert (report.evidence_withheld, [row.label for row in report.documents]) == (False, ["B1"])


@pytest.mark.parametrize(
    "change", [{"title": "Judul lain"}, {"number": "1/2026"}, {"kind": "sop"}, {"date": "2026-01-31"}]
)
def test_a_document_changed_for_another_assessment_makes_another_report(approved, change):
    first = key(approved)
    Document.objects.update(**change)
    assert key(approved) != first


def test_a_document_no_answer_cites_changes_nothing(approved, city):
    first = key(approved)
    Document.objects.create(agency=city.dinkes, title="Lain", created_by=city.operator)
    assert key(approved) == first


def test_a_final_report_does_not_follow_its_documents_but_its_instrument(final):
    first = key(final)
    Document.objects.update(title="Judul lain")
    assert key(final) == first
    Instrument.objects.filter(pk=final.period.instrument_id).update(version=2)
    assert key(final) != first


def test_only_the_assigned_indicators_count(assessment, city):
    fill(assessment, city.operator, level=3)
    Answer.objects.filter(assessment=assessment).exclude(indicator__aspect__code="4").delete()
    assessment.refresh_from_db()
    report = build(assessment)
    assert [(part.code, part.answered, part.assigned) for part in report.aspects if part.assigned] == [("4", 2, 2)]
    assert [part.code for part in report.aspects if part.self_value is not None] == ["4"]
    assert [aspect.code for aspect, _ in report.groups] == ["4"]


def test_the_key_changes_with_the_data_and_not_with_a_look(submitted, city, settings):
    first = key(submitted)
    assert key(submitted) == first
    accept_all(submitted, city.verifier)
    second = key(submitted)
    assert second != first
    settings.GOVERNMENT_NAME = "Pemerintah Kota Lain"
    assert key(submitted) != second


def test_the_key_of_a_final_report_is_that_of_its_result(final):
    first = key(final)
    Assessment.objects.filter(pk=final.pk).update(revision=999)
    assert key(final) == first


@pytest.mark.parametrize("titles", [1, 30])
def test_the_number_of_queries_does_not_grow_with_answers_or_evidence(
    assessment, city, titles, django_assert_num_queries
):
    fill(assessment, city.operator)
    answers = list(assessment.answers.all())
    for number in range(titles):
        attach(answers[number % 47], city.operator, f"Dokumen {number}")
    build(assessment)  # the scoring form of the instrument is read once per process
    with django_assert_num_queries(11):
        build(assessment)


def test_a_final_report_reads_even_less(final, django_assert_num_queries):
    with django_assert_num_queries(7):
        build(final)


def test_other_agencies_decisions_do_not_leak(submitted, city, period):
    other = hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    accept_all(other, city.verifier)
    workflow.approve(assessment_id=other.pk, user=city.verifier)
    assert build(submitted).verified_index.value is None
    assert build(other).verified_index.value == 3
