"""Who did what: of an assessment, of an indicator, of everything."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.views._base import SignedIn
from assessments import permissions, sentences
from assessments.forms.history import HistoryFilters, TrailFilters
from assessments.models import Answer, Assessment
from assessments.queries import audit_trail as trails
from assessments.queries import history as histories
from assessments.services import history as files
from assessments.views._base import allow, find_assessment, rights
from audit.queries import latest_anchor, latest_verification
from spbe_portal.sheets import CSV, XLSX, write_xlsx

KINDS = tuple(sentences.KINDS.items())


@require_safe
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that happened in one assessment, as far as this person may know of it."""
    assessment = _find(request, pk)
    return _history(request, assessment, "")


@require_safe
def answer_history(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The same of one indicator."""
    assessment = _find(request, pk)
    answer = get_object_or_404(Answer.objects.select_related("indicator"), assessment=assessment, indicator__code=code)
    return _history(request, assessment, code, indicator=answer.indicator)


@require_safe
def history_export(request: SignedIn, pk: int) -> HttpResponseBase:
    """What the page shows, unpaged, as a file (`bentuk`: csv, xlsx). Recorded."""
    assessment = _find(request, pk)
    shape = _shape(request)
    mine = rights(request)
    filters, events = _narrowed(request, assessment, "")
    files.note_export(user=request.user, assessment=assessment, format=shape, filters=_told(filters))
    shows_open = permissions.can_see_open_decisions(mine, assessment)

    def rows() -> Iterator[list[str]]:
        for piece in files.in_pieces(events):
            for line in histories.worded(piece, lambda event: not shows_open):
                yield files.row_of(line)

    name = f"riwayat-{assessment.agency.slug}-{assessment.period.year}"
    return _file(files.HEAD, rows(), name, shape, "Riwayat")


@require_safe
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Every event of the portal, newest first."""
    mine = rights(request)
    allow(permissions.can_see_audit_trail(mine))
    filters = TrailFilters(request.GET)
    trail = filters.trail
    before = request.GET.get("sebelum", "")
    page = trails.trail_page(mine, trail, int(before) if before.isdigit() and len(before) < 19 else None)
    context = {
        "filters": filters,
        "trail": trail,
        "page": page,
        "verification": (verification := latest_verification()),
        "problems": [(text, _stream_in(text)) for text in verification.problems] if verification else [],
        "anchor": latest_anchor(),
        "chips": (("", "Semua"), *KINDS),
        "chosen": trail.wanted.kind,
        "most": files.MOST,
    }
    return render(request, "assessments/audit_trail.html", context)


@require_safe
def audit_trail_export(request: SignedIn) -> HttpResponseBase:
    """What the page shows, the newest first, as a file. Recorded."""
    mine = rights(request)
    allow(permissions.can_see_audit_trail(mine))
    shape = _shape(request)
    filters = TrailFilters(request.GET)
    events = trails.trail_events(mine, filters.trail)
    files.note_trail_export(user=request.user, format=shape, filters=_told(filters))

    def rows() -> Iterator[list[str]]:
        for piece in files.in_pieces(events):
            for row in trails.rows_of(mine, piece):
                cells = files.row_of(row.line)
                yield [*cells[: files.SHARED], row.thing, *cells[files.SHARED :]]

    head = (*files.HEAD[: files.SHARED], "Tentang", *files.HEAD[files.SHARED :])
    return _file(head, rows(), "jejak-audit", shape, "Jejak audit")


def _stream_in(problem: str) -> str:
    """The stream a problem of the chain begins with ("assessment:12: ..."); empty where it is of none."""
    found = re.match(r"([a-z_]+:[0-9A-Za-z_-]+): ", problem)
    return found[1] if found else ""


def _find(request: HttpRequest, pk: int) -> Assessment:
    assessment = find_assessment(request, pk)
    allow(permissions.can_see_history(rights(request), assessment))
    return assessment


def _narrowed(request: HttpRequest, assessment: Assessment, code: str) -> tuple[HistoryFilters, Any]:
    readable = histories.readable_events(rights(request), assessment)
    if code:
        readable = histories.of_indicator(readable, assessment, code)
    people = histories.people_in(readable)
    filters = HistoryFilters(request.GET, people=people, assessment=assessment, code=code)
    wanted = filters.wanted
    events = histories.narrowed(readable, wanted)
    if wanted.indicator and not code:
        events = histories.of_indicator(events, assessment, wanted.indicator)
    return filters, events


def _history(request: HttpRequest, assessment: Assessment, code: str, **more: Any) -> HttpResponse:
    mine = rights(request)
    filters, events = _narrowed(request, assessment, code)
    page = Paginator(histories.grouped(events), histories.PAGE_SIZE).get_page(request.GET.get("halaman"))
    wanted = filters.wanted
    context = {
        "assessment": assessment,
        "filters": filters,
        "is_filtered": wanted.is_narrowed and wanted != histories.Wanted(indicator=code),
        "page": page,
        "entries": histories.entries(mine, assessment, page.object_list),
        "verification": latest_verification(),
        "anchor": latest_anchor(),
        "chips": (("", "Semua"), *KINDS),
        "chosen": wanted.kind,
        "code": code,
        "shows_open": permissions.can_see_open_decisions(mine, assessment),
        "most": files.MOST,
        **more,
    }
    return render(request, "assessments/history.html", context)


def _shape(request: HttpRequest) -> str:
    shape = request.GET.get("bentuk", "")
    if shape not in ("csv", "xlsx"):
        raise Http404
    return shape


def _told(filters: HistoryFilters | TrailFilters) -> dict[str, str]:
    """The filters as they stood in the address, for the record."""
    return {name: str(filters.data[name])[:100] for name in filters.fields if filters.data.get(name)}


def _file(head: Any, rows: Iterator[list[str]], name: str, shape: str, title: str) -> HttpResponseBase:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.{shape}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if shape == "csv":
        return StreamingHttpResponse(files.csv_lines(head, rows), content_type=CSV, headers=headers)
    return HttpResponse(write_xlsx(head, rows, title=title), content_type=XLSX, headers=headers)
