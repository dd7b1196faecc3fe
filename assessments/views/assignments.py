"""Penugasan: the table of agencies and indicators, its patterns, and CSV out and in. The coordinator's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agency
from assessments import assignment_csv, permissions
from assessments.errors import Invalid, NotReady, Refused, Stale
from assessments.forms.assignments import ConfirmForm, ImportForm, edits_of, seal, unseal
from assessments.models import Period
from assessments.queries import assignment_presets as presets
from assessments.queries import assignments as queries
from assessments.services import assignments as services
from assessments.services.assignments import Change, Plan, plan_assignments, set_assignments
from assessments.views._base import allow, rights
from spbe_portal.formatting import count_id

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
ERRORS_SHOWN = 100
CHANGED_MEANWHILE = (
    "Penugasan berubah setelah halaman ini dibuka, jadi belum ada yang disimpan. Periksa rencana yang sekarang."
)
KEYS = [
    ("← ↑ → ↓", "Pindah sel; sel judul baris dan judul kolom ikut terlewati"),
    ("Spasi", "Ganti berurutan: kosong, pendukung, PIC"),
    ("P", "Pendukung; pada judul baris atau kolom mengisi seluruhnya"),
    ("C", "PIC"),
    ("Delete", "Kosongkan"),
    ("Ctrl + Z", "Urungkan"),
    ("Ctrl + S", "Simpan semua perubahan"),
    ("Home  End", "Awal dan akhir baris"),
]
#: The cells are many, so their markup is as short as HTML allows.
_CELLS = {"": "<td>", "support": '<td class="s">P', "pic": '<td class="c">PIC'}


def _find(request: HttpRequest, pk: int) -> Period:
    """The period, for those who assign (else 403, whether it exists or not)."""
    allow(permissions.can_assign(rights(request)))
    return get_object_or_404(Period.objects.select_related("instrument"), pk=pk)


def _can_change(request: HttpRequest, period: Period) -> bool:
    if period.status in services.CHANGEABLE:
        return True
    label = period.get_status_display()
    messages.warning(request, f"Periode ini berstatus {label}, jadi penugasannya tidak dapat diubah.")
    return False


@require_safe
def assignments(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole table; it is changed by script and saved at once. Without script it is read, and changed by CSV."""
    period = _find(request, pk)
    grid = queries.grid(period)
    return render(
        request,
        "assessments/assignments.html",
        {
            "period": period,
            "grid": grid,
            "columns": list(zip(grid.columns, grid.pics, strict=True)),
            "rows": [(row, _cells(row)) for row in grid.rows],
            "can_change": period.status in services.CHANGEABLE,
            "keys": KEYS,
        },
    )


def _cells(row: queries.Row) -> SafeString:
    return mark_safe("".join(map(_CELLS.__getitem__, row.kinds)))  # our own three texts


@require_POST
def assignments_save(request: HttpRequest, pk: int) -> JsonResponse:
    """The cells changed in the table, all or none."""
    period = _find(request, pk)
    try:
        edits = edits_of(request)
        plan = set_assignments(
            period_id=period.pk,
            user=request.user,
            changes=edits.changes,
            expected=edits.expected,
            reason=edits.reason,
        )
    except Stale as refusal:
        cells = [[agency, code, kind or ""] for (agency, code), kind in refusal.current.items()]
        return JsonResponse({"detail": refusal.message, "cells": cells}, status=409)
    except NotReady as refusal:
        problems = [problem.message for problem in refusal.problems]
        return JsonResponse({"detail": refusal.message, "problems": problems}, status=422)
    except Invalid as refusal:
        return JsonResponse({"detail": refusal.message}, status=400)
    except Refused as refusal:
        return JsonResponse({"detail": refusal.message}, status=409)
    return JsonResponse({"saved": len(plan.changes), "detail": _saved(plan)})


def _saved(plan: Plan) -> str:
    parts = [(plan.added, "ditambahkan"), (plan.changed, "diubah"), (plan.removed, "dihapus")]
    text = ", ".join(f"{count_id(number)} {word}" for number, word in parts if number)
    return f"Penugasan sudah disimpan: {text}." if text else "Tidak ada yang berubah."


# --- Patterns -----------------------------------------------------------------------------------------


@get_or_post
def assignments_preset(request: HttpRequest, pk: int) -> HttpResponse:
    """The patterns to choose from; a chosen one (`?pola=`) shows what it would change, the POST changes it."""
    period = _find(request, pk)
    if not _can_change(request, period):
        return redirect("assignments", pk=pk)
    earlier = queries.earlier_periods(period)
    name = request.GET.get("pola", "")
    if not name:
        context = {"period": period, "earlier": earlier, "has_mapping": presets.has_mapping(period)}
        return render(request, "assessments/assignments_preset.html", context)
    grid = queries.grid(period)
    preset, title = _preset(grid, name, request.GET.get("dari", ""), earlier)
    return _confirm(request, grid, preset.changes, {"title": title, "notes": preset.notes})


def _preset(grid: queries.Grid, name: str, source: str, earlier: list[Period]) -> tuple[presets.Preset, str]:
    if name == "semua":
        return presets.everything(grid), "Semua OPD mendukung semua indikator"
    if name in ("lazim", "lazim-kosong") and presets.has_mapping(grid.period):
        only_gaps = name == "lazim-kosong"
        return presets.usual(grid, only_gaps=only_gaps), (
            "PIC lazim untuk indikator tanpa PIC" if only_gaps else "PIC lazim untuk semua indikator"
        )
    chosen = next((period for period in earlier if str(period.pk) == source), None)
    if name == "salin" and chosen is not None:
        return presets.copied(grid, chosen), f"Salin dari {chosen.name}"
    raise Http404("Pola penugasan ini tidak ada.")


