"""The ministry's result: compared with the government's levels, and brought in as a file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.views._base import SignedIn, posted
from assessments import permissions
from assessments.errors import Refused
from assessments.export_files import xlsx_file
from assessments.forms.external import ExternalFileForm
from assessments.models import Period, SheetDraft
from assessments.queries import external as queries
from assessments.queries import pemda
from assessments.services import external as services
from assessments.services import external_book
from assessments.views._base import allow, rights
from spbe_portal import sheets
from spbe_portal.formatting import count_id, decimal_id


def _find(request: HttpRequest, pk: int, *, write: bool = False) -> Period:
    """A period that was opened, for whoever sees the government's figures; `write`: for whoever fixes them."""
    allow(permissions.can_see_pemda(rights(request)))
    opened = Period.objects.filter(status__in=[Period.Status.OPEN, Period.Status.FINAL])
    period = get_object_or_404(opened.select_related("instrument"), pk=pk)
    allow(not write or permissions.can_determine(rights(request)))
    return period


@require_safe
def external_comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """Mandiri, verifikasi, Pemda and eksternal beside each other (`?saring=` a side)."""
    period = _find(request, pk)
    shown = queries.comparison(period)
    wanted = request.GET.get("saring", "")
    if wanted not in queries.FILTERS:
        wanted = "semua"
    context = {
        "period": period,
        "periods": pemda.periods(),
        "shown": shown,
        "domains": shown.only(wanted),
        "chips": [chip for chip in shown.counts() if chip[2] or chip[0] in ("semua", wanted)],
        "wanted": wanted,
        "digits": 2 if period.instrument.is_fractional else 0,
        "can_import": permissions.can_determine(rights(request)),
    }
    return render(request, "assessments/external.html", context)


@require_safe
def external_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a workbook."""
    period = _find(request, pk)
    content = external_book.book(queries.comparison(period), timezone.now())
    return xlsx_file(content, f"perbandingan-{period.year}-{period.pk}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
def external_import(request: SignedIn, pk: int) -> HttpResponse:
    """Take a file and show what it would do; nothing is written yet."""
    period = _find(request, pk, write=True)
    files = request.FILES if request.method == "POST" else None
    form = ExternalFileForm(posted(request), files, instrument=period.instrument)
    if getattr(request, "too_large_files", []):  # dropped while it arrived
        form.fields["file"].error_messages["required"] = sheets.TOO_LARGE
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            brought = services.read(sheets.read(file, file.name or "", file.size or 0), period)
        except sheets.Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            draft = services.keep(
                brought=brought,
                stated=form.cleaned_data["stated"],
                file_name=file.name or "hasil",
                period=period,
                user=request.user,
            )
            return redirect("external_import_review", pk, draft.pk)
    return render(request, "assessments/external_import.html", {"form": form, "period": period})


@require_http_methods(["GET", "HEAD", "POST"])
def external_import_review(request: SignedIn, pk: int, draft_pk: int) -> HttpResponse:
    """Row by row what would happen; the button does exactly that."""
    period = _find(request, pk, write=True)
    held = services.draft_of(period, draft_pk)
    if held is None:
        messages.info(request, "Unggahan itu tidak ada lagi: sudah disimpan, atau digantikan unggahan lain.")
        return redirect("external_comparison", pk)
    if held.user_id != request.user.pk:
        raise Http404
    if request.method == "POST":
        return _apply(request, period, held)
    brought = services.kept(held)
    context: dict[str, Any] = {
        "period": period,
        "draft": held,
        "brought": brought,
        "reckoned": services.reckon(brought, period),
        "shows_about": True,
        **brought.plan.shown(request.GET.get("hasil", "")),
    }
    return render(request, "assessments/external_import_review.html", context)


def _apply(request: SignedIn, period: Period, held: SheetDraft) -> HttpResponse:
    reckoned = services.reckon(services.kept(held), period)
    try:
        done = services.apply(draft=held, user=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("external_import", period.pk)
    text = f"Hasil kementerian tersimpan: {count_id(done.new)} nilai baru, {count_id(done.changed)} diubah."
    if reckoned.is_complete:
        text = f"{text} Indeksnya {decimal_id(reckoned.score.index)}."
    messages.success(request, text)
    if done.one_sided:
        messages.info(request, "Selisihnya berat sebelah; verifikator dan koordinator diberi tahu.")
    return redirect("external_comparison", period.pk)


@require_safe
def external_import_template(request: HttpRequest, pk: int) -> HttpResponse:
    period = _find(request, pk, write=True)
    return xlsx_file(services.template(period), f"templat-hasil-kementerian-{period.year}.xlsx")
