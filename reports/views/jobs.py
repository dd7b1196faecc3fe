"""Pages of reports: the list, one report while it is made and after, its download."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import rights_of
from assessments.errors import Invalid, Refused
from assessments.models import Period
from assessments.views._base import allow, find_assessment
from reports import permissions, queries, services
from reports.downloads import download
from reports.kinds import KINDS
from reports.models import OF_THE_GOVERNMENT, ReportJob

PAGE_SIZE = 25
#: Periods whose reports are offered at once; older ones are folded away.
PERIODS_SHOWN = 2


def _find(request: HttpRequest, pk: UUID) -> ReportJob:
    """The report, if this person may know of it; else 404."""
    return get_object_or_404(queries.jobs(rights_of(request.user)), pk=pk)


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Made reports, newest first, by period (`?periode=`), kind (`?jenis=`) and format (`?bentuk=`)."""
    rights = rights_of(request.user)
    services.take_up_lost()
    periods, kinds = queries.periods_with_jobs(rights), queries.kinds_with_jobs(rights)
    wanted = {name: request.GET.get(name, "") for name in ("periode", "jenis", "bentuk")}
    period = next((each for each in periods if str(each.pk) == wanted["periode"]), None)
    if (wanted["periode"] and period is None) or wanted["jenis"] not in ("", *ReportJob.Kind.values):
        raise Http404
    if wanted["bentuk"] not in ("", *ReportJob.Format.values):
        raise Http404
    found = queries.listed(rights, period, wanted["jenis"], wanted["bentuk"])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("halaman"))
    open_periods = queries.reportable_periods(rights)
    context: dict[str, Any] = {
        "page": page,
        "periods": periods,
        "period": period,
        "kinds": [(kind, ReportJob.Kind(kind).label) for kind in kinds],
        "formats": ReportJob.Format.choices,
        "wanted": wanted,
        "is_filtered": any(wanted.values()),
        "own": queries.own_assessments(rights),
        "open_periods": open_periods[:PERIODS_SHOWN],
        "older_periods": open_periods[PERIODS_SHOWN:],
        "offered": [KINDS[kind] for kind in OF_THE_GOVERNMENT] if open_periods else [],
        "some_waiting": any(job.is_waiting for job in page),
    }
    return render(request, "reports/list.html", context)


@require_POST
def report_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the report of an assessment (`bentuk`: pdf or xlsx); goes to the report's page, where it appears."""
    assessment = find_assessment(request, pk)
    allow(permissions.can_request(rights_of(request.user), assessment))
    try:
        job = services.request_report(
            kind=ReportJob.Kind.AGENCY,
            user=request.user,
            assessment_id=assessment.pk,
            format=request.POST.get("bentuk") or ReportJob.Format.PDF,
        )
    except Invalid as refusal:
        return _refused(request, refusal)
    return redirect("report", pk=job.pk)


@require_POST
def report_request_period(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a report of the government, or for all agencies' as a ZIP (`jenis`, `bentuk`)."""
    rights = rights_of(request.user)
    allow(permissions.can_request_periods(rights))
    period = get_object_or_404(Period.objects.exclude(status=Period.Status.DRAFT), pk=pk)
    allow(permissions.can_request_period(rights, period))
    try:
        job = services.request_report(
            kind=request.POST.get("jenis", ""),
            user=request.user,
            period_id=period.pk,
            format=request.POST.get("bentuk") or ReportJob.Format.PDF,
        )
    except Invalid as refusal:
        return _refused(request, refusal)
    return redirect("report", pk=job.pk)


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    messages.error(request, refusal.message)
    return redirect("report_list")


@require_safe
@never_cache
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One report. htmx asks for the state alone while it is made; without scripts the page renews itself."""
    job = _find(request, pk)
    if job.is_waiting and services.take_up_lost():
        job.refresh_from_db()
    rights = rights_of(request.user)
    context = {
        "job": job,
        "parts": queries.part_counts(job) if job.is_batch else None,
        "can_cancel": job.is_waiting and permissions.can_cancel(rights, job),
        "others": _other_formats(job),
    }
    template = "reports/_state.html" if request.htmx else "reports/report.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _other_formats(job: ReportJob) -> list[tuple[str, str]]:
    """In which other formats the same can be asked for."""
    if job.is_archive:
        return []
    return [(each, str(ReportJob.Format(each).label)) for each in KINDS[job.kind].formats if each != job.format]


@require_safe
@never_cache
def report_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file, always as an attachment."""
    job = _find(request, pk)
    if job.status != ReportJob.Status.DONE:
        messages.info(request, "Laporan ini belum siap diunduh.")
        return redirect("report", pk=job.pk)
    try:
        return download(request, job, request.user)  # type: ignore[arg-type]
    except FileNotFoundError:
        services.mark_lost(job)
        return redirect("report", pk=job.pk)


@require_POST
def report_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = _find(request, pk)
    try:
        job = services.retry(job.pk, request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.info(request, refusal.message)
    return redirect("report", pk=job.pk)


@require_POST
def report_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop a report that waits, or a batch that is being made."""
    job = _find(request, pk)
    allow(permissions.can_cancel(rights_of(request.user), job))
    try:
        services.cancel(job.pk, request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.info(request, refusal.message)
    return redirect("report", pk=job.pk)
