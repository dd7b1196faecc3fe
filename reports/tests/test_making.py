"""The worker's side: claimed once, made once, never stuck, never silent."""

import hashlib
from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification
from conftest import accept_all
from reports import holding, making, queries, services
from reports.kinds import agency
from reports.models import ReportJob
from reports.tasks import make_report, take_up_lost_reports

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


@pytest.fixture
def job(submitted, city):
    return services.request_agency_report(submitted.pk, city.operator)


@pytest.fixture
def quick(monkeypatch):
    """A rendering that takes no time: a PDF of one blank page. Counts its calls."""
    calls = []

    def render(report):
        calls.append(report)
        out = BytesIO()
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        writer.write(out)
        return out.getvalue()

    monkeypatch.setattr(agency, "render_pdf", render)
    return calls


def stored(job):
    return ReportJob.objects.get(pk=job.pk)


def files():
    try:
        return default_storage.listdir("reports/2026")[1]
    except FileNotFoundError:
        return []


def test_a_report_is_made_stored_and_described(job, fonts):
    make_report(str(job.pk))
    done = stored(job)
    content = done.file.read()
    assert (done.status, done.progress, done.attempts, done.is_draft) == ("done", 100, 1, True)
    assert (done.size, done.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    pages = [page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages]
    assert done.pages == len(pages)
    assert [page for page in pages if "DRAF" not in page] == []
    assert done.code in pages[0]
    assert "3,00 Baik" in " ".join(pages[0].split())


def test_a_final_report_says_nothing_of_a_draft(final, city, fonts):
    job = services.request_agency_report(final.pk, city.leader)
    assert (job.is_draft, job.result_revision) == (False, 1)
    make_report(str(job.pk))
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(stored(job).file.read())).pages)
    assert "DRAF" not in text
    assert "3,00" in text


@pytest.mark.parametrize(("seconds", "is_told"), [(19, False), (21, True)])
def test_who_waited_long_is_told_that_it_is_ready(job, quick, city, seconds, is_told):
    Notification.objects.all().delete()
    ReportJob.objects.update(created_at=timezone.now() - timedelta(seconds=seconds))
    make_report(str(job.pk))
    told = [(row.user, row.kind, row.path) for row in Notification.objects.all()]
    assert told == ([(city.operator, "report", reverse("report", args=[job.pk]))] if is_told else [])


def test_the_file_has_a_generated_name_below_reports(job, quick):
    making.make(str(job.pk))
    assert stored(job).file.name == f"reports/2026/{job.pk}-1.pdf"


def test_a_job_is_made_once_however_often_the_message_comes(job, quick):
    for _ in range(3):
        make_report(str(job.pk))
    assert len(quick) == 1
    assert stored(job).attempts == 1
    assert len(files()) == 1


def test_a_message_about_a_job_that_is_gone_does_nothing(job, quick):
    making.make("00000000-0000-0000-0000-000000000000")
    assert quick == []


def test_a_failure_is_kept_with_words_for_the_person_who_waits(job, monkeypatch, caplog):
    def broken(report):
        raise ValueError("secret detail")

    monkeypatch.setattr(agency, "render_pdf", broken)
    making.make(str(job.pk))
    failed = stored(job)
    assert failed.status == "failed"
    assert failed.error == holding.FAILED.format(code=job.code)
    assert "secret detail" not in failed.error
    assert "secret detail" in caplog.text
    assert files() == []


def test_a_failed_job_can_be_made_after_a_retry(job, quick, city, monkeypatch):
    monkeypatch.setattr(agency, "document", lambda *args, **kwargs: 1 / 0)
    making.make(str(job.pk))
    assert stored(job).status == "failed"
    monkeypatch.undo()
    services.retry(job.pk, city.operator)
    monkeypatch.setattr(agency, "render_pdf", lambda report: _blank())
    making.make(str(job.pk))
    assert stored(job).status == "done"


def _blank():
    out = BytesIO()
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(out)
    return out.getvalue()


def test_a_worker_that_lost_its_job_stores_nothing(job, monkeypatch):
    def taken_away(report):
        ReportJob.objects.filter(pk=job.pk).update(status="queued")
        return _blank()

    monkeypatch.setattr(agency, "render_pdf", taken_away)
    making.make(str(job.pk))
    assert stored(job).status == "queued"
    assert files() == []


def test_a_job_taken_away_while_it_is_stored_leaves_no_file(job, quick, monkeypatch):
    class Slow:
        delete = staticmethod(default_storage.delete)

        @staticmethod
        def save(name, content):
            ReportJob.objects.filter(pk=job.pk).update(status="queued")
            return default_storage.save(name, content)

    monkeypatch.setattr(holding, "default_storage", Slow)
    making.make(str(job.pk))
    assert stored(job).status == "queued"
    assert files() == []


def test_the_key_says_what_the_report_was_made_of(job, submitted, city, quick):
    accept_all(submitted, city.verifier)
    now = queries.sources(submitted.pk).key
    assert stored(job).key != now
    making.make(str(job.pk))
    assert stored(job).key == now
    assert services.request_agency_report(submitted.pk, city.operator) == job


def test_where_the_new_data_has_its_own_job_the_old_one_keeps_its_key(job, submitted, city, quick):
    accept_all(submitted, city.verifier)
    newer = services.request_agency_report(submitted.pk, city.operator)
    making.make(str(job.pk))
    assert (stored(job).status, stored(job).key) == ("done", job.key)
    making.make(str(newer.pk))
    assert stored(newer).status == "done"


def test_a_report_made_after_a_change_of_state_says_so(job, submitted, city, quick):
    from assessments import workflow

    workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    making.make(str(job.pk))
    assert stored(job).data_status == "draft"


def test_a_report_made_after_the_finalising_knows_its_revision(job, submitted, city, quick):
    from assessments import workflow

    workflow.finalise_period(period_id=submitted.period_id, user=city.coordinator, reason="Tidak diverifikasi.")
    assert stored(job).result_revision is None
    making.make(str(job.pk))
    assert (stored(job).is_draft, stored(job).result_revision) == (False, 1)


def running(job, *, attempts, silent):
    ReportJob.objects.filter(pk=job.pk).update(
        status="running", attempts=attempts, started_at=timezone.now(), heartbeat_at=timezone.now() - silent
    )


def test_a_job_whose_worker_died_is_queued_again(job):
    running(job, attempts=1, silent=making.LOST_AFTER * 2)
    assert making.take_up_lost() == [str(job.pk)]
    assert (stored(job).status, stored(job).progress) == ("queued", 0)


def test_a_job_that_is_alive_is_left_alone(job):
    running(job, attempts=1, silent=making.LOST_AFTER / 2)
    assert making.take_up_lost() == []
    assert stored(job).status == "running"


def test_a_job_that_died_too_often_fails_with_words(job, quick):
    running(job, attempts=making.MAX_ATTEMPTS, silent=making.LOST_AFTER * 2)
    assert making.take_up_lost() == []
    assert (stored(job).status, stored(job).error) == ("failed", making.GAVE_UP.format(code=job.code))
    making.make(str(job.pk))
    assert quick == []


def test_finished_jobs_are_never_taken_up(job, quick):
    making.make(str(job.pk))
    ReportJob.objects.update(queued_at=timezone.now() - making.LOST_AFTER * 10)
    assert making.take_up_lost() == []


def test_the_periodic_task_sends_lost_jobs(job, sent):
    running(job, attempts=1, silent=making.LOST_AFTER * 2)
    take_up_lost_reports()
    assert sent == [str(job.pk)]
