"""Asking for reports. The making itself is the worker's (`reports.making`)."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments.errors import Invalid, WrongState
from assessments.models import Period
from audit.services import record
from reports import asking, batches, making, permissions
from reports.asking import mark_lost
from reports.kinds import KINDS
from reports.models import BatchPart, ReportJob
from reports.queries import package

__all__ = ["cancel", "mark_lost", "note_download", "request_agency_report", "request_report", "retry", "take_up_lost"]


def request_agency_report(assessment_id: int, user: User) -> ReportJob:
    """The PDF of an assessment as it is now."""
    return request_report(kind=ReportJob.Kind.AGENCY, user=user, assessment_id=assessment_id)


def request_report(
    *,
    kind: str,
    user: User,
    assessment_id: int | None = None,
    period_id: int | None = None,
    format: str = ReportJob.Format.PDF,
) -> ReportJob:
    """The report of an assessment or a period as it is now: the one there is of the same data, or a new job.

    A failed or stopped job of the same data is tried again. A batch and the national package are always
    a ZIP. Writes an event where something is made. Raises `Assessment.DoesNotExist`, `Period.DoesNotExist`,
    `PermissionDenied`, `Invalid`.
    """
    if kind == ReportJob.Kind.BATCH:
        return _request_batch(period_id, user)
    if kind == ReportJob.Kind.PACKAGE:
        return _request_package(period_id, user)
    made = KINDS.get(kind)
    if made is None or made.of_assessment != (assessment_id is not None):
        raise Invalid({"kind": "Jenis laporan tidak dikenal. Pilih salah satu jenis yang tersedia."})
    if format not in made.formats:
        shown = " atau ".join(str(ReportJob.Format(each).label) for each in made.formats)
        raise Invalid({"format": f"{made.title} tersedia sebagai {shown}."})
    with transaction.atomic():
        rows = made.maker.sources(assessment_id if made.of_assessment else period_id)
        if not made.may_have(rights_of(user), rows.assessment if made.of_assessment else rows.period):
            raise PermissionDenied
        return _begin(*asking.obtain(made.value, made.prefix, format, rows, user), user)


def _request_batch(period_id: int | None, user: User) -> ReportJob:
    with transaction.atomic():
        period = Period.objects.get(pk=period_id or 0)
        if not permissions.can_request_period(rights_of(user), period):
            raise PermissionDenied
        rows = batches.sources(period, user)
        return _begin(*asking.obtain(ReportJob.Kind.BATCH, batches.PREFIX, ReportJob.Format.ZIP, rows, user), user)


def _request_package(period_id: int | None, user: User) -> ReportJob:
    with transaction.atomic():
        period = Period.objects.get(pk=period_id or 0)
        if not permissions.can_request_package(rights_of(user), period):
            raise PermissionDenied
        rows = package.sources(period.pk)
        return _begin(*asking.obtain(ReportJob.Kind.PACKAGE, "PKN", ReportJob.Format.ZIP, rows, user), user)


def _begin(job: ReportJob, is_new: bool, user: User) -> ReportJob:
    """Record and send what is to be made; what is there already is now somebody's own."""
    if is_new:
        _recorded("report.request", job, user)
        asking.send_on_commit(job)
    else:
        BatchPart.objects.filter(job=job, is_own=True).update(is_own=False)
    return job


def retry(job_id: UUID | str, user: User) -> ReportJob:
    """Try a failed or stopped report again. Raises `PermissionDenied`, `WrongState` where it is neither."""
    with transaction.atomic():
        job = ReportJob.objects.select_for_update(of=("self",)).select_related("assessment").get(pk=job_id)
        if not permissions.can_open(rights_of(user), job):
            raise PermissionDenied
        if job.status not in asking.OVER:
            raise WrongState("Laporan ini tidak gagal, jadi tidak perlu diulangi.")
        return _begin(*asking.again(job, user), user)


def cancel(job_id: UUID | str, user: User) -> ReportJob:
    """Stop what waits or, of a ZIP, is being made. Raises `PermissionDenied`, `WrongState` where it is too late.

    Of a batch the parts not begun are dropped, unless somebody else waits for them; the others may end.
    """
    with transaction.atomic():
        job = ReportJob.objects.select_for_update(of=("self",)).select_related("assessment").get(pk=job_id)
        if not permissions.can_cancel(rights_of(user), job):
            raise PermissionDenied
        stoppable = batches.WAITING if job.is_archive else (ReportJob.Status.QUEUED,)
        in_use = not job.is_batch and job.in_batches.filter(batch__status__in=batches.WAITING).exists()
        if in_use:
            raise WrongState("Laporan ini bagian dari kumpulan laporan yang sedang dibuat. Hentikan kumpulannya.")
        # The worker does not ask for our lock: only what still waits is stopped.
        now = timezone.now()
        stopped = ReportJob.objects.filter(pk=job.pk, status__in=stoppable).update(
            status=ReportJob.Status.CANCELLED, step="", finished_at=now
        )
        if not stopped:
            raise WrongState("Laporan ini sudah mulai dibuat atau sudah selesai, jadi tidak dapat dihentikan.")
        dropped = batches.stop_parts(job) if job.is_batch else 0
        job.refresh_from_db()
        _recorded("report.cancel", job, user, dropped=dropped)
        return job


def take_up_lost() -> int:
    """Send jobs again whose worker died or whose message was lost; how many. Called where people look."""
    ids = making.take_up_lost()
    for job_id in ids:
        asking.send(job_id)
    return len(ids)


def note_download(job: ReportJob, user: User) -> None:
    """Record that somebody took a report that is not only their own agency's."""
    if job.assessment is not None and permissions.is_member(rights_of(user), job.assessment):
        return
    with transaction.atomic():
        _recorded("report.download", job, user, sha256=job.sha256)


def _recorded(action: str, job: ReportJob, user: User, **more: object) -> None:
    stream = f"assessment:{job.assessment_id}" if job.assessment_id else f"period:{job.period_id}"
    after = {"code": job.code, "kind": job.kind, "format": job.format, "data_status": job.data_status, **more}
    record(action, job, actor=user, stream=stream, after=after)
