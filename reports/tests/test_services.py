"""Asking for reports: one job for one state of the data, whoever asks and how often."""

import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone

from assessments.errors import Invalid, WrongState
from assessments.models import Assessment, Period
from audit.models import Event
from conftest import accept_all, fill
from reports import asking, making, services
from reports.models import CODE_LETTERS, ReportJob

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def request(assessment, user):
    return services.request_agency_report(assessment.pk, user)


def fail(job):
    ReportJob.objects.filter(pk=job.pk).update(status="failed", error="Gagal.", progress=40)


def finish(job, name="reports/x.pdf"):
    ReportJob.objects.filter(pk=job.pk).update(
        status="done",
        file=default_storage.save(name, ContentFile(b"%PDF-")),
        sha256="0" * 64,
        finished_at=timezone.now(),
    )


def test_a_request_makes_a_job_an_event_and_a_message(submitted, city, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = request(submitted, city.operator)
        assert sent == []
    assert sent == [str(job.pk)]
    assert (job.status, job.data_status, job.is_draft, job.requested_by) == (
        "queued", "submitted", True, city.operator,
    )  # fmt: skip
    event = Event.objects.get(action="report.request")
    assert (event.actor, event.stream, event.after["code"]) == (
        city.operator, f"assessment:{submitted.pk}", job.code,
    )  # fmt: skip


def test_a_code_can_be_read_aloud(submitted, city):
    code = request(submitted, city.operator).code
    kind, year, first, second = code.split("-")
    assert (kind, year, len(first), len(second)) == ("LPO", "2026", 4, 4)
    assert set(first + second) <= set(CODE_LETTERS)


def test_the_same_request_twice_is_one_job_even_by_another_person(submitted, city):
    first = request(submitted, city.operator)
    assert request(submitted, city.operator) == first
    assert request(submitted, city.leader) == first
    finish(first)
    assert request(submitted, city.leader) == first
    assert ReportJob.objects.count() == 1
    assert Event.objects.filter(action="report.request").count() == 1


def test_changed_data_is_another_job(submitted, city):
    first = request(submitted, city.operator)
    accept_all(submitted, city.verifier)
    assert request(submitted, city.operator) != first


def test_a_failed_job_is_tried_again_by_the_same_request(submitted, city, sent, django_capture_on_commit_callbacks):
    job = request(submitted, city.operator)
    fail(job)
    with django_capture_on_commit_callbacks(execute=True):
        again = request(submitted, city.operator)
    assert (again, again.status, again.error, again.attempts) == (job, "queued", "", 0)
    assert sent == [str(job.pk)]


def test_a_report_whose_file_is_gone_is_made_again(submitted, city):
    job = request(submitted, city.operator)
    finish(job)
    job.refresh_from_db()
    default_storage.delete(job.file.name)
    again = request(submitted, city.operator)
    assert (again, again.status, again.file.name) == (job, "queued", "")


def test_retry_starts_a_failed_job_anew(submitted, city, sent, django_capture_on_commit_callbacks):
    job = request(submitted, city.operator)
    fail(job)
    with django_capture_on_commit_callbacks(execute=True):
        job = services.retry(job.pk, city.operator)
    assert (job.status, job.progress, job.error) == ("queued", 0, "")
    assert sent == [str(job.pk)]


def test_only_what_failed_can_be_retried(submitted, city):
    job = request(submitted, city.operator)
    with pytest.raises(WrongState):
        services.retry(job.pk, city.operator)


def test_retry_of_a_failed_job_gives_the_newer_one_of_the_same_data(submitted, city):
    old = request(submitted, city.operator)
    fail(old)
    newer = ReportJob.objects.create(
        code="LPO-2026-NEW", kind="agency", assessment=submitted, period=submitted.period, key=old.key,
        data_status="submitted", is_draft=True, queued_at=timezone.now(),
    )  # fmt: skip
    assert services.retry(old.pk, city.operator) == newer


def test_who_does_not_see_the_assessment_makes_no_report(assessment, city):
    for person in (city.other_operator, city.verifier, city.leader, city.admin, city.outsider):
        with pytest.raises(PermissionDenied):
            request(assessment, person)
    assert ReportJob.objects.count() == 0
    assert request(assessment, city.operator).data_status == "draft"


def test_a_broker_that_is_down_loses_nothing(submitted, city, monkeypatch, django_capture_on_commit_callbacks):
    def down(job_id):
        raise OSError("no broker")

    monkeypatch.setattr("reports.tasks.make_report.delay", down)
    with django_capture_on_commit_callbacks(execute=True):
        job = request(submitted, city.operator)
    assert ReportJob.objects.get(pk=job.pk).status == "queued"


def test_a_download_by_a_stranger_to_the_agency_is_recorded_and_one_by_its_own_is_not(submitted, city):
    job = request(submitted, city.operator)
    services.note_download(job, city.operator)
    assert Event.objects.filter(action="report.download").count() == 0
    services.note_download(job, city.leader)
    event = Event.objects.get(action="report.download")
    assert (event.actor, event.stream, event.subject_id) == (city.leader, f"assessment:{submitted.pk}", str(job.pk))


def test_the_database_refuses_a_second_job_of_the_same_data(submitted, city):
    job = request(submitted, city.operator)
    values = {
        "kind": "agency", "assessment": submitted, "period": submitted.period, "key": job.key,
        "data_status": "submitted", "is_draft": True, "queued_at": timezone.now(),
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportJob.objects.create(code="LPO-2026-X", **values)
    fail(job)
    ReportJob.objects.create(code="LPO-2026-X", **values)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"status": "done"},
        {"status": "running"},
        {"status": "failed"},
        {"status": "lost"},
        {"progress": 101},
        {"kind": "poem"},
        {"data_status": "open"},
    ],
)
def test_the_database_refuses_nonsense(submitted, city, nonsense):
    job = request(submitted, city.operator)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportJob.objects.filter(pk=job.pk).update(**nonsense)


