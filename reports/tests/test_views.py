"""Pages of reports: ask, wait, download, try again; each only for those who may."""

import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.models import Assessment
from assessments.models import Status as AssessmentStatus
from audit.models import Event
from conftest import accept_all
from reports import making, services
from reports.models import DATA_STATES, ReportJob
from spbe_portal.formatting import date_id

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]
PDF = b"%PDF-1.7 contoh"


def make_job(assessment, user, **fields):
    job = services.request_agency_report(assessment.pk, user)
    if fields.get("status") == "done":
        fields = {
            "file": default_storage.save(f"reports/2026/{job.pk}-1.pdf", ContentFile(PDF)),
            "size": len(PDF), "pages": 13, "sha256": "a" * 64, "finished_at": timezone.now(), "progress": 100,
            **fields,
        }  # fmt: skip
    if fields:
        ReportJob.objects.filter(pk=job.pk).update(**fields)
        job.refresh_from_db()
    return job


@pytest.fixture
def waiting(submitted, city):
    return make_job(submitted, city.operator)


@pytest.fixture
def done(submitted, city):
    return make_job(submitted, city.operator, status="done")


@pytest.fixture
def failed(submitted, city):
    return make_job(submitted, city.operator, status="failed", error="Laporan tidak dapat dibuat.")


def url(name, thing):
    return reverse(name, args=[thing.pk])


def text(response):
    return " ".join(response.content.decode().split())


def test_asking_leads_to_the_page_of_the_report(login, city, submitted):
    response = login(city.operator).post(url("report_request", submitted))
    job = ReportJob.objects.get()
    assert (response.status_code, response.url) == (302, url("report", job))


def test_asking_twice_leads_to_the_same_page(login, city, submitted):
    client = login(city.operator)
    assert client.post(url("report_request", submitted)).url == client.post(url("report_request", submitted)).url


def test_asking_needs_a_post(login, city, submitted):
    assert login(city.operator).get(url("report_request", submitted)).status_code == 405
    assert ReportJob.objects.count() == 0


def test_a_report_in_the_making_shows_how_far_it_is_and_asks_again(login, city, waiting):
    ReportJob.objects.update(
        status="running", progress=40, step="Menyusun halaman", started_at=timezone.now(), heartbeat_at=timezone.now()
    )
    page = text(login(city.operator).get(url("report", waiting)))
    assert 'value="40"' in page
    assert "Menyusun halaman" in page
    assert f'hx-get="{url("report", waiting)}" hx-trigger="every 1s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "Unduh laporan" not in page


