"""A batch: the reports of all agencies of a period, and one ZIP at the end.

Its parts are ordinary agency jobs, so several workers share them and finished ones serve again. No worker waits for
them: whoever ends the last one puts the ZIP together.
"""

import csv
import hashlib
import io
import logging
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments.models import Assessment, Period
from assessments.models import Status as AssessmentStatus
from reports import asking, kinds, permissions
from reports.holding import beat, fail, ours, store
from reports.keys import data_key
from reports.models import BatchPart, ReportJob
from reports.names import file_name

log = logging.getLogger(__name__)

PREFIX = "KLO"
#: A batch with this much of its progress is being put together; at most one worker takes it there.
ASSEMBLY = 95
NOTHING = "Tidak ada laporan OPD yang dapat dibuat pada periode ini untuk Anda. Kode {code}."
ALL_FAILED = "Tidak satu pun laporan OPD dapat dibuat. Coba lagi; bila tetap gagal, sebutkan kode {code}."
WAITING = (ReportJob.Status.QUEUED, ReportJob.Status.RUNNING)


@dataclass(frozen=True)
class BatchSources:
    """What a batch is asked for with: a running one of the same period and audience is the same."""

    period: Period
    audience: str
    assessment: Assessment | None = None
    revision: int | None = None

    @property
    def key(self) -> str:
        return data_key(ReportJob.Kind.BATCH, self.period.pk, self.audience)

    @property
    def is_draft(self) -> bool:
        return self.period.status != Period.Status.FINAL


def sources(period: Period, user: User) -> BatchSources:
    """Coordinators see the same and share one; everybody else has their own."""
    return BatchSources(period, "coordinator" if rights_of(user).is_coordinator else f"user {user.pk}")


# --- In the worker -------------------------------------------------------------------------------------------


def begin(batch: ReportJob) -> None:
    """Ask for all its parts; called by the worker that claimed it. May be called again after a worker's death."""
    rights = rights_of(batch.requested_by) if batch.requested_by else None
    if rights is None:
        fail(batch, NOTHING)
        return
    agency = kinds.KINDS[ReportJob.Kind.AGENCY]
    there = BatchPart.objects.filter(batch=batch).values("job__assessment_id")
    wanted = (
        Assessment.objects.visible_to(rights)
        .filter(period=batch.period)
        .exclude(status=AssessmentStatus.CANCELLED)
        .exclude(pk__in=there)
        .order_by("agency__name")
    )
    for number, assessment_id in enumerate(wanted.values_list("pk", flat=True)):
        if number % 20 == 0 and not beat(batch, 10, "Menyusun daftar"):
            return
        with transaction.atomic():
            rows = agency.maker.sources(assessment_id)
            if not permissions.can_request(rights, rows.assessment):
                continue  # withdrawn a moment ago
            job, is_new = asking.obtain(agency.value, agency.prefix, kinds.PDF, rows, batch.requested_by)  # type: ignore[arg-type]
            BatchPart.objects.get_or_create(batch=batch, job=job, defaults={"is_own": is_new})
            if is_new:
                asking.send_on_commit(job)
    count = BatchPart.objects.filter(batch=batch).count()
    if not count:
        fail(batch, NOTHING)
    elif ours(batch).update(part_count=count, heartbeat_at=timezone.now()):
        advance(batch.pk)


def part_ended(job: ReportJob) -> None:
    """A report was made, failed or stopped: the batches it is in have come further."""
    if job.kind != ReportJob.Kind.AGENCY:
        return
    for batch_id in BatchPart.objects.filter(job=job, batch__status=ReportJob.Status.RUNNING).values_list(
        "batch_id", flat=True
    ):
        advance(batch_id)


def advance(batch_id: UUID) -> None:
    """Count what is there; put the ZIP together when all has ended."""
    batch = ReportJob.objects.select_related("period", "requested_by").filter(pk=batch_id, part_count__gt=0).first()
    if batch is None or batch.status != ReportJob.Status.RUNNING:
        return
    ended, total = _counts(batch)
    open_row = ours(batch).filter(progress__lt=ASSEMBLY)
    if ended < total:
        progress = 10 + 80 * ended // total
        open_row.update(progress=progress, step=f"{ended} dari {total} laporan", heartbeat_at=timezone.now())
    elif open_row.update(progress=ASSEMBLY, step="Menyusun ZIP", heartbeat_at=timezone.now()):
        try:
            _assemble(batch)
        except Exception:
            log.exception("Batch %s failed", batch.code)
            fail(batch)