@dataclass(frozen=True)
class PlanLine:
    """What a plan does to one agency: words and the indicators they are about."""

    agency: str
    parts: list[tuple[str, str]]


def _lines(plan: Plan, grid: queries.Grid) -> list[PlanLine]:
    order = [column.code for column in grid.columns]
    names = {row.agency.pk: row.agency.name for row in grid.rows}
    found: dict[int, dict[str, list[str]]] = {}
    for agency, code, kind in plan.changes:
        was = plan.before.get((agency, code))
        if kind is None:
            word = "dihapus"
        elif was is None:
            word = "PIC baru" if kind == presets.PIC else "pendukung baru"
        else:
            word = "menjadi PIC" if kind == presets.PIC else "menjadi pendukung"
        found.setdefault(agency, {}).setdefault(word, []).append(code)
    lines = [
        PlanLine(
            names.get(agency, "–"), [(word, queries.spans(codes, order)) for word, codes in sorted(words.items())]
        )
        for agency, words in found.items()
    ]
    return sorted(lines, key=lambda line: line.agency)


def _confirm(
    request: HttpRequest, grid: queries.Grid, changes: Iterable[Change], more: Mapping[str, Any]
) -> HttpResponse:
    """Show what `changes` come to, with what is refused left out; saved once that very plan is confirmed."""
    period = grid.period
    plan = plan_assignments(period, changes)
    confirming = "token" in request.POST
    form = ConfirmForm(request.POST if confirming else None)
    if confirming and form.is_valid():
        if form.cleaned_data["token"] != plan.token:
            form.add_error(None, CHANGED_MEANWHILE)
        else:
            expected = {change[:2]: plan.before.get(change[:2]) for change in plan.changes}
            try:
                done = set_assignments(
                    period_id=period.pk,
                    user=request.user,
                    changes=plan.changes,
                    expected=expected,
                    reason=form.cleaned_data["reason"],
                )
            except Refused as refusal:
                form.add_error(None, refusal.message)
                grid = queries.grid(period)
                plan = plan_assignments(period, changes)
            else:
                messages.success(request, _saved(done))
                return redirect("assignments", pk=period.pk)
    context = {"period": period, "plan": plan, "lines": _lines(plan, grid), "form": form, **more}
    return render(request, "assessments/assignments_plan.html", context)


# --- CSV ----------------------------------------------------------------------------------------------


@require_safe
def assignments_export(request: HttpRequest, pk: int) -> HttpResponse:
    """One line an assigned cell; reading it in again changes nothing."""
    period = _find(request, pk)
    grid = queries.grid(period)
    rows = (
        (row.agency.slug, row.agency.name, column.code, column.name, kind)
        for row in grid.rows
        for column, kind in zip(grid.columns, row.kinds, strict=True)
        if kind
    )
    response = HttpResponse(assignment_csv.write(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="penugasan-{period.year}-{period.pk}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@get_or_post
def assignments_import(request: HttpRequest, pk: int) -> HttpResponse:
    """A file is read and judged, then confirmed: both times by the same reckoning over the same signed cells."""
    period = _find(request, pk)
    if not _can_change(request, period):
        return redirect("assignments", pk=pk)
    sealed = request.POST.get("sealed", "")
    form = ImportForm(None if sealed or request.method != "POST" else request.POST, request.FILES or None)
    context: dict[str, Any] = {"period": period, "form": form}
    if sealed:
        found = unseal(sealed, period, request.user)
        if found is None:
            messages.warning(request, "Hasil pemeriksaan berkas ini sudah tidak berlaku. Unggah berkasnya lagi.")
            return redirect("assignments_import", pk=pk)
        return _dry_run(request, period, *found, sealed)
    if request.method == "POST" and form.is_valid():
        sheet = assignment_csv.read(
            form.cleaned_data["file"].read(),
            assignment_csv.names(Agency.objects.values_list("pk", "slug", "name", "short_name")),
            period.instrument.indicators.values_list("code", flat=True),
        )
        if not sheet.errors:
            mode = form.cleaned_data["mode"]
            cells = dict(sheet.cells)
            return _dry_run(request, period, mode, cells, seal(period, request.user, mode, cells.items()), sheet.lines)
        context |= {
            "sheet": sheet,
            "shown": sheet.errors[:ERRORS_SHOWN],
            "hidden": max(0, len(sheet.errors) - ERRORS_SHOWN),
        }
    return render(request, "assessments/assignments_import.html", context)


def _dry_run(
    request: HttpRequest,
    period: Period,
    mode: str,
    cells: Mapping[tuple[int, str], str | None],
    sealed: str,
    lines: int | None = None,
) -> HttpResponse:
    grid = queries.grid(period)
    wanted: dict[tuple[int, str], str | None] = dict(cells)
    if mode == ImportForm.REPLACE:
        wanted = dict.fromkeys(grid.cells) | wanted
    notes = ("Penugasan yang tidak ada dalam berkas dihapus.",) if mode == ImportForm.REPLACE else ()
    more = {"title": "Periksa isi berkas", "notes": notes, "sealed": sealed, "lines_read": lines}
    return _confirm(request, grid, [(*cell, kind) for cell, kind in wanted.items()], more)
