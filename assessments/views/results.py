"""The list of all agencies' results in a period, for leaders, verifiers and coordinators."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import permissions
from assessments.models import Period, Status
from assessments.queries import results as queries
from assessments.views._base import allow, rights

PAGE_SIZE = 100
ORDERS = (("nama", "Nama"), ("status", "Status"), ("cakupan", "Cakupan"))


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    mine = rights(request)
    allow(permissions.can_see_results(mine))
    periods = queries.periods_with_results(mine)
    period = _chosen(periods, request.GET.get("periode", ""))
    if period is None:
        return render(request, "assessments/results.html", {"period": None})
    rows = queries.result_rows(period, mine)
    turnout = queries.turnout(period)
    filters = {name: request.GET.get(name, "").strip() for name in ("jenis", "status", "cari", "urut")}
    shown = queries.ordered([row for row in rows if _matches(row, filters)], _order(filters["urut"]))
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("halaman"))
    page.object_list = queries.with_earlier(page.object_list, period)
    return render(
        request,
        "assessments/results.html",
        {
            "period": period,
            "periods": periods,
            "turnout": turnout,
            "total": len(rows),
            "page": page,
            "shown": len(shown),
            "filters": filters,
            "is_filtered": any(filters[name] for name in ("jenis", "status", "cari")),
            "kinds": queries.kinds_of(rows),
            "statuses": _statuses(rows),
            "orders": ORDERS,
            "some_rounded_over": any(row.is_rounded_over for row in shown),
        },
    )


def _chosen(periods: list[Period], wanted: str) -> Period | None:
    """The period asked for, or the latest. Raises `Http404` for one the person may see nothing of."""
    if not wanted:
        return periods[0] if periods else None
    for period in periods:
        if str(period.pk) == wanted:
            return period
    raise Http404


def _order(wanted: str) -> str:
    return wanted if wanted in dict(ORDERS) else "nama"


def _matches(row: queries.ResultRow, filters: dict[str, Any]) -> bool:
    agency = row.assessment.agency
    return (
        (not filters["jenis"] or agency.kind == filters["jenis"])
        and (not filters["status"] or row.status == filters["status"])
        and filters["cari"].casefold() in f"{agency.name} {agency.short_name}".casefold()
    )


def _statuses(rows: list[queries.ResultRow]) -> list[tuple[str, str, int]]:
    """(status, label, number) of those that occur, in the order of the loop."""
    labels = [*Status.choices, ("unfinished", "Tidak selesai")]
    found = [(value, label, sum(row.status == value for row in rows)) for value, label in labels]
    return [each for each in found if each[2]]
