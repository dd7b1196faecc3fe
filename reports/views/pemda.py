"""The government at a glance: the leader's page, the heat table, an agency's own place."""

from collections import Counter
from fractions import Fraction
from math import ceil, floor
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import permissions
from assessments.levels import pack
from assessments.models import Assessment, Period, Status
from assessments.queries.pemda import periods as opened_periods
from assessments.views._base import allow, rights
from reports import pemda_charts
from reports.cells import Cells
from reports.queries import dashboard as dashboard_queries
from reports.queries import heat as heat_queries
from reports.queries import place as place_queries

PAGE_SIZE = 300
LATE = "terlambat"
FILTERS = ("jenis", "cari", "urut", "indikator", "level", "status", "predikat")


def _chosen(found: list[Period], wanted: str) -> Period | None:
    """The period asked for, else the newest running one, else the newest. Raises `Http404` for an unknown one."""
    if wanted:
        period = next((each for each in found if str(each.pk) == wanted), None)
        if period is None:
            raise Http404
        return period
    return next((each for each in found if each.status == Period.Status.OPEN), found[0] if found else None)


@require_safe
def heat(request: HttpRequest) -> HttpResponse:
    """Agencies by indicators; with `?indikator=` the agencies at each level of one indicator besides."""
    mine = rights(request)
    allow(permissions.can_see_pemda(mine))
    found = opened_periods()
    period = _chosen(found, request.GET.get("periode", ""))
    if period is None:
        return render(request, "reports/pemda/heat.html", {"period": None})
    filters = {name: request.GET.get(name, "").strip() for name in FILTERS}
    columns = heat_queries.columns(period)
    chosen = next((column for column in columns if column.code == filters["indikator"]), None)
    if filters["indikator"] and chosen is None:
        raise Http404
    rows = heat_queries.rows(period, mine)
    kinds = sorted({(row.kind, row.kind_name) for row in rows}, key=lambda kind: kind[1])
    is_equal = heat_queries.are_equal(period)
    orders = [*heat_queries.ORDERS, *([heat_queries.BY_INDEX] if is_equal else [])]
    order = filters["urut"] if filters["urut"] in dict(orders) else "nama"
    every, total = rows, len(rows)
    rows = heat_queries.ordered([row for row in rows if _matches(row, filters)], order)
    context: dict[str, Any] = {}
    levels = None
    if chosen:
        levels = heat_queries.levels_of(period, rows)
        at_levels = heat_queries.by_level(rows, levels, chosen.code, _whole_levels(period))
        if filters["level"]:
            rows = next((list(each.rows) for each in at_levels if each.key == filters["level"]), [])
        context["at_levels"] = at_levels
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("halaman"))
    shown = list(page.object_list)
    if levels is None:
        levels = heat_queries.levels_of(period, shown)
    cells = Cells(columns, chosen.code if chosen else "")
    government = heat_queries.determined(period)
    return render(
        request,
        "reports/pemda/heat.html",
        {
            **context,
            "period": period,
            "periods": found,
            "columns": columns,
            "groups": heat_queries.groups(columns),
            "rows": [(row, cells.row(levels[row.assessment_id]) if row.is_seen else "") for row in shown],
            "government_cells": cells.row({column.code: pack_one(government.get(column.code)) for column in columns}),
            "determined": len(government),
            "government_level": government.get(chosen.code) if chosen else None,
            "page": page,
            "total": total,
            "shown": len(rows),
            "filters": filters,
            "is_filtered": any(filters[name] for name in ("jenis", "cari", "level", "status", "predikat")),
            "kinds": kinds,
            "orders": orders,
            "order": order,
            "statuses": _statuses(every),
            "is_equal": is_equal,
            "chosen": chosen,
            "legend": _whole_levels(period),
            "can_open": any(row.can_read for row in shown),
        },
    )


def _statuses(rows: list[heat_queries.HeatRow]) -> list[tuple[str, str, int]]:
    """(status, label, number) of those that occur, in the order of the loop; late ones besides."""
    counts = Counter(row.status for row in rows)
    labels = [*Status.choices, ("unfinished", "Tidak selesai")]
    found = [(value, label, counts[value]) for value, label in labels if counts[value]]
    late = sum(row.is_late for row in rows)
    return [*found, (LATE, "Terlambat", late)] if late else found


def _whole_levels(period: Period) -> range:
    return range(ceil(period.instrument.scale_min), floor(period.instrument.scale_max) + 1)


def pack_one(level: Any) -> str:
    """A level, or None, as `assessments.levels` writes it."""
    return pack([("", level)])[1:]


def _matches(row: heat_queries.HeatRow, filters: dict[str, str]) -> bool:
    status = filters["status"]
    return (
        (not filters["jenis"] or row.kind == filters["jenis"])
        and (not status or row.status == status or (status == LATE and row.is_late))
        and (not filters["predikat"] or row.predicate == filters["predikat"])
        and filters["cari"].casefold() in f"{row.name} {row.short_name}".casefold()
    )


@require_safe
def pemda(request: HttpRequest) -> HttpResponse:
    """The leader's page: one screen, one sheet of paper."""
    mine = rights(request)
    allow(permissions.can_see_pemda(mine))
    found = opened_periods()
    period = _chosen(found, request.GET.get("periode", ""))
    if period is None:
        return render(
            request, "reports/pemda/pemda.html", {"period": None, "can_open": permissions.can_manage_periods(mine)}
        )
    shown = dashboard_queries.dashboard(period, mine)
    return render(
        request,
        "reports/pemda/pemda.html",
        {
            "period": period,
            "periods": found,
            "shown": shown,
            "board": shown.board,
            "charts": pemda_charts.of(shown),
            "result_index": Fraction(shown.board.result.index_exact) if shown.board.result else None,
            "can_determine": permissions.can_determine(mine),
            "can_manage": permissions.can_manage_periods(mine),
            "sees_drafts": permissions.can_manage_periods(mine),
        },
    )


@require_safe
def own_place(request: HttpRequest) -> HttpResponse:
    """An operator's agency in a final result; of the others only how many stand where."""
    mine = rights(request)
    allow(permissions.can_see_own_place(mine))
    choices = place_queries.choices(mine)
    wanted = (request.GET.get("periode", ""), request.GET.get("opd", ""))
    if not choices and not any(wanted):
        return render(request, "reports/pemda/own_place.html", {"assessment": None})
    assessment = next((each for each in choices if _is_wanted(each, *wanted)), None)
    if assessment is None:
        raise Http404
    shown = place_queries.place(assessment)
    return render(
        request,
        "reports/pemda/own_place.html",
        {
            "assessment": assessment,
            "period": assessment.period,
            "periods": list({each.period_id: each.period for each in choices}.values()),
            "agencies": [each.agency for each in choices if each.period_id == assessment.period_id],
            "shown": shown,
            "chart": pemda_charts.place(shown) if shown else "",
            "fewest": place_queries.FEWEST,
        },
    )


def _is_wanted(assessment: Assessment, period: str, agency: str) -> bool:
    return (not period or str(assessment.period_id) == period) and (not agency or str(assessment.agency_id) == agency)
