"""Results of a period and lists of evidence as files (`bentuk`: xlsx, csv)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.views._base import SignedIn
from assessments import permissions
from assessments.models import Period
from assessments.queries import exports as queries
from assessments.queries.results import periods_with_results
from assessments.services import exports as services
from assessments.services.history import csv_lines
from assessments.views._base import allow, find_assessment, rights
from spbe_portal.books import Cell, Column
from spbe_portal.sheets import CSV, XLSX


@require_safe
def results_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the list of results shows, and every level behind it (`isi=level`: of a CSV, the levels instead)."""
    mine = rights(request)
    allow(permissions.can_see_results(mine))
    period = next((each for each in periods_with_results(mine) if each.pk == pk), None)
    if period is None:
        raise Http404
    shape = shape_of(request)
    found = queries.period_results(period, mine)
    name = f"hasil-{_named(period)}"
    if shape == "xlsx":
        return xlsx_file(services.results_book(found), name)
    if request.GET.get("isi") == "level":
        return csv_file(found.level_columns, queries.level_lines(found), f"level-{_named(period)}")
    return csv_file(queries.RESULT_COLUMNS, queries.result_lines(found), name)


@require_safe
def period_evidence_export(request: SignedIn, pk: int) -> HttpResponseBase:
    """All evidence of a period, of all agencies. Recorded."""
    allow(permissions.can_manage_periods(rights(request)))
    period = get_object_or_404(Period, pk=pk)
    shape = shape_of(request)
    services.note_evidence_export(user=request.user, period=period, format=shape)
    return _evidence(queries.evidence_of_period(period), shape, period.name, _named(period))


@require_safe
def evidence_export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The evidence of one assessment."""
    assessment = find_assessment(request, pk)
    allow(permissions.can_see_evidence(rights(request), assessment))
    name = f"{assessment.agency.slug}-{assessment.period.year}"
    title = f"{assessment.agency.name}, {assessment.period.name}"
    return _evidence(queries.evidence_of(assessment), shape_of(request), title, name)


def shape_of(request: HttpRequest) -> str:
    shape = request.GET.get("bentuk", "xlsx")
    if shape not in ("csv", "xlsx"):
        raise Http404
    return shape


def _evidence(found: Any, shape: str, title: str, name: str) -> HttpResponseBase:
    lines = queries.evidence_lines(found)
    if shape == "xlsx":
        return xlsx_file(services.evidence_book(title, lines), f"bukti-{name}")
    return csv_file(queries.EVIDENCE_COLUMNS, lines, f"bukti-{name}")


def xlsx_file(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=XLSX, headers=_headers(f"{name}.xlsx"))


def csv_file(columns: Iterable[Column], lines: Iterable[Sequence[Cell]], name: str) -> StreamingHttpResponse:
    """Sent as it is made."""
    rows = ([queries.plain(cell) for cell in line] for line in lines)
    body = csv_lines(services.titles(columns), rows)
    return StreamingHttpResponse(body, content_type=CSV, headers=_headers(f"{name}.csv"))


def _named(period: Period) -> str:
    return f"{slugify(period.name)[:60] or 'periode'}-{timezone.localdate():%Y-%m-%d}"


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
