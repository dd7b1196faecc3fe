"""Pages of reports: the list, one report while it is made and after, its download."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import rights_of
from assessments.errors import Refused
from assessments.views._base import allow, find_assessment
from reports import permissions, queries, services
from reports.models import ReportJob

PAGE_SIZE = 25


def _find(request: HttpRequest, pk: UUID) -> ReportJob:
    """The report, if this person may know of it; else 404."""
    return get_object_or_404(queries.jobs(rights_of(request.user)), pk=pk)


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """Made reports, newest first, by period (`?periode=`)."""
    rights = rights_of(request.user)
    services.take_up_lost()
    periods = queries.periods_with_jobs(rights)
    wanted = request.GET.get("periode", "")
    period = next((each for each in periods if str(each.pk) == wanted), None)
    if wanted and period is None:
        raise Http404
    page = Paginator(queries.jobs(rights, period), PAGE_SIZE).get_page(request.GET.get("halaman"))
    context: dict[str, Any] = {
        "page": page,
        "periods": periods,
        "period": period,
        "own": queries.own_assessments(rights),
        "some_waiting": any(job.is_waiting for job in page),
    }
    return render(request, "reports/list.html", context)


@require_POST
def report_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the report of an assessment; goes to the report's page, where it appears."""
    assessment = find_assessment(request, pk)
    allow(permissions.can_request(rights_of(request.user), assessment))
    job = services.request_agency_report(assessment.pk, request.user)  # type: ignore[arg-type]
    return redirect("report", pk=job.pk)


@require_safe
@never_cache
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One report. htmx asks for the state alone while it is made; without scripts the page renews itself."""
    job = _find(request, pk)
    if job.is_waiting and services.take_up_lost():
        job.refresh_from_db()
    template = "reports/_state.html" if request.htmx else "reports/report.html"  # type: ignore[attr-defined]
    return render(request, template, {"job": job})


@require_safe
@never_cache
def report_download(request: HttpRequest, pk: UUID) -> HttpResponse | FileResponse:
    """The PDF, always as an attachment."""
    job = _find(request, pk)
    if job.status != ReportJob.Status.DONE:
        messages.info(request, "Laporan ini belum siap diunduh.")
        return redirect("report", pk=job.pk)
    try:
        content = job.file.open("rb")
    except OSError:
        services.mark_lost(job)
        return redirect("report", pk=job.pk)
    if request.method == "GET":
        services.note_download(job, request.user)  # type: ignore[arg-type]
    return FileResponse(
        content,
        as_attachment=True,
        filename=_file_name(job),
        content_type="application/pdf",
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"},
    )


@require_POST
def report_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    job = _find(request, pk)
    try:
        job = services.retry(job.pk, request.user)  # type: ignore[arg-type]
    except Refused as refusal:
        messages.info(request, refusal.message)
    return redirect("report", pk=job.pk)


def _file_name(job: ReportJob) -> str:
    """For example "laporan-spbe-dinkes-2026-rev2.pdf". A job of `queries.jobs`."""
    mark = "-draf" if job.is_draft else "-tidak-selesai" if job.is_complete is False else ""  # type: ignore[attr-defined]
    revision = f"-rev{job.result_revision}" if job.result_revision and job.result_revision > 1 else ""
    agency = slugify(job.assessment.agency.short_name) or job.assessment.agency.slug
    return f"laporan-spbe-{agency}-{job.assessment.period.year}{mark}{revision}.pdf"


@require_POST
def report_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    raise Http404


@require_POST
def report_request_period(request: HttpRequest, pk: int) -> HttpResponse:
    raise Http404
