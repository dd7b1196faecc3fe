"""All agencies' reports at once: shared out, counted, put together once, stopped."""

import csv
import io
import zipfile
from datetime import timedelta

import pypdf
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Notification
from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import WrongState
from assessments.models import Assessment, Period
from audit.models import Event
from conftest import hand_in, together
from reports import batches, holding, making, services
from reports.kinds import agency
from reports.models import BatchPart, ReportJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick")]


@pytest.fixture
def quick(monkeypatch):
    """A rendering that takes no time: a PDF of one blank page, another for each document."""

    def render(report):
        out = io.BytesIO()
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        writer.add_metadata({"/Title": report.code})
        writer.write(out)
        return out.getvalue()

    monkeypatch.setattr(agency, "render_pdf", render)


@pytest.fixture
def two(assessment, period, city):
    """Dinkes and Dinsos handed in; Diskominfo has a draft."""
    hand_in(assessment, city.operator)
    hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    return period


@pytest.fixture
def ask(sent, django_capture_on_commit_callbacks):
    def _ask(period, user):
        with django_capture_on_commit_callbacks(execute=True):
            return services.request_report(kind="batch", user=user, period_id=period.pk)

    return _ask


@pytest.fixture
def work(sent, django_capture_on_commit_callbacks):
    """Do what was sent, in order, as one worker would; at most `most` tasks."""

    def _work(most=100):
        done = 0
        while sent and done < most:
            with django_capture_on_commit_callbacks(execute=True):
                making.make(sent.pop(0))
            done += 1
        return done

    return _work


def stored(job):
    return ReportJob.objects.get(pk=job.pk)


def archive_of(job):
    return zipfile.ZipFile(io.BytesIO(stored(job).file.read()))


def index_of(job):
    text = archive_of(job).read("daftar.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_all_reports_are_in_the_zip_with_a_list(two, city, ask, work):
    batch = ask(two, city.leader)
    work()
    job = stored(batch)
    assert (job.status, job.progress, job.part_count, job.shown_index) == ("done", 100, 2, "2 dari 2 laporan")
    names = ["laporan-spbe-dinkes-2026-draf.pdf", "laporan-spbe-dinsos-2026-draf.pdf"]
    archive = archive_of(batch)
    assert archive.namelist() == [*names, "daftar.csv"]
    assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    for line, name in zip(index_of(batch), names, strict=True):
        part = ReportJob.objects.get(code=line["kode"])
        assert (line["berkas"], line["keadaan"], line["sha256"]) == (name, "dibuat", part.sha256)
        assert archive.read(name) == part.file.read()


def test_a_batch_is_told_once_whatever_its_parts(two, city, ask, work):
    Notification.objects.all().delete()
    batch = ask(two, city.coordinator)
    ReportJob.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    work()
    assert [(row.user, row.key) for row in Notification.objects.all()] == [(city.coordinator, f"report:{batch.pk}:1")]


def test_progress_counts_the_reports_that_ended(two, city, ask, work):
    batch = ask(two, city.leader)
    work(1)
    assert (stored(batch).status, stored(batch).part_count, stored(batch).step) == ("running", 2, "0 dari 2 laporan")
    work(1)
    assert (stored(batch).progress, stored(batch).step) == (50, "1 dari 2 laporan")


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("coordinator", ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "Dinas Sosial"]),
        ("verifier", ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "Dinas Sosial"]),
        ("verifier2", ["Dinas Kesehatan", "Dinas Sosial"]),
        ("leader", ["Dinas Kesehatan", "Dinas Sosial"]),
    ],
)
def test_only_what_the_requester_sees_is_in_it(two, city, ask, work, who, names):
    """The draft is Diskominfo's: its own verifier's as a member, and the coordinators'."""
    batch = ask(two, getattr(city, who))
    work()
    assert [line["OPD"] for line in index_of(batch)] == names


@pytest.mark.parametrize("who", ["operator", "admin", "outsider"])
def test_who_does_not_see_the_government_gets_no_batch(two, city, who):
    with pytest.raises(PermissionDenied):
        services.request_report(kind="batch", user=getattr(city, who), period_id=two.pk)
    assert not ReportJob.objects.exists()


def test_a_period_in_preparation_has_no_batch(two, city):
    Period.objects.update(status="draft")
    with pytest.raises(PermissionDenied):
        services.request_report(kind="batch", user=city.coordinator, period_id=two.pk)


