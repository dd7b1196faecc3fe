"""The list as a file: out as XLSX or CSV, in with every row shown before anything is written."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Refused
from accounts.views._base import posted
from inventory import imports, permissions, queries
from inventory.exports import rows_of, template
from inventory.forms import Filters
from inventory.models import ImportDraft
from inventory.views._base import allow, rights
from spbe_portal import lists, sheets
from spbe_portal.formatting import count_id


@require_http_methods(["GET", "HEAD", "POST"])
def application_import(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it would do; nothing is written yet."""
    allow(permissions.can_keep_any(rights(request)))
    form = lists.SheetForm(posted(request), request.FILES if request.method == "POST" else None)
    if getattr(request, "too_large_files", []):  # dropped while it arrived
        form.fields["file"].error_messages["required"] = sheets.TOO_LARGE
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = imports.plan(sheets.read(file, file.name or "", file.size or 0), request.user)
        except sheets.Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            draft = imports.keep(found, file.name or "daftar", request.user)
            return redirect("application_import_review", draft.pk)
    context = {
        "form": form,
        "headings": imports.HEADINGS,
        "is_coordinator": rights(request).is_coordinator,
        "max_rows": sheets.MAX_ROWS,
    }
    return render(request, "inventory/application_import.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def application_import_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Row by row what would happen; the button does exactly that. Of an upload that is gone it says so."""
    allow(permissions.can_keep_any(rights(request)))
    draft = ImportDraft.objects.filter(pk=pk).first()
    if draft is None:
        messages.info(request, "Unggahan itu tidak ada lagi: sudah disimpan, atau digantikan unggahan lain.")
        return redirect("application_list")
    if draft.user_id != request.user.pk:
        raise Http404
    found = imports.kept(draft)
    if request.method == "POST":
        try:
            imports.apply(draft, request.user)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("application_import")
        new, changed = count_id(found.count(lists.NEW)), count_id(found.count(lists.CHANGED))
        messages.success(request, f"Daftar tersimpan: {new} aplikasi baru, {changed} diubah.")
        return redirect("application_list")
    context = {
        "draft": draft,
        "shows_about": len({row.agency_id for row in found.rows}) > 1,
        **found.shown(request.GET.get("hasil", "")),
    }
    return render(request, "inventory/application_import_review.html", context)


@require_safe
def application_export(request: HttpRequest) -> HttpResponse:
    """What the list shows, or an empty template (`bentuk`: xlsx, csv, templat)."""
    mine = rights(request)
    allow(permissions.can_see_inventory(mine))
    shape = request.GET.get("bentuk", "xlsx")
    if shape == "templat":
        return _file(template(), "templat-aplikasi.xlsx", sheets.XLSX)
    if shape not in ("xlsx", "csv"):
        raise Http404
    filters = Filters(request.GET, rights=mine)
    found = queries.with_attention(queries.applications(mine, **filters.wanted), filters.value("lihat") or "")
    head, rows = rows_of(found)
    name = f"aplikasi-{timezone.localdate():%Y-%m-%d}.{shape}"
    if shape == "csv":
        return _file(sheets.write_csv(head, rows), name, sheets.CSV)
    return _file(sheets.write_xlsx(head, rows, title="Aplikasi"), name, sheets.XLSX)


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
