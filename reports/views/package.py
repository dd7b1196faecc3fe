"""The national package of a period: what it lacks first, then having it made."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.permissions import rights_of
from assessments.models import Period
from assessments.views._base import allow
from reports import permissions, services
from reports.models import ReportJob
from reports.queries import jobs
from reports.queries import package as queries


@require_http_methods(["GET", "HEAD", "POST"])
def package(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be in it and what is missing (`?jenis=` one kind of gap); POST has it made in spite of that."""
    rights = rights_of(request.user)
    allow(rights.is_coordinator)
    period = get_object_or_404(Period.objects.exclude(status=Period.Status.DRAFT), pk=pk)
    allow(permissions.can_request_package(rights, period))
    if request.method == "POST":
        job = services.request_report(kind=ReportJob.Kind.PACKAGE, user=request.user, period_id=period.pk)
        return redirect("report", pk=job.pk)
    rows = queries.sources(period.pk)
    counts = rows.counts()
    wanted = request.GET.get("jenis", "")
    if wanted not in ("", "lengkap", *queries.GAPS):
        raise Http404
    made = jobs(rights).filter(kind=ReportJob.Kind.PACKAGE, period=period)
    context = {
        "period": rows.period,
        "rows": rows,
        "shown": [(item, shown) for item in rows.items if (shown := _shown(item, wanted)) is not None],
        "chips": [("", "Semua", len(rows.items)), *counts, ("lengkap", "Tanpa kekurangan", rows.complete)],
        "wanted": wanted,
        "lacking": len(rows.items) - rows.complete,
        "made": made.exclude(status__in=[ReportJob.Status.FAILED, ReportJob.Status.CANCELLED]).first(),
        "limit": queries.file_limit(),
    }
    return render(request, "reports/package.html", context)


def _shown(item: queries.Item, wanted: str) -> list[tuple[queries.Gap, str]] | None:
    """The gaps of one row with where they are mended; None where the filter leaves the row out."""
    if wanted == "lengkap":
        return None if item.gaps else []
    if wanted and all(gap.kind != wanted for gap in item.gaps):
        return None
    return [(gap, queries.url_of(gap)) for gap in item.gaps if not wanted or gap.kind == wanted]