def test_finished_reports_are_taken_as_they_are(two, city, ask, work, sent):
    own = services.request_agency_report(Assessment.objects.get(agency=city.dinkes).pk, city.operator)
    making.make(str(own.pk))
    sent.clear()
    batch = ask(two, city.leader)
    assert work() == 2
    assert stored(own).attempts == 1
    assert next((part.job_id, part.is_own) for part in BatchPart.objects.filter(batch=batch).order_by("pk")) == (
        own.pk, False,
    )  # fmt: skip


def test_asking_twice_is_one_batch_while_it_runs_and_a_new_zip_after_it(two, city, ask, work):
    first = ask(two, city.leader)
    assert ask(two, city.leader) == first
    work()
    second = ask(two, city.leader)
    assert second != first
    assert work() == 1
    assert stored(second).status == "done"


def test_batches_are_shared_by_coordinators_and_nobody_else(two, city, ask):
    batch = ask(two, city.leader)
    for who in ("verifier", "verifier2", "operator", "admin", "outsider"):
        assert (who, ReportJob.objects.visible_to(rights_of(getattr(city, who))).filter(pk=batch.pk).exists()) == (
            who, False,
        )  # fmt: skip
    for who in ("leader", "coordinator"):
        assert ReportJob.objects.visible_to(rights_of(getattr(city, who))).filter(pk=batch.pk).exists()
    assert ask(two, city.verifier) != batch


def test_who_lost_a_role_loses_the_batch_with_what_they_no_longer_see(two, city, ask, work):
    batch = ask(two, city.verifier)
    work()
    Membership.objects.filter(user=city.verifier).update(agency=city.dinsos)
    del city.verifier._rights
    assert not ReportJob.objects.visible_to(rights_of(city.verifier)).filter(pk=batch.pk).exists()
    Membership.objects.filter(user=city.verifier).update(agency=city.diskominfo)
    del city.verifier._rights
    assert ReportJob.objects.visible_to(rights_of(city.verifier)).filter(pk=batch.pk).exists()


def test_a_failed_report_is_listed_and_stops_nothing(two, city, ask, work, monkeypatch):
    whole = agency.render_pdf
    monkeypatch.setattr(
        agency, "render_pdf", lambda report: 1 / 0 if report.agency == "Dinas Kesehatan" else whole(report)
    )
    batch = ask(two, city.leader)
    work()
    assert (stored(batch).status, stored(batch).shown_index) == ("done", "1 dari 2 laporan")
    assert [(line["OPD"], line["keadaan"], line["berkas"] != "") for line in index_of(batch)] == [
        ("Dinas Kesehatan", "gagal dibuat", False), ("Dinas Sosial", "dibuat", True),
    ]  # fmt: skip


def test_where_every_report_fails_so_does_the_batch_with_words(two, city, ask, work, monkeypatch):
    monkeypatch.setattr(agency, "render_pdf", lambda report: 1 / 0)
    batch = ask(two, city.leader)
    work()
    assert (stored(batch).status, stored(batch).error) == ("failed", batches.ALL_FAILED.format(code=batch.code))


def test_an_empty_batch_fails_with_words(assessment, period, city, ask, work):
    batch = ask(period, city.leader)
    work()
    assert (stored(batch).status, stored(batch).error) == ("failed", batches.NOTHING.format(code=batch.code))


def test_what_was_withdrawn_meanwhile_is_not_the_leaders(two, city, ask, work):
    batch = ask(two, city.leader)
    work(1)
    workflow.withdraw(assessment_id=Assessment.objects.get(agency=city.dinkes).pk, user=city.operator)
    work()
    assert [(line["OPD"], line["keadaan"]) for line in index_of(batch)] == [
        ("Dinas Kesehatan", "ditarik kembali oleh OPD"), ("Dinas Sosial", "dibuat"),
    ]  # fmt: skip
    assert len(archive_of(batch).namelist()) == 2
    assert ReportJob.objects.visible_to(rights_of(city.leader)).filter(pk=batch.pk).exists()


def test_two_agencies_of_one_short_name_are_two_files(two, city, ask, work):
    city.dinsos.short_name = "DINKES"
    city.dinsos.save()
    batch = ask(two, city.leader)
    work()
    assert [line["berkas"] for line in index_of(batch)] == [
        "laporan-spbe-dinkes-2026-draf.pdf", "laporan-spbe-dinkes-2026-draf-2.pdf",
    ]  # fmt: skip


def test_no_cell_of_the_list_is_a_formula():
    text = batches.list_csv([("A", "=1+1", "dibuat", "@x", "")]).decode("utf-8-sig")
    assert text.splitlines()[1] == "A;'=1+1;dibuat;'@x;"