def test_htmx_gets_the_state_alone(login, city, waiting):
    response = login(city.operator).get(url("report", waiting), headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith('<div id="keadaan-laporan"')
    assert "<html" not in text(response)


def test_a_finished_report_stops_asking_and_offers_the_file(login, city, done):
    page = text(login(city.operator).get(url("report", done)))
    assert "PDF, 13 halaman, 15 byte" in page
    assert url("report_download", done) in page
    assert "hx-get" not in page
    assert "refresh" not in re.sub(r'name="htmx-config".*?>', "", page)


@pytest.mark.parametrize("status", AssessmentStatus.values)
def test_every_state_of_the_data_has_words(login, city, done, status):
    ReportJob.objects.update(data_status=status)
    assert DATA_STATES[AssessmentStatus(status)] in text(login(city.operator).get(url("report", done)))


def test_a_failed_report_says_so_and_can_be_tried_again(login, city, failed):
    client = login(city.operator)
    page = text(client.get(url("report", failed)))
    assert "Laporan tidak dapat dibuat." in page
    assert url("report_retry", failed) in page
    response = client.post(url("report_retry", failed))
    assert (response.status_code, response.url) == (302, url("report", failed))
    assert ReportJob.objects.get().status == "queued"


def test_trying_again_what_did_not_fail_changes_nothing(login, city, done):
    response = login(city.operator).post(url("report_retry", done), follow=True)
    assert "tidak perlu diulangi" in text(response)
    assert ReportJob.objects.get().status == "done"


def test_the_download_is_an_attachment_that_no_browser_guesses_about(login, city, done):
    response = login(city.operator).get(url("report_download", done))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="laporan-spbe-dinkes-2026-draf.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


def test_the_name_of_a_final_report_does_not_say_draft(login, city, done):
    ReportJob.objects.update(is_draft=False)
    response = login(city.operator).get(url("report_download", done))
    assert response["Content-Disposition"] == 'attachment; filename="laporan-spbe-dinkes-2026.pdf"'


def test_a_report_of_a_replaced_result_says_so_and_its_successor_has_its_own_name(login, city, period, final):
    job = make_job(final, city.operator, status="done")
    client = login(city.operator)
    for page in (reverse("report_list"), url("report", job)):
        assert "revisi 1</span>" in text(client.get(page))
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Keliru.")
    final.refresh_from_db()
    accept_all(final, city.verifier)
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Sudah diperbaiki.")
    newer = make_job(final, city.operator, status="done")
    for page in (reverse("report_list"), url("report", job)):
        assert f"revisi 1, digantikan {date_id(timezone.now())}" in text(client.get(page))
    assert "revisi 2</span>" in text(client.get(url("report", newer)))
    assert [client.get(url("report_download", each)).filename for each in (job, newer)] == [
        "laporan-spbe-dinkes-2026.pdf", "laporan-spbe-dinkes-2026-rev2.pdf",
    ]  # fmt: skip


def test_an_unfinished_assessment_is_not_called_final(login, city, period, submitted):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Tidak diverifikasi.")
    job = make_job(submitted, city.operator, status="done")
    client = login(city.operator)
    for page in (reverse("report_list"), url("report", job)):
        assert re.findall(
            r"Tidak selesai|>\s*Final\s*<", text(client.get(page)).split("Laporan yang sudah dibuat")[-1]
        ) == ["Tidak selesai"]
    assert client.get(url("report_download", job)).filename == "laporan-spbe-dinkes-2026-tidak-selesai.pdf"


def test_a_download_from_outside_the_agency_is_recorded(login, city, done):
    login(city.operator).get(url("report_download", done))
    assert Event.objects.filter(action="report.download").count() == 0
    login(city.leader).get(url("report_download", done))
    assert Event.objects.get(action="report.download").actor == city.leader


def test_what_is_not_ready_cannot_be_downloaded(login, city, waiting):
    response = login(city.operator).get(url("report_download", waiting), follow=True)
    assert response.redirect_chain == [(url("report", waiting), 302)]
    assert "belum siap diunduh" in text(response)


def test_a_lost_file_is_said_and_can_be_made_again(login, city, done):
    default_storage.delete(done.file.name)
    response = login(city.operator).get(url("report_download", done), follow=True)
    assert "tidak ditemukan lagi" in text(response)
    assert url("report_retry", done) in text(response)


@pytest.mark.parametrize("person", ["other_operator", "admin", "outsider"])
def test_what_a_person_may_not_know_of_is_not_found(login, city, done, submitted, person):
    client = login(getattr(city, person))
    assert client.get(url("report", done)).status_code == 404
    assert client.get(url("report_download", done)).status_code == 404
    assert client.post(url("report_retry", done)).status_code == 404
    assert client.post(url("report_request", submitted)).status_code == 404
    assert done.code not in text(client.get(reverse("report_list")))


@pytest.mark.parametrize("person", ["operator", "verifier", "coordinator", "leader"])
def test_those_who_see_the_assessment_see_its_report(login, city, done, person):
    client = login(getattr(city, person))
    assert client.get(url("report", done)).status_code == 200
    assert url("report", done) in text(client.get(reverse("report_list")))


@pytest.mark.parametrize("person", ["verifier", "leader"])
def test_a_report_of_a_draft_is_the_agencys_own(login, city, assessment, person):
    job = make_job(assessment, city.operator, status="done")
    assert login(city.operator).get(url("report_download", job)).status_code == 200
    client = login(getattr(city, person))
    assert client.get(url("report_download", job)).status_code == 404
    assert client.post(url("report_request", assessment)).status_code == 404
    # Handed in meanwhile, the old draft still is not theirs.
    Assessment.objects.update(status="submitted", submitted_at=timezone.now())
    assert client.get(url("report", job)).status_code == 404


def test_without_a_log_in_there_is_only_the_log_in(client, done):
    for name in ("report", "report_download"):
        assert client.get(url(name, done)).status_code == 302
    assert client.get(reverse("report_list")).url.startswith(reverse("account_login"))


def test_the_list_can_be_narrowed_to_a_period(login, city, done):
    client = login(city.leader)
    assert url("report", done) in text(client.get(reverse("report_list"), {"periode": done.assessment.period_id}))
    assert client.get(reverse("report_list"), {"periode": "999"}).status_code == 404
    assert client.get(reverse("report_list"), {"periode": "x'"}).status_code == 404


def test_an_operator_can_ask_from_the_list(login, city, assessment):
    page = text(login(city.operator).get(reverse("report_list")))
    assert f'action="{url("report_request", assessment)}"' in page
    assert "Belum ada laporan" in page
    assert "report_request" not in text(login(city.leader).get(reverse("report_list")))


def test_looking_at_a_waiting_report_sends_it_again_when_it_was_lost(login, city, waiting, sent):
    sent.clear()
    ReportJob.objects.update(queued_at=timezone.now() - making.UNHEARD_AFTER - timedelta(seconds=1))
    client = login(city.operator)
    client.get(url("report", waiting))
    client.get(url("report", waiting))
    assert sent == [str(waiting.pk)]


@pytest.mark.parametrize("number", [1, 20])
def test_the_list_asks_the_database_the_same_however_long_it_is(login, city, done, number, django_assert_num_queries):
    for place in range(number - 1):
        ReportJob.objects.create(
            code=f"LPO-{place}", kind="agency", assessment=done.assessment, period=done.period, key=str(place),
            data_status="submitted", is_draft=True, queued_at=timezone.now(), status="failed",
            error="x", requested_by=city.operator,
        )  # fmt: skip
    client = login(city.operator)
    client.get(reverse("report_list"))
    with django_assert_num_queries(11):
        client.get(reverse("report_list"))


def test_the_page_of_a_report_takes_few_queries(login, city, done, django_assert_max_num_queries):
    client = login(city.operator)
    with django_assert_max_num_queries(6):
        client.get(url("report", done))


@pytest.mark.parametrize("name", ["report_list", "report", "report_download"])
def test_a_page_answers_head_refuses_post_and_takes_nothing_away(login, city, done, name):
    client, page = login(city.leader), reverse(name, args=[] if name == "report_list" else [done.pk])
    assert (client.head(page).status_code, client.post(page).status_code) == (200, 405)
    assert not Event.objects.filter(action="report.download").exists()


def test_a_workbook_is_asked_for_made_and_taken(login, city, submitted):
    client = login(city.operator)
    response = client.post(url("report_request", submitted), {"bentuk": "xlsx"})
    job = ReportJob.objects.get(format="xlsx")
    assert response.url == url("report", job)
    making.make(str(job.pk))
    page = text(client.get(url("report", job)))
    assert "Laporan siap diunduh: XLSX," in page
    assert "halaman," not in page
    assert "Buat sebagai PDF" in page
    taken = client.get(url("report_download", job))
    assert (taken["Content-Type"], taken.filename) == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "laporan-spbe-dinkes-2026-draf.xlsx",
    )  # fmt: skip


