"""Files as answers to a request, for page and API alike. `shape` is "xlsx" or "csv"."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.models import User
from assessments.models import Assessment, Evidence, Period
from assessments.queries import exports as queries
from assessments.services import exports as services
from assessments.services.history import csv_lines
from spbe_portal.books import Cell, Column
from spbe_portal.sheets import CSV, XLSX


def results_file(found: queries.PeriodResults, shape: str, *, levels: bool = False) -> HttpResponseBase:
    """The agencies' results; a CSV holds these or, with `levels`, the levels behind them."""
    name = _named(found.period)
    if shape == "xlsx":
        return xlsx_file(services.results_book(found), f"hasil-{name}.xlsx")
    if levels:
        return _csv_file(found.level_columns, queries.level_lines(found), f"level-{name}")
    return _csv_file(queries.RESULT_COLUMNS, queries.result_lines(found), f"hasil-{name}")


def evidence_file_of_period(*, user: User, period: Period, shape: str) -> HttpResponseBase:
    """All evidence of a period, of all agencies. Recorded."""
    services.note_evidence_export(user=user, period=period, format=shape)
    return _evidence(queries.evidence_of_period(period), shape, period.name, _named(period))


def evidence_file(assessment: Assessment, shape: str) -> HttpResponseBase:
    title = f"{assessment.agency.name}, {assessment.period.name}"
    name = f"{assessment.agency.slug}-{assessment.period.year}"
    return _evidence(queries.evidence_of(assessment), shape, title, name)


def xlsx_file(content: bytes, name: str) -> HttpResponse:
    return attached(content, name, XLSX)


def attached(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file that was made whole; `name` holds nothing that somebody typed."""
    return HttpResponse(content, content_type=content_type, headers=_headers(name))


def _evidence(found: QuerySet[Evidence], shape: str, title: str, name: str) -> HttpResponseBase:
    lines = queries.evidence_lines(found)
    if shape == "xlsx":
        return xlsx_file(services.evidence_book(title, lines), f"bukti-{name}.xlsx")
    return _csv_file(queries.EVIDENCE_COLUMNS, lines, f"bukti-{name}")


def _csv_file(columns: Iterable[Column], lines: Iterable[Sequence[Cell]], name: str) -> StreamingHttpResponse:
    """Sent as it is made."""
    rows = ([queries.plain(cell) for cell in line] for line in lines)
    body = csv_lines([column.title for column in columns], rows)
    return StreamingHttpResponse(body, content_type=CSV, headers=_headers(f"{name}.csv"))


def _named(period: Period) -> str:
    """Nothing that somebody typed."""
    return f"{period.year}-{timezone.localdate():%Y-%m-%d}"


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
