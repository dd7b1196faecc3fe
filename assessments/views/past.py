"""Past years as a list: out as XLSX or CSV, in with every line shown before anything is written, and away again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.views._base import posted
from assessments import permissions
from assessments.errors import Invalid, Refused, Stale
from assessments.export_files import attached
from assessments.forms.periods import ReasonForm
from assessments.models import Period, SheetDraft
from assessments.past import drafts, export, sheet, write
from assessments.past.plan import plan
from assessments.views._base import allow, rights
from indicators.models import Instrument
from spbe_portal import lists, sheets
from spbe_portal.formatting import count_id

PAGE_SIZE = 100
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def past_import(request: HttpRequest) -> HttpResponse:
    """Take a file and keep what it says; nothing is written yet."""
    allow(permissions.can_manage_periods(rights(request)))
    form = lists.SheetForm(posted(request), request.FILES if request.method == "POST" else None)
    if getattr(request, "too_large_files", []):  # dropped while it arrived
        form.fields["file"].error_messages["required"] = sheets.TOO_LARGE
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = sheet.read(sheets.read(file, file.name or "", file.size or 0, sheet.PAGE))
            draft = drafts.keep(found, file.name or "riwayat", request.user)
        except sheets.Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            return redirect("past_review", draft.pk)
    return render(
        request,
        "assessments/past_import.html",
        {
            "form": form,
            "most": drafts.MOST,
            "has_imported": Period.objects.filter(is_imported=True).exists(),
            "missing_rule": "level terendah instrumennya",
        },
        status=422 if form.errors else 200,
    )


@get_or_post
def past_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Year by year and line by line what would be written; the button writes exactly that."""
    allow(permissions.can_manage_periods(rights(request)))
    draft = drafts.find(pk)
    if draft is None:
        messages.info(request, "Unggahan itu tidak ada lagi: sudah disimpan, atau digantikan unggahan lain.")
        return redirect("past_import")
    if draft.user_id != request.user.pk:
        raise Http404
    if request.method == "POST":
        return _decided(request, draft)
    found = plan(drafts.sheet_of(draft), drafts.chosen_of(draft))
    shown = lists.Plan(found.rows, found.ignored).shown(request.GET.get("hasil", ""))
    page = Paginator(shown["rows"], PAGE_SIZE).get_page(request.GET.get("halaman"))
    return render(
        request,
        "assessments/past_review.html",
        {
            **shown,
            "draft": draft,
            "plan": found,
            "rows": page.object_list,
            "page": page,
            "instruments": list(Instrument.objects.filter(is_draft=False).only("code", "short_name")),
        },
    )


def _decided(request: HttpRequest, draft: SheetDraft) -> HttpResponse:
    """The instruments that were chosen, and the order to write where that was given."""
    drafts.choose(draft, {name: value for name, value in request.POST.items() if isinstance(value, str)})
    if request.POST.get("aksi") != "simpan":
        return redirect("past_review", draft.pk)
    try:
        done = drafts.apply(draft, user=request.user, token=request.POST.get("token", ""))
    except Stale as refused:
        messages.warning(request, refused.message)
        return redirect("past_review", draft.pk)
    except Invalid as refused:
        messages.error(request, " ".join(refused.errors.values()))
        return redirect("past_review", draft.pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("past_import")
    years = ", ".join(str(period.year) for period in done.periods)
    messages.success(
        request,
        f"Riwayat {years} tersimpan: {count_id(done.governments)} nilai Pemda dan {count_id(done.assessments)} "
        "penilaian OPD, tanpa bukti.",
    )
    return redirect("period_list")


@require_safe
def past_export(request: HttpRequest) -> HttpResponse:
    """The past years that were brought in, or an empty template (`bentuk`: xlsx, csv, templat)."""
    allow(permissions.can_manage_periods(rights(request)))
    shape = request.GET.get("bentuk", "xlsx")
    if shape == "templat":
        return attached(export.template(), "templat-riwayat.xlsx", sheets.XLSX)
    if shape not in ("xlsx", "csv"):
        raise Http404
    name = f"riwayat-{timezone.localdate():%Y-%m-%d}.{shape}"
    if shape == "csv":
        return attached(sheets.write_csv(export.HEAD, export.rows()), name, sheets.CSV)
    return attached(sheets.write_xlsx(export.HEAD, export.rows(), title="Riwayat"), name, sheets.XLSX)


@get_or_post
def past_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a past year away again, with a reason."""
    mine = rights(request)
    allow(permissions.can_manage_periods(mine))
    period = get_object_or_404(Period, pk=pk, is_imported=True)
    allow(permissions.can_remove_imported(mine, period))
    form = ReasonForm(posted(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                write.remove(period_id=pk, user=request.user, reason=form.cleaned_data["reason"])
            except Invalid as refused:
                for name, text in refused.errors.items():
                    form.add_error(name, text)
            except Refused as refused:
                messages.warning(request, refused.message)
                return redirect("period", pk=pk)
            else:
                messages.success(request, f"{period.name} sudah dihapus. Catatannya tetap ada dalam jejak audit.")
                return redirect("period_list")
    return render(request, "assessments/past_remove.html", {"period": period, "form": form}, status=status)