def test_the_zip_is_put_together_once_however_many_see_the_end(two, city, ask, work, monkeypatch):
    batch = ask(two, city.leader)
    made = []
    whole = batches._assemble
    monkeypatch.setattr(batches, "_assemble", lambda job: (made.append(job), batches.advance(job.pk), whole(job)))
    work()
    batches.advance(batch.pk)
    assert (len(made), stored(batch).status) == (1, "done")


def test_a_worker_that_dies_while_listing_is_followed_by_one_that_goes_on(two, city, ask, work, sent):
    batch = ask(two, city.leader)
    work(1)
    ReportJob.objects.filter(pk=batch.pk).update(part_count=None)  # as before the list was complete
    BatchPart.objects.filter(batch=batch).last().delete()
    silent = timezone.now() - holding.LOST_AFTER * 2
    ReportJob.objects.filter(pk=batch.pk).update(heartbeat_at=silent)
    assert making.take_up_lost() == [str(batch.pk)]
    sent.append(str(batch.pk))
    work()
    assert (stored(batch).status, BatchPart.objects.filter(batch=batch).count()) == ("done", 2)


def test_a_batch_that_waits_long_for_its_parts_is_not_lost(two, city, ask, work):
    batch = ask(two, city.leader)
    work(1)
    for _ in range(5):
        ReportJob.objects.filter(pk=batch.pk).update(heartbeat_at=timezone.now() - holding.LOST_AFTER * 2)
        making.take_up_lost()
    assert (stored(batch).status, stored(batch).attempts) == ("running", 1)


def test_a_worker_that_dies_over_the_zip_is_followed_by_one_that_makes_it(two, city, ask, work, sent, monkeypatch):
    batch = ask(two, city.leader)
    with monkeypatch.context() as patch:
        patch.setattr(batches, "_assemble", lambda job: None)
        work()
    assert (stored(batch).status, stored(batch).progress) == ("running", batches.ASSEMBLY)
    ReportJob.objects.filter(pk=batch.pk).update(heartbeat_at=timezone.now() - holding.LOST_AFTER * 2)
    sent += making.take_up_lost()
    work()
    assert stored(batch).status == "done"


def test_stopping_drops_what_no_worker_has_begun_and_keeps_what_others_want(two, city, ask, work, sent):
    batch = ask(two, city.leader)
    work(1)
    dinkes, dinsos = (part.job for part in BatchPart.objects.filter(batch=batch).order_by("pk"))
    assert services.request_agency_report(dinkes.assessment_id, city.operator) == dinkes
    stopped = services.cancel(batch.pk, city.leader)
    assert [stored(job).status for job in (stopped, dinkes, dinsos)] == ["cancelled", "queued", "cancelled"]
    assert Event.objects.get(action="report.cancel").after["dropped"] == 1
    work()
    assert [stored(job).status for job in (stopped, dinkes, dinsos)] == ["cancelled", "done", "cancelled"]


def test_stopping_leaves_the_parts_of_another_batch(two, city, ask, work):
    first, second = ask(two, city.leader), ask(two, city.verifier2)
    work(2)
    services.cancel(first.pk, city.leader)
    work()
    assert (stored(first).status, stored(second).shown_index) == ("cancelled", "2 dari 2 laporan")


def test_a_stopped_batch_can_be_made_after_all(two, city, ask, work, django_capture_on_commit_callbacks):
    batch = ask(two, city.leader)
    work(1)
    services.cancel(batch.pk, city.leader)
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(batch.pk, city.leader)
    work()
    assert (stored(batch).status, stored(batch).shown_index) == ("done", "2 dari 2 laporan")


@pytest.mark.parametrize(("who", "may"), [("leader", True), ("coordinator", True), ("verifier", False)])
def test_who_may_stop_a_single_report(two, city, sent, who, may):
    job = services.request_agency_report(Assessment.objects.get(agency=city.dinkes).pk, city.leader)
    if not may:
        with pytest.raises(PermissionDenied):
            services.cancel(job.pk, getattr(city, who))
    else:
        services.cancel(job.pk, getattr(city, who))
    assert stored(job).status == ("cancelled" if may else "queued")


@pytest.mark.parametrize("status", ["running", "done", "failed", "cancelled"])
def test_what_does_not_wait_cannot_be_stopped(two, city, sent, status):
    job = services.request_agency_report(Assessment.objects.get(agency=city.dinkes).pk, city.leader)
    now = timezone.now()
    ReportJob.objects.filter(pk=job.pk).update(
        status=status, started_at=now, heartbeat_at=now, finished_at=now, error="x", file="x", sha256="0" * 64
    )
    with pytest.raises(WrongState):
        services.cancel(job.pk, city.leader)
    assert stored(job).status == status