@pytest.mark.parametrize("left", ["nothing", "a failed one", "a waiting one"])
def test_whoever_was_first_may_have_failed_or_vanished_meanwhile(submitted, city, monkeypatch, left):
    """The same was asked for between the look and the insert."""
    new_job, asked = asking._new_job, []

    def late(kind, prefix, file_format, rows, user):
        if asked:
            return new_job(kind, prefix, file_format, rows, user)
        asked.append(True)
        if left != "nothing":
            other = new_job(kind, prefix, file_format, rows, city.leader)
            if left == "a failed one":
                fail(other)
        raise IntegrityError

    monkeypatch.setattr(asking, "_new_job", late)
    # The savepoint of the insert takes the other's row back with it; so the other's is made outside of it.
    plain = SimpleNamespace(atomic=nullcontext, on_commit=transaction.on_commit)
    for module in (asking, services):
        monkeypatch.setattr(module, "transaction", plain)
    job = request(submitted, city.operator)
    assert (job.status, ReportJob.objects.count()) == ("queued", 1)
    assert job.requested_by == (city.leader if left == "a waiting one" else city.operator)


def test_a_code_that_is_taken_is_no_obstacle(submitted, city, monkeypatch):
    codes = iter(["AAAA-AAAA", "AAAA-AAAA", "CCCC-CCCC"])
    monkeypatch.setattr(asking, "new_code", lambda: next(codes))
    first = request(submitted, city.operator)
    accept_all(submitted, city.verifier)
    assert [first.code, request(submitted, city.operator).code] == ["LPO-2026-AAAA-AAAA", "LPO-2026-CCCC-CCCC"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_requests_at_the_same_moment_are_one_job(submitted, city):
    barrier = threading.Barrier(2)
    found = []

    def ask():
        try:
            barrier.wait()
            found.append(request(Assessment.objects.get(pk=submitted.pk), city.operator).pk)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert ReportJob.objects.count() == 1


def test_lost_jobs_are_sent_again(submitted, city, sent):
    job = request(submitted, city.operator)
    ReportJob.objects.filter(pk=job.pk).update(queued_at=timezone.now() - making.UNHEARD_AFTER * 2)
    assert services.take_up_lost() == 1
    assert sent == [str(job.pk)]
    assert services.take_up_lost() == 0


def test_a_draft_filled_further_gets_its_own_report(assessment, city):
    first = request(assessment, city.operator)
    fill(assessment, city.operator)
    second = request(assessment, city.operator)
    assert first != second
    assert first.key != second.key


def test_the_workbook_is_another_file_of_the_same_data(submitted, city):
    paper = request(submitted, city.operator)
    sheet = services.request_report(kind="agency", user=city.operator, assessment_id=submitted.pk, format="xlsx")
    assert (sheet.format, sheet.data_status, sheet != paper) == ("xlsx", paper.data_status, True)
    again = services.request_report(kind="agency", user=city.leader, assessment_id=submitted.pk, format="xlsx")
    assert again == sheet


@pytest.mark.parametrize(("kind", "format"), [("poem", "pdf"), ("agency", "docx"), ("agency", "zip"), ("", "pdf")])
def test_an_unknown_kind_or_format_is_refused_with_words(submitted, city, kind, format):
    with pytest.raises(Invalid) as refusal:
        services.request_report(kind=kind, user=city.operator, assessment_id=submitted.pk, format=format)
    assert refusal.value.message
    assert ReportJob.objects.count() == 0


@pytest.mark.parametrize("kind", ["pemda", "brief", "minutes"])
def test_a_report_of_the_government_is_of_the_period(period, city, kind, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = services.request_report(kind=kind, user=city.leader, period_id=period.pk)
    assert (job.kind, job.period, job.assessment, job.data_status, job.is_draft) == (kind, period, None, "", True)
    assert sent == [str(job.pk)]
    assert Event.objects.get(action="report.request").stream == f"period:{period.pk}"
    assert services.request_report(kind=kind, user=city.verifier, period_id=period.pk) == job
    for person in (city.operator, city.admin, city.outsider):
        with pytest.raises(PermissionDenied):
            services.request_report(kind=kind, user=person, period_id=period.pk)
    with pytest.raises(Period.DoesNotExist):
        services.request_report(kind=kind, user=city.leader, period_id=0)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"assessment": None},
        {"format": "docx"},
        {"format": "zip"},
        {"kind": "pemda"},
        {"kind": "batch", "assessment": None, "data_status": ""},
    ],
)
def test_the_database_refuses_what_is_of_no_kind(submitted, city, nonsense):
    job = request(submitted, city.operator)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportJob.objects.filter(pk=job.pk).update(**nonsense)