def test_an_unknown_format_or_kind_is_said_and_makes_nothing(login, city, submitted, period):
    client = login(city.coordinator)
    for page, body in (
        (url("report_request", submitted), {"bentuk": "docx"}),
        (url("report_request_period", period), {"jenis": "poem"}),
        (url("report_request_period", period), {"jenis": "agency"}),
        (url("report_request_period", period), {}),
    ):
        response = client.post(page, body, follow=True)
        assert response.redirect_chain == [(reverse("report_list"), 302)]
        assert "message" in text(response)
    assert ReportJob.objects.count() == 0


@pytest.mark.parametrize(
    ("person", "status"),
    [("operator", 403), ("admin", 403), ("outsider", 403), ("verifier", 302), ("coordinator", 302), ("leader", 302)],
)
def test_who_may_ask_for_reports_of_the_government(login, city, period, person, status):
    client = login(getattr(city, person))
    assert client.post(url("report_request_period", period), {"jenis": "pemda"}).status_code == status
    assert ReportJob.objects.count() == (status == 302)
    offered = url("report_request_period", period) in text(client.get(reverse("report_list")))
    assert offered == (status == 302)


def test_the_list_can_be_narrowed_to_a_kind_and_a_format(login, city, done, period):
    services.request_report(kind="pemda", user=city.leader, period_id=period.pk)
    client = login(city.leader)
    for wanted, shown in (
        ({"jenis": "agency"}, True), ({"jenis": "pemda"}, False), ({"bentuk": "pdf"}, True), ({"bentuk": "zip"}, False)
    ):  # fmt: skip
        assert (wanted, url("report", done) in text(client.get(reverse("report_list"), wanted))) == (wanted, shown)
    assert client.get(reverse("report_list"), {"jenis": "poem"}).status_code == 404
    assert client.get(reverse("report_list"), {"bentuk": "docx"}).status_code == 404


@pytest.mark.parametrize(("person", "may"), [("operator", True), ("coordinator", True), ("leader", False)])
def test_only_who_may_stop_is_offered_to(login, city, waiting, person, may):
    client = login(getattr(city, person))
    assert (url("report_cancel", waiting) in text(client.get(url("report", waiting)))) == may
    assert client.post(url("report_cancel", waiting)).status_code == (302 if may else 403)
    assert ReportJob.objects.get().status == ("cancelled" if may else "queued")


def test_a_stopped_report_is_offered_again_on_both_pages(login, city, waiting):
    services.cancel(waiting.pk, city.operator)
    client = login(city.operator)
    for page in (url("report", waiting), reverse("report_list")):
        assert "Buat lagi" in text(client.get(page))
