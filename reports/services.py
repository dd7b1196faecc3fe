"""Asking for reports. The making itself is the worker's (`reports.making`)."""

import logging
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments.errors import WrongState
from audit.services import record
from reports import making, permissions, queries
from reports.models import ReportJob, new_code

log = logging.getLogger(__name__)


def request_agency_report(assessment_id: int, user: User) -> ReportJob:
    """The report of an assessment as it is now: the one there is of the same data, or a new job.

    A failed job of the same data is tried again. Writes an event where something is made. Raises
    `Assessment.DoesNotExist`, `PermissionDenied`.
    """
    with transaction.atomic():
        rows = queries.sources(assessment_id)
        if not permissions.can_request(rights_of(user), rows.assessment):
            raise PermissionDenied
        same = ReportJob.objects.filter(key=rows.key)
        for last in (False, False, True):
            job = same.exclude(status=ReportJob.Status.FAILED).first()
            if job is not None and not _file_is_lost(job):
                return job
            failed = same.filter(status=ReportJob.Status.FAILED).first()
            if failed is not None:
                return _again(failed, user)
            try:
                with transaction.atomic():
                    made = _new_job(rows, user)
            except IntegrityError:
                # Somebody asked for the same at the same moment and was first: look again, for it may even
                # have failed by now. Or the code was taken: the next one is another.
                if last:
                    raise
            else:
                break
        _recorded(made, user)
        _send_on_commit(made)
        return made


def _new_job(rows: queries.Sources, user: User) -> ReportJob:
    return ReportJob.objects.create(
        code=f"LPO-{rows.assessment.period.year}-{new_code()}",
        kind=ReportJob.Kind.AGENCY,
        assessment=rows.assessment,
        key=rows.key,
        data_status=rows.assessment.status,
        is_draft=rows.is_draft,
        result_revision=rows.result.revision if rows.result else None,
        requested_by=user,
        queued_at=timezone.now(),
    )


def retry(job_id: UUID | str, user: User) -> ReportJob:
    """Try a failed report again. Raises `PermissionDenied`, `WrongState` where it did not fail."""
    with transaction.atomic():
        job = ReportJob.objects.select_for_update(of=("self",)).select_related("assessment").get(pk=job_id)
        if not permissions.can_open(rights_of(user), job):
            raise PermissionDenied
        if job.status != ReportJob.Status.FAILED:
            raise WrongState("Laporan ini tidak gagal, jadi tidak perlu diulangi.")
        return _again(job, user)


def take_up_lost() -> int:
    """Send jobs again whose worker died or whose message was lost; how many. Called where people look."""
    ids = making.take_up_lost()
    for job_id in ids:
        _send(job_id)
    return len(ids)


def note_download(job: ReportJob, user: User) -> None:
    """Record that somebody from outside the agency took the report."""
    if permissions.is_member(rights_of(user), job.assessment):
        return
    with transaction.atomic():
        record(
            "report.download",
            job,
            actor=user,
            stream=f"assessment:{job.assessment_id}",
            after={"code": job.code, "sha256": job.sha256},
        )


def mark_lost(job: ReportJob) -> None:
    """The file of a finished report is gone from the store: it can be made again."""
    log.error("The file of report %s is missing: %s", job.code, job.file.name)
    ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.DONE).update(
        status=ReportJob.Status.FAILED,
        error="Berkas laporan ini tidak ditemukan lagi di penyimpanan. Buat ulang dengan tombol di bawah.",
        progress=0,
    )


def _file_is_lost(job: ReportJob) -> bool:
    if job.status != ReportJob.Status.DONE or default_storage.exists(str(job.file.name)):
        return False
    mark_lost(job)
    return True


def _again(job: ReportJob, user: User) -> ReportJob:
    now = timezone.now()
    try:
        with transaction.atomic():
            changed = ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.FAILED).update(
                status=ReportJob.Status.QUEUED,
                queued_at=now,
                finished_at=None,
                attempts=0,
                progress=0,
                step="",
                error="",
                file="",
                size=0,
                pages=0,
                sha256="",
            )
    except IntegrityError:
        # There is another job of the same data by now: that one is the report.
        other = ReportJob.objects.filter(key=job.key).exclude(status=ReportJob.Status.FAILED).first()
        return other or job
    job.refresh_from_db()
    if changed:
        _recorded(job, user)
        _send_on_commit(job)
    return job


def _recorded(job: ReportJob, user: User) -> None:
    record(
        "report.request",
        job,
        actor=user,
        stream=f"assessment:{job.assessment_id}",
        after={"code": job.code, "kind": job.kind, "data_status": job.data_status},
    )


def _send_on_commit(job: ReportJob) -> None:
    transaction.on_commit(lambda: _send(str(job.pk)))


def _send(job_id: str) -> None:
    """Tell the worker. A broker that is down is no error: the row waits and is sent again by age."""
    from reports.tasks import make_report

    try:
        make_report.delay(job_id)
    except Exception:
        log.exception("The broker did not take report %s; it is sent again later.", job_id)
