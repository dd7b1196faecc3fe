"""Making a report in the worker: claim the row, read, render, store, and say so on the row."""

import hashlib
import logging
from datetime import datetime, timedelta
from io import BytesIO

import pikepdf
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from reports import queries
from reports.documents import AgencyReport
from reports.models import ReportJob
from reports.pdf import render_agency_report

log = logging.getLogger(__name__)

#: A job is begun at most this often; a worker that dies in it three times will not survive a fourth.
MAX_ATTEMPTS = 3
#: Without a sign of life for so long, a running job's worker is dead. (A step takes seconds.)
LOST_AFTER = timedelta(minutes=2)
#: Waiting for so long, the message to the worker may be lost: it is sent again, which does no harm.
UNHEARD_AFTER = timedelta(minutes=3)

FAILED = (
    "Laporan tidak dapat dibuat karena kesalahan pada portal. Data penilaian tidak berubah. Coba lagi; bila tetap "
    "gagal, hubungi pengelola portal dan sebutkan kode {code}."
)
GAVE_UP = (
    "Pembuatan laporan terhenti beberapa kali sebelum selesai. Data penilaian tidak berubah. Coba lagi; bila tetap "
    "gagal, hubungi pengelola portal dan sebutkan kode {code}."
)


def make(job_id: str) -> None:
    """Make one report. Does nothing where the job is not waiting (done, failed, or another worker has it)."""
    job = _claim(job_id)
    if job is None:
        return
    try:
        rows, report = _read(job)
        if not _beat(job, 40, "Menyusun halaman"):
            return
        content = render_agency_report(report)
        if not _beat(job, 90, "Menyimpan berkas"):
            return
        _finish(job, rows, report, content)
    except Exception:
        # Whatever went wrong, the person who waits must learn of it.
        log.exception("Report %s failed", job.code)
        _fail(job)


def take_up_lost(now: datetime | None = None) -> list[str]:
    """Put jobs of dead workers and unheard jobs back into the queue; the ids to send. Two queries, mostly.

    A job begun too often fails instead.
    """
    now = now or timezone.now()
    ids = []
    running = ReportJob.objects.filter(status=ReportJob.Status.RUNNING, heartbeat_at__lt=now - LOST_AFTER)
    for job in running.only("id", "code", "attempts", "heartbeat_at", "status")[:50]:
        still = ReportJob.objects.filter(pk=job.pk, status=job.status, heartbeat_at=job.heartbeat_at)
        if job.attempts >= MAX_ATTEMPTS:
            still.update(status=ReportJob.Status.FAILED, error=GAVE_UP.format(code=job.code), step="", finished_at=now)
        elif still.update(status=ReportJob.Status.QUEUED, queued_at=now, progress=0, step=""):
            ids.append(str(job.pk))
    unheard = ReportJob.objects.filter(status=ReportJob.Status.QUEUED, queued_at__lt=now - UNHEARD_AFTER)
    for job in unheard.only("id", "queued_at")[:50]:
        if ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.QUEUED, queued_at=job.queued_at).update(
            queued_at=now
        ):
            ids.append(str(job.pk))
    return ids


def _claim(job_id: str) -> ReportJob | None:
    """The job, if it was waiting and is now ours: one UPDATE, so only one worker gets it."""
    now = timezone.now()
    taken = ReportJob.objects.filter(pk=job_id, status=ReportJob.Status.QUEUED, attempts__lt=MAX_ATTEMPTS).update(
        status=ReportJob.Status.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        progress=10,
        step="Membaca data",
        error="",
    )
    return ReportJob.objects.get(pk=job_id) if taken else None


def _ours(job: ReportJob) -> QuerySet[ReportJob]:
    """The row, as long as this attempt still holds it."""
    return ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.RUNNING, attempts=job.attempts)


def _beat(job: ReportJob, progress: int, step: str) -> bool:
    """Say that it goes on; False when the job was given to another worker meanwhile."""
    return bool(_ours(job).update(progress=progress, step=step, heartbeat_at=timezone.now()))


def _read(job: ReportJob) -> tuple[queries.Sources, AgencyReport]:
    """The document, and what it was made of. Read again where the data changed while it was read."""
    for _ in range(5):
        rows = queries.sources(job.assessment_id)
        report = queries.agency_report(rows, code=job.code, generated_at=timezone.now())
        if queries.sources(job.assessment_id).key == rows.key:
            break
    return rows, report


def _finish(job: ReportJob, rows: queries.Sources, report: AgencyReport, content: bytes) -> None:
    with pikepdf.open(BytesIO(content)) as document:
        pages = len(document.pages)
    name = default_storage.save(f"reports/{report.year}/{job.pk}-{job.attempts}.pdf", ContentFile(content))
    done = {
        "status": ReportJob.Status.DONE,
        "progress": 100,
        "step": "",
        "finished_at": timezone.now(),
        "file": name,
        "size": len(content),
        "pages": pages,
        "sha256": hashlib.sha256(content).hexdigest(),
        "data_status": rows.assessment.status,
        "is_draft": rows.is_draft,
        "result_revision": rows.result.revision if rows.result else None,
    }
    kept = 0
    try:
        try:
            # The data may have changed since it was asked for: the key says what it was really made of.
            with transaction.atomic():
                kept = _ours(job).update(**done, key=rows.key)
        except IntegrityError:
            kept = _ours(job).update(**done)
    finally:
        if not kept:
            default_storage.delete(name)


def _fail(job: ReportJob) -> None:
    _ours(job).update(
        status=ReportJob.Status.FAILED,
        error=FAILED.format(code=job.code),
        step="",
        finished_at=timezone.now(),
    )
