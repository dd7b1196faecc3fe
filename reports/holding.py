"""An attempt's hold on the row of a job: take it, keep it alive, store what was made, or say that it failed.

One conditional UPDATE each, so that a job is made by one worker at a time, however often it was sent.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationKind, WebhookEvent
from accounts.services import webhooks
from accounts.services.notifications import notify
from reports.models import BatchPart, ReportJob

#: A job is begun at most this often; a worker that dies in it three times will not survive a fourth.
MAX_ATTEMPTS = 3
#: Without a sign of life for so long, a running job's worker is dead. (A step takes seconds.)
LOST_AFTER = timedelta(minutes=2)
#: Waiting for so long, the message to the worker may be lost: it is sent again, which does no harm.
UNHEARD_AFTER = timedelta(minutes=3)

#: Who waits this long for a report has gone on with something else, and is told when it is ready.
LONG = timedelta(seconds=20)

FAILED = (
    "Laporan tidak dapat dibuat karena kesalahan pada portal. Data penilaian tidak berubah. Coba lagi; bila tetap "
    "gagal, hubungi pengelola portal dan sebutkan kode {code}."
)
GAVE_UP = (
    "Pembuatan laporan terhenti beberapa kali sebelum selesai. Data penilaian tidak berubah. Coba lagi; bila tetap "
    "gagal, hubungi pengelola portal dan sebutkan kode {code}."
)


def claim(job_id: str) -> ReportJob | None:
    """The job, if it was waiting and is now ours."""
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
    return ReportJob.objects.select_related("period", "requested_by").get(pk=job_id) if taken else None


def ours(job: ReportJob) -> QuerySet[ReportJob]:
    """The row, as long as this attempt still holds it."""
    return ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.RUNNING, attempts=job.attempts)


def beat(job: ReportJob, progress: int, step: str) -> bool:
    """Say that it goes on; False when the job was stopped or given to another worker meanwhile."""
    return bool(ours(job).update(progress=progress, step=step, heartbeat_at=timezone.now()))


def store(job: ReportJob, content: File, facts: Mapping[str, Any], *, key: str) -> None:
    """Store the file and set the job to done with `facts` (size and digest among them); nothing where it is lost.

    The data may have changed since it was asked for: `key` says what it was really made of, unless another job
    has that key.
    """
    name = default_storage.save(f"reports/{job.period.year}/{job.pk}-{job.attempts}.{job.format}", content)
    done = {
        "status": ReportJob.Status.DONE,
        "progress": 100,
        "step": "",
        "finished_at": timezone.now(),
        "file": name,
        **facts,
    }
    subject = str(facts.get("shown_subject", ""))
    kept = False
    try:
        try:
            kept = _finished(job, {**done, "key": key}, subject)
        except IntegrityError:
            kept = _finished(job, done, subject)
    finally:
        if not kept:
            default_storage.delete(name)


def _finished(job: ReportJob, done: Mapping[str, Any], subject: str) -> bool:
    """Set the job to done and say so, in one transaction; False where it is lost. Raises `IntegrityError`."""
    with transaction.atomic():
        if not ours(job).update(**done):
            return False
        job.is_draft = done.get("is_draft", job.is_draft)  # of what it was really made of
        _tell(job, subject)
        return True


def _tell(job: ReportJob, subject: str) -> None:
    """Say that it is ready to who asked for it and has stopped watching, and to other systems. Of a batch not of
    every part."""
    if BatchPart.objects.filter(job=job, is_own=True).exists():
        return
    webhooks.announce(WebhookEvent.REPORT_READY, lambda: _told(job, subject))
    is_long = job.is_batch or timezone.now() - job.created_at >= LONG
    if job.requested_by and is_long:
        notify(
            [job.requested_by],
            kind=NotificationKind.REPORT,
            title=f"{job.get_kind_display()} siap diunduh",
            key=f"report:{job.pk}:{job.attempts}",
            text=f"{subject or job.period}. Kode {job.code}.",
            path=reverse("report", args=[job.pk]),
        )


def fail(job: ReportJob, error: str = FAILED) -> None:
    ours(job).update(
        status=ReportJob.Status.FAILED, error=error.format(code=job.code), step="", finished_at=timezone.now()
    )


def _told(job: ReportJob, subject: str) -> dict[str, Any]:
    """What other systems are told of a report that is ready."""
    return {
        "report": str(job.pk),
        "kind": str(job.kind),
        "name": job.get_kind_display(),
        "format": str(job.format),
        "code": job.code,
        "subject": subject,
        "period": {"id": job.period_id, "name": job.period.name, "year": job.period.year},
        "assessment": job.assessment_id,
        "is_draft": job.is_draft,
        "status": "done",
        "link": webhooks.address(reverse("report", args=[job.pk])),
    }
