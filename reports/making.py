"""Making a report in the worker: claim the row, read, render, store, and say so on the row."""

import hashlib
import logging
from datetime import datetime
from io import BytesIO

import pikepdf
from django.core.files.base import ContentFile
from django.utils import timezone

from reports import asking, batches, kinds, signing
from reports.holding import GAVE_UP, LOST_AFTER, MAX_ATTEMPTS, UNHEARD_AFTER, beat, claim, fail, store
from reports.models import ReportJob
from reports.package import writing

log = logging.getLogger(__name__)


def make(job_id: str) -> None:
    """Make one report. Does nothing where the job is not waiting (done, failed, or another worker has it)."""
    job = claim(job_id)
    if job is None:
        return
    try:
        if job.is_batch:
            batches.begin(job)
            return
        if job.is_package:
            writing.make(job)
            return
        rows, document = _read(job)
        if not beat(job, 40, "Menyusun halaman"):
            return
        maker = kinds.KINDS[job.kind].maker
        signed_by = ""
        if job.format == ReportJob.Format.XLSX:
            content = maker.write_xlsx(document)
        else:
            content, signed_by = signing.signed(maker.render_pdf(document))
        if not beat(job, 90, "Menyimpan berkas"):
            return
        _finish(job, rows, document, content, signed_by)
    except Exception:
        # Whatever went wrong, the person who waits must learn of it.
        log.exception("Report %s failed", job.code)
        fail(job)
    batches.part_ended(job)


def take_up_lost(now: datetime | None = None) -> list[str]:
    """Put jobs of dead workers and unheard jobs back into the queue; the ids to send. Two queries, mostly.

    A job begun too often fails instead. A batch that waits for its parts is not lost, however long that takes.
    """
    now = now or timezone.now()
    ids = []
    running = ReportJob.objects.filter(status=ReportJob.Status.RUNNING, heartbeat_at__lt=now - LOST_AFTER)
    for job in running.only("id", "code", "kind", "attempts", "heartbeat_at", "status", "part_count")[:50]:
        still = ReportJob.objects.filter(pk=job.pk, status=job.status, heartbeat_at=job.heartbeat_at)
        if job.is_batch and batches.waits_for_parts(job):
            still.update(heartbeat_at=now)
        elif job.attempts >= MAX_ATTEMPTS:
            if still.update(
                status=ReportJob.Status.FAILED, error=GAVE_UP.format(code=job.code), step="", finished_at=now
            ):
                batches.part_ended(job)
        elif still.update(status=ReportJob.Status.QUEUED, queued_at=now, progress=0, step=""):
            ids.append(str(job.pk))
    unheard = ReportJob.objects.filter(status=ReportJob.Status.QUEUED, queued_at__lt=now - UNHEARD_AFTER)
    for job in unheard.only("id", "queued_at")[:50]:
        if ReportJob.objects.filter(pk=job.pk, status=ReportJob.Status.QUEUED, queued_at=job.queued_at).update(
            queued_at=now
        ):
            ids.append(str(job.pk))
    return ids


def _read(job: ReportJob) -> tuple[kinds.Sources, kinds.Document]:
    """The document, and what it was made of. Read again where the data changed while it was read.

    The time it bears is the one the public check shows (`started_at`): to the minute, whoever compares finds the same.
    """
    kind = kinds.KINDS[job.kind]
    pk = job.assessment_id if kind.of_assessment else job.period_id
    for _ in range(5):
        rows = kind.maker.sources(pk)
        document = kind.maker.document(rows, code=job.code, generated_at=job.started_at or timezone.now())
        if kind.maker.sources(pk).key == rows.key:
            break
    return rows, document


def _finish(job: ReportJob, rows: kinds.Sources, document: kinds.Document, content: bytes, signed_by: str) -> None:
    facts = {
        "size": len(content),
        "pages": _pages(content) if job.format == ReportJob.Format.PDF else 0,
        "sha256": hashlib.sha256(content).hexdigest(),
        "data_status": rows.assessment.status if rows.assessment else "",
        "is_draft": rows.is_draft,
        "result_revision": rows.revision,
        "shown_subject": document.shown_subject[:300],
        "shown_index": document.shown_index[:100],
        "signed_by": signed_by[:300],
    }
    store(job, ContentFile(content), facts, key=asking.key_of(rows.key, job.format))


def _pages(content: bytes) -> int:
    with pikepdf.open(BytesIO(content)) as document:
        return len(document.pages)
