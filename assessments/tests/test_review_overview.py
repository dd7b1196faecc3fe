"""The whole of a review: its overview, returning and approving."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.models import Answer, Assessment, Status
from assessments.services import answers as answer_services
from assessments.services import periods as period_services
from assessments.services import reviews as services
from conftest import accept_all, attach, fill, hand_in
from spbe_portal.formatting import date_id


def overview_url(assessment):
    return reverse("review_overview", args=[assessment.pk])


def mark(assessment, user, code="2"):
    return services.decide(
        assessment_id=assessment.pk, code=code, user=user, decision="return", reason="not_signed", note="Belum sah."
    )


@pytest.fixture
def mixed(submitted, city):
    """1 accepted, 2 marked for return, 3 adjusted to 5; the rest open."""
    services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    mark(submitted, city.verifier)
    services.decide(
        assessment_id=submitted.pk, code="3", user=city.verifier, decision="adjust", verified_level=5, note="Lengkap."
    )
    submitted.refresh_from_db()
    return submitted


@pytest.fixture
def ready(submitted, city):
    """All accepted but 3, adjusted to 5."""
    services.decide(
        assessment_id=submitted.pk, code="3", user=city.verifier, decision="adjust", verified_level=5, note="Lengkap."
    )
    accept_all(submitted, city.verifier)
    submitted.refresh_from_db()
    return submitted


# --- Overview ------------------------------------------------------------------------------------------


def test_the_overview_leads_to_the_next_undecided_and_shows_provisional_figures(mixed, city, login):
    response = login(city.verifier).get(overview_url(mixed))
    page = response.content.decode()
    assert "Lanjutkan: Indikator 4" in page
    assert "sementara, 2 dari 47 diverifikasi, 1 dikembalikan" in page
    assert "Kembalikan 1 indikator" in page
    # 1 at level 3, 3 at level 5, all the others count as the lowest: (100 + 2 * 1.30 + 4 * 1.30) / 100
    assert response.context["overview"].verified.index == Fraction(100 + Fraction("7.80")) / 100
    assert response.context["overview"].own.index == 3


@pytest.mark.parametrize(
    "wanted, codes",
    [
        ("belum", [str(code) for code in range(4, 48)]),
        ("disesuaikan", ["3"]),
        ("dikembalikan", ["2"]),
        ("diperbaiki", []),
        ("berubah", []),
        ("semua", [str(code) for code in range(1, 48)]),
        ("entah", [str(code) for code in range(1, 48)]),
    ],
)
def test_filters_show_only_their_rows(wanted, codes, mixed, city, login):
    response = login(city.verifier).get(overview_url(mixed), {"saring": wanted})
    shown = [row.indicator.code for domain in response.context["domains"] for row in domain.rows]
    assert shown == codes


def test_what_came_back_mended_can_be_filtered(returned, city, login):
    for code in ("1", "2"):
        answer_services.reply(assessment_id=returned.pk, code=code, user=city.operator, text="Sudah.")
    workflow.submit(assessment_id=returned.pk, user=city.operator)
    services.decide(assessment_id=returned.pk, code="1", user=city.verifier, decision="accept")
    response = login(city.verifier).get(overview_url(returned), {"saring": "diperbaiki"})
    shown = [row.indicator.code for domain in response.context["domains"] for row in domain.rows]
    assert shown == ["1", "2"]


def test_what_differs_from_last_year_can_be_filtered(submitted, city, login, instrument):
    earlier = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2025",
        year=2025,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=5),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=earlier.pk, user=city.coordinator)
    old = hand_in(Assessment.objects.get(period=earlier), city.operator, i7=4)
    services.decide(
        assessment_id=old.pk, code="9", user=city.verifier, decision="adjust", verified_level=2, note="Kurang."
    )
    accept_all(old, city.verifier)
    workflow.approve(assessment_id=old.pk, user=city.verifier)
    workflow.finalise_period(period_id=earlier.pk, user=city.coordinator)
    Answer.objects.filter(assessment=submitted, indicator__code="11").update(self_level=None, not_applicable=True)
    response = login(city.verifier).get(overview_url(submitted), {"saring": "berubah"})
    shown = [row.indicator.code for domain in response.context["domains"] for row in domain.rows]
    assert shown == ["7", "9", "11"]


def test_no_figure_is_shown_before_the_first_decision(submitted, city, login):
    page = login(city.verifier).get(overview_url(submitted)).content.decode()
    assert "sementara, 0 dari 47 diverifikasi" in page
    assert "1,00" not in page


def test_what_was_finalised_unfinished_has_no_verified_index(mixed, period, city, login):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu lewat.")
    page = login(city.verifier).get(overview_url(mixed)).content.decode()
    assert "Tidak selesai" in page
    assert "tidak ada nilai verifikasi" in page


def test_the_number_of_queries_does_not_grow_with_answers_and_decisions(submitted, city, login):
    client = login(city.verifier)
    kept = submitted.answers.filter(indicator__code__in=["1", "2"])
    client.get(overview_url(submitted))
    with CaptureQueriesContext(connection) as many:
        client.get(overview_url(submitted))
    for answer in kept:
        attach(answer, city.operator, f"Lagi {answer.pk}")
    accept_all(submitted, city.verifier)
    with CaptureQueriesContext(connection) as decided:
        client.get(overview_url(submitted))
    submitted.answers.exclude(pk__in=kept).delete()
    with CaptureQueriesContext(connection) as few:
        client.get(overview_url(submitted))
    assert len(many) == len(decided) == len(few)
    assert len(few) <= 12


# --- Return -------------------------------------------------------------------------------------------------


def test_returning_lists_what_goes_back_and_proposes_the_periods_days(mixed, city, login):
    response = login(city.verifier).get(reverse("return", args=[mixed.pk]))
    page = response.content.decode()
    assert "Kebijakan Peta Rencana SPBE" in page
    assert "Belum sah." in page
    assert "44 indikator belum diputuskan" in page
    due = response.context["form"].initial["mend_by"]
    assert (due - timezone.now()).days in range(4, 10)
    assert f'value="{timezone.localtime(due):%d/%m/%Y %H.%M}"' in page


def test_returning_opens_the_marked_ones_until_the_chosen_time(mixed, city, login):
    client = login(city.verifier)
    due = timezone.localtime(timezone.now() + timedelta(days=12)).replace(second=0, microsecond=0)
    path = reverse("return", args=[mixed.pk])
    response = client.post(path, {"mend_by": f"{due:%Y-%m-%dT%H:%M}", "revision": mixed.revision})
    mixed.refresh_from_db()
    assert (response.url, mixed.status, mixed.mend_by) == (overview_url(mixed), Status.RETURNED, due)
    page = client.get(overview_url(mixed)).content.decode()
    assert "1 indikator dikembalikan ke Dinas Kesehatan" in page
    assert date_id(due) in page
    # The same form again: nothing happens twice, and it says why.
    again = client.post(path, {"mend_by": f"{due:%Y-%m-%dT%H:%M}", "revision": mixed.revision}, follow=True)
    assert "Penilaian ini sudah dikembalikan. Di bawah ini keadaan terbaru." in again.content.decode()
    mixed.refresh_from_db()
    assert mixed.mend_by == due


@pytest.mark.parametrize(
    "mend_by, message",
    [
        ("", "Isi tanggal dan jam batas perbaikan."),
        ("besok", "tidak dapat dibaca"),
        ("2020-01-01T10:00", "harus di masa depan"),
        ("0001-01-01T00:00", ""),
        ("9999-12-31T23:59", "terlalu jauh"),
        ("2026-02-30T10:00", "tidak dapat dibaca"),
    ],
)
def test_a_mend_by_time_that_makes_no_sense_is_refused(mend_by, message, mixed, city, login):
    response = login(city.verifier).post(
        reverse("return", args=[mixed.pk]), {"mend_by": mend_by, "revision": mixed.revision}
    )
    mixed.refresh_from_db()
    assert (response.status_code, mixed.status) == (422, Status.SUBMITTED)
    assert message in response.content.decode()


def test_nothing_is_returned_where_nothing_is_marked(submitted, city, login):
    client = login(city.verifier)
    path = reverse("return", args=[submitted.pk])
    assert "Belum ada indikator yang ditandai" in client.get(path).content.decode()
    due = timezone.now() + timedelta(days=3)
    response = client.post(path, {"mend_by": f"{due:%Y-%m-%dT%H:%M}", "revision": submitted.revision})
    submitted.refresh_from_db()
    assert (response.status_code, submitted.status) == (409, Status.SUBMITTED)


def test_returning_what_has_changed_meanwhile_is_shown_again_first(mixed, city, login):
    before = mixed.revision
    mark(mixed, city.verifier2, code="5")
    client = login(city.verifier)
    due = timezone.localtime(timezone.now() + timedelta(days=3))
    data = {"mend_by": f"{due:%Y-%m-%dT%H:%M}", "revision": before}
    response = client.post(reverse("return", args=[mixed.pk]), data)
    mixed.refresh_from_db()
    assert (response.status_code, mixed.status) == (409, Status.SUBMITTED)
    page = response.content.decode()
    assert "Keputusan berubah sejak halaman ini dibuka" in page
    assert f'name="revision" value="{mixed.revision}"' in page
    client.post(reverse("return", args=[mixed.pk]), {**data, "revision": mixed.revision})
    mixed.refresh_from_db()
    assert (mixed.status, mixed.returned_count) == (Status.RETURNED, 2)


# --- Approve ------------------------------------------------------------------------------------------------


def test_approving_shows_the_exact_result_before(ready, city, login):
    response = login(city.verifier).get(reverse("approve", args=[ready.pk]))
    page = response.content.decode()
    assert response.context["overview"].verified.index == 3 + Fraction("2.60") / 100
    assert "3,03" in page
    assert "Lengkap." in page
    assert "46<small> diterima" in page


def test_approving_fixes_the_verified_index(ready, city, login):
    client = login(city.verifier)
    path = reverse("approve", args=[ready.pk])
    response = client.post(path, {"revision": ready.revision})
    ready.refresh_from_db()
    assert (response.url, ready.status) == (overview_url(ready), Status.APPROVED)
    assert ready.verified_index == 3 + Fraction("2.60") / 100
    assert "disetujui. Nilai verifikasinya" in client.get(overview_url(ready)).content.decode()
    again = client.post(path, {"revision": ready.revision}, follow=True)
    assert "Penilaian ini sudah disetujui. Di bawah ini keadaan terbaru." in again.content.decode()


def test_what_stands_in_the_way_of_approving_is_listed_with_links(mixed, city, login):
    client = login(city.verifier)
    path = reverse("approve", args=[mixed.pk])
    page = client.get(path).content.decode()
    assert "Belum diputuskan (44)" in page
    assert "Ditandai untuk dikembalikan (1)" in page
    assert reverse("review", args=[mixed.pk, "47"]) in page
    response = client.post(path, {"revision": mixed.revision})
    mixed.refresh_from_db()
    assert (response.status_code, mixed.status) == (409, Status.SUBMITTED)
    assert "45 indikator belum selesai" in response.content.decode()


def test_approving_what_has_changed_meanwhile_is_shown_again_first(ready, city, login):
    before = ready.revision
    services.decide(
        assessment_id=ready.pk,
        code="3",
        user=city.verifier2,
        decision="adjust",
        verified_level=1,
        note="Tidak ada.",
        version=1,
    )
    response = login(city.verifier).post(reverse("approve", args=[ready.pk]), {"revision": before})
    ready.refresh_from_db()
    assert (response.status_code, ready.status) == (409, Status.SUBMITTED)
    assert "Keputusan berubah sejak halaman ini dibuka" in response.content.decode()


def test_not_relevant_is_left_out_and_said_so(submitted, city, login):
    Answer.objects.filter(assessment=submitted, indicator__code="3").update(
        self_level=None, not_applicable=True, not_applicable_reason="Tidak mengelola jaringan."
    )
    accept_all(submitted, city.verifier)
    response = login(city.verifier).get(reverse("approve", args=[submitted.pk]))
    assert response.context["overview"].verified.assigned == 46
    assert "1 tidak relevan, tidak dihitung" in response.content.decode()


@pytest.mark.parametrize("page", ["return", "approve"])
def test_a_form_without_its_revision_is_shown_again(page, ready, city, login):
    response = login(city.verifier).post(reverse(page, args=[ready.pk]), {})
    ready.refresh_from_db()
    assert (response.status_code, ready.status) == (422, Status.SUBMITTED)


def test_a_closed_period_can_be_read_but_not_moved(final, city, login):
    client = login(city.verifier)
    for page in ("return", "approve"):
        response = client.get(reverse(page, args=[final.pk]), follow=True)
        assert "Periode penilaian ini sudah ditutup" in response.content.decode()


def test_what_is_sent_back_is_not_counted_as_verified(submitted, city, login):
    services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="return", reason="other", note="Lengkapi."
    )
    accept_all(submitted, city.verifier)
    page = login(city.verifier).get(overview_url(submitted)).content.decode()
    assert "46 dari 47 diverifikasi, 1 dikembalikan" in page
    assert "belum diputuskan atau dikembalikan dihitung sebagai level terendah" in page


def test_a_hand_in_for_the_agency_is_named_to_its_reviewer(assessment, city, login):
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.coordinator)
    page = login(city.verifier).get(overview_url(assessment)).content.decode()
    assert "oleh Koordinator, atas nama Dinas Kesehatan" in page


def test_what_froze_unfinished_says_why(final, period, city, login):
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    page = login(city.verifier).get(overview_url(other)).content.decode()
    assert "Tidak selesai" in page
    assert "Alasan: Batas waktu sudah lewat." in page