def test_a_report_of_a_running_batch_is_stopped_with_it_alone(two, city, ask, work):
    batch = ask(two, city.coordinator)
    work(1)
    part = BatchPart.objects.filter(batch=batch).first().job
    with pytest.raises(WrongState, match="kumpulan"):
        services.cancel(part.pk, city.coordinator)


def test_a_stopped_report_is_never_begun_and_asking_again_begins_it(two, city, sent, work):
    pk = Assessment.objects.get(agency=city.dinkes).pk
    job = services.request_agency_report(pk, city.leader)
    services.cancel(job.pk, city.leader)
    making.make(str(job.pk))
    assert stored(job).status == "cancelled"
    again = services.request_agency_report(pk, city.operator)
    assert (again, again.status, again.requested_by) == (job, "queued", city.operator)


def test_the_page_stops_a_batch_and_offers_it_again(two, city, ask, work, login):
    batch = ask(two, city.leader)
    work(1)
    client = login(city.leader)
    page = client.get(reverse("report", args=[batch.pk])).content.decode()
    assert "0 dari 2 laporan" in page
    assert reverse("report_cancel", args=[batch.pk]) in page
    answer = client.post(reverse("report_cancel", args=[batch.pk]), follow=True)
    assert "dihentikan" in answer.content.decode()
    assert stored(batch).status == "cancelled"
    assert client.post(reverse("report_cancel", args=[batch.pk])).status_code == 302
    assert reverse("report_retry", args=[batch.pk]) in answer.content.decode()


def test_the_page_asks_for_a_batch_and_downloads_it(two, city, sent, work, login, django_capture_on_commit_callbacks):
    client = login(city.leader)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("report_request_period", args=[two.pk]), {"jenis": "batch"})
    job = ReportJob.objects.get()
    assert answer.url == reverse("report", args=[job.pk])
    work()
    response = client.get(reverse("report_download", args=[job.pk]))
    assert (response["Content-Type"], response.filename) == ("application/zip", "laporan-spbe-semua-opd-2026-draf.zip")
    assert zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))).testzip() is None
    assert Event.objects.get(action="report.download").stream == f"period:{two.pk}"
    # What was made for the ZIP alone does not crowd the list.
    page = client.get(reverse("report_list")).content.decode()
    assert [page.count(reverse("report_download", args=[each.pk])) for each in ReportJob.objects.order_by("kind")] == [
        0, 0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1, 60])
def test_counting_a_batch_takes_the_same_queries_however_large(
    two, city, ask, work, number, django_assert_num_queries
):
    batch = ask(two, city.leader)
    work(1)
    for place in range(number):
        part = ReportJob.objects.create(
            code=f"LPO-{place}", kind="agency", assessment=Assessment.objects.first(), period=two, key=str(place),
            data_status="submitted", is_draft=True, queued_at=timezone.now(),
        )  # fmt: skip
        BatchPart.objects.create(batch=batch, job=part, is_own=True)
    with django_assert_num_queries(3):
        batches.advance(batch.pk)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_end_the_last_two_reports_make_one_zip(two, city, sent, monkeypatch):
    batch = services.request_report(kind="batch", user=city.leader, period_id=two.pk)
    making.make(str(batch.pk))
    made = []
    whole = batches._assemble
    monkeypatch.setattr(batches, "_assemble", lambda job: (made.append(job), whole(job)))
    ids = [str(part.job_id) for part in BatchPart.objects.filter(batch=batch)]
    together(*[lambda pk=pk: making.make(pk) for pk in ids])
    assert (len(made), stored(batch).status) == (1, "done")


def test_a_lost_file_within_a_batch_is_made_again(two, city, ask, work, sent):
    own = services.request_agency_report(Assessment.objects.get(agency=city.dinkes).pk, city.operator)
    making.make(str(own.pk))
    sent.clear()
    default_storage.delete(stored(own).file.name)
    batch = ask(two, city.leader)
    work()
    assert stored(batch).shown_index == "2 dari 2 laporan"
    assert stored(own).earlier_sha256 != ""


def test_the_zip_is_stored_below_reports(two, city, ask, work):
    batch = ask(two, city.leader)
    work()
    assert stored(batch).file.name == f"reports/2026/{batch.pk}-1.zip"