def waits_for_parts(batch: ReportJob) -> bool:
    """Whether some of its reports are still being made."""
    if not batch.part_count:
        return False
    ended, total = _counts(batch)
    return ended < total


def _counts(batch: ReportJob) -> tuple[int, int]:
    """Parts that have ended one way or the other, and all."""
    counts = BatchPart.objects.filter(batch=batch).aggregate(
        ended=Count("pk", filter=~Q(job__status__in=WAITING)), total=Count("pk")
    )
    return counts["ended"], counts["total"]


# --- The ZIP -------------------------------------------------------------------------------------------------


def _assemble(batch: ReportJob) -> None:
    seen = ReportJob.objects.visible_to(rights_of(batch.requested_by))  # type: ignore[arg-type]
    mine = set(seen.filter(in_batches__batch=batch).values_list("pk", flat=True))
    parts = ReportJob.objects.with_results().filter(in_batches__batch=batch)
    jobs = list(parts.select_related("assessment__agency", "period").order_by("shown_subject", "code"))
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR, suffix=".zip") as out:
        included = []
        lines: list[tuple[str, str, str, str, str]] = []
        taken: set[str] = set()
        # Stored, not deflated: the PDFs are compressed already.
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for number, job in enumerate(jobs):
                if number % 20 == 0 and not beat(batch, ASSEMBLY, "Menyusun ZIP"):
                    return
                name, state = "", _state(job, job.pk in mine)
                if not state:
                    name = _free(file_name(job), taken)
                    state = _pack(archive, job, name)
                if state == MADE:
                    included.append(job)
                lines.append((job.code, job.shown_subject, state, name if state == MADE else "",
                              job.sha256 if state == MADE else ""))  # fmt: skip
            archive.writestr("daftar.csv", list_csv(lines))
        if not included:
            fail(batch, ALL_FAILED)
            return
        facts = {
            "size": out.tell(),
            "pages": sum(job.pages for job in included),
            "sha256": _digest(out),
            "is_draft": any(job.is_draft for job in included),
            "shown_index": f"{len(included)} dari {len(jobs)} laporan",
        }
        # What became a draft meanwhile, and so nothing of the requester's, is no part of the ZIP.
        BatchPart.objects.filter(batch=batch, job__status=ReportJob.Status.DONE).exclude(job__in=mine).delete()
        out.seek(0)
        # A finished ZIP is never given for a new request: its parts are.
        store(batch, File(out), facts, key=hashlib.sha256(str(batch.pk).encode()).hexdigest())


MADE = "dibuat"


def _state(job: ReportJob, is_mine: bool) -> str:
    """Why a report is not in the ZIP; "" where it is."""
    if job.status == ReportJob.Status.CANCELLED:
        return "dihentikan"
    if job.status != ReportJob.Status.DONE:
        return "gagal dibuat"
    return "" if is_mine else "ditarik kembali oleh OPD"


def _pack(archive: zipfile.ZipFile, job: ReportJob, name: str) -> str:
    made = timezone.localtime(job.finished_at)
    entry = zipfile.ZipInfo(name, made.timetuple()[:6])
    entry.external_attr = 0o644 << 16
    try:
        source = job.file.open("rb")
    except OSError:
        asking.mark_lost(job)
        return "berkas hilang dari penyimpanan"
    with source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return MADE


def _free(name: str, taken: set[str]) -> str:
    """`name`, or with a number where two agencies have the same short name."""
    stem, _, extension = name.rpartition(".")
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}.{extension}"
    taken.add(name)
    return name


def list_csv(lines: list[tuple[str, str, str, str, str]]) -> bytes:
    """The list in the ZIP, as Excel in Indonesian opens it: semicolons and a byte order mark. No cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(("kode", "OPD", "keadaan", "berkas", "sha256"))
    for line in lines:
        writer.writerow(f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in line)
    return out.getvalue().encode("utf-8-sig")


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


# --- Stopping ------------------------------------------------------------------------------------------------


def stop_parts(batch: ReportJob) -> int:
    """Drop the parts nobody else waits for and no worker has begun; how many. The others may end."""
    others = BatchPart.objects.filter(job=OuterRef("pk"), batch__status__in=WAITING).exclude(batch=batch)
    own = ReportJob.objects.filter(in_batches__batch=batch, in_batches__is_own=True).values("pk")
    return (
        ReportJob.objects.filter(~Exists(others), pk__in=own, status=ReportJob.Status.QUEUED)
        .update(status=ReportJob.Status.CANCELLED, step="", finished_at=timezone.now())
    )  # fmt: skip
