"""The row of a report: the one there is of the same data, else a new one; and the message to the worker."""

import logging

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from reports import signing
from reports.keys import file_key
from reports.kinds import Sources
from reports.models import BatchPart, ReportJob, new_code

log = logging.getLogger(__name__)

#: Made no further: the same may be asked for anew.
OVER = (ReportJob.Status.FAILED, ReportJob.Status.CANCELLED)


def obtain(kind: str, prefix: str, file_format: str, rows: Sources, user: User) -> tuple[ReportJob, bool]:
    """The job of this data in this format, and whether it has to be sent: new, or failed or stopped before.

    Call it in a transaction.
    """
    same = ReportJob.objects.filter(key=key_of(rows.key, file_format))
    for last in (False, False, True):
        job = same.exclude(status__in=OVER).first()
        if job is not None and not _file_is_lost(job):
            return job, False
        over = same.filter(status__in=OVER).first()
        if over is not None:
            return again(over, user)
        try:
            with transaction.atomic():
                return _new_job(kind, prefix, file_format, rows, user), True
        except IntegrityError:
            # Somebody asked for the same at the same moment and was first: look again, for it may even
            # have failed by now. Or the code was taken: the next one is another.
            if last:
                raise
    raise AssertionError("unreachable")


def key_of(key: str, file_format: str) -> str:
    """The key of a file of the document with `key`, as it would be made now."""
    return file_key(key, file_format, signing.fingerprint() if file_format == ReportJob.Format.PDF else "")


def again(job: ReportJob, user: User) -> tuple[ReportJob, bool]:
    """A failed or stopped job put into the queue as if it were new, or the one of the same data that is there."""
    requested_by = job.requested_by if job.is_batch else user
    known = " ".join(digest for digest in (job.earlier_sha256, job.sha256) if digest)
    try:
        with transaction.atomic():
            changed = ReportJob.objects.filter(pk=job.pk, status__in=OVER).update(
                status=ReportJob.Status.QUEUED,
                requested_by=requested_by,
                queued_at=timezone.now(),
                finished_at=None,
                attempts=0,
                progress=0,
                step="",
                error="",
                file="",
                size=0,
                pages=0,
                sha256="",
                earlier_sha256=known,
                part_count=None,
            )
    except IntegrityError:
        # There is another job of the same data by now: that one is the report.
        other = ReportJob.objects.filter(key=job.key).exclude(status__in=OVER).first()
        return other or job, False
    if changed and job.is_batch:
        BatchPart.objects.filter(batch=job).delete()
    job.refresh_from_db()
    return job, bool(changed)


def _new_job(kind: str, prefix: str, file_format: str, rows: Sources, user: User) -> ReportJob:
    assessment = rows.assessment
    return ReportJob.objects.create(
        code=f"{prefix}-{rows.period.year}-{new_code()}",
        kind=kind,
        format=file_format,
        period=rows.period,
        assessment=assessment,
        key=key_of(rows.key, file_format),
        data_status=assessment.status if assessment else "",
        is_draft=rows.is_draft,
        result_revision=rows.revision,
        shown_subject=assessment.agency.name if assessment else settings.GOVERNMENT_NAME,
        requested_by=user,
        queued_at=timezone.now(),
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


def send_on_commit(job: ReportJob) -> None:
    transaction.on_commit(lambda: send(str(job.pk)))


def send(job_id: str) -> None:
    """Tell the worker. A broker that is down is no error: the row waits and is sent again by age."""
    from reports.tasks import make_report

    try:
        make_report.delay(job_id)
    except Exception:
        log.exception("The broker did not take report %s; it is sent again later.", job_id)
