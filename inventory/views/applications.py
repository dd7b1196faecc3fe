"""The list of applications and one application: reading, keeping, confirming, removing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import Refused, Stale
from accounts.views._base import explain, one_page, posted
from inventory import permissions, queries, services
from inventory.forms import ApplicationForm, Filters, RemoveForm
from inventory.models import Application
from inventory.views._base import allow, find_application, rights
from spbe_portal.stale import Difference, differences, is_outdated, rebase

ATTENTION = (
    ("", "Semua"),
    ("tidak-aktif", "Tidak aktif"),
    ("tanpa-kontak", "Tanpa kontak keamanan"),
    ("lama", "Belum diperiksa setahun"),
    ("calon", "Calon konsolidasi"),
)


@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """The own agency's list with what needs attention; all agencies' for who sees the government as a whole."""
    mine = rights(request)
    allow(permissions.can_see_inventory(mine))
    filters = Filters(request.GET, rights=mine)
    chosen = filters.value("lihat") or ""
    found = queries.applications(mine, **filters.wanted)
    counts = queries.counts(found)
    sees_all = permissions.can_see_all(mine)
    context = {
        "filters": filters,
        "chosen": chosen,
        "chips": [
            (value, title, counts.of[value])
            for value, title in ATTENTION
            if value in ("", chosen) or counts.of[value] or sees_all
        ],
        "counts": counts,
        "page": one_page(request, queries.with_attention(found, chosen), counts.of[chosen]),
        "sees_all": sees_all,
        "shows_agency": sees_all or len(mine.operator_of) > 1,
        "can_keep": permissions.can_keep_any(mine),
    }
    return render(request, "inventory/application_list.html", context)


@require_safe
def application(request: HttpRequest, pk: int) -> HttpResponse:
    shown = find_application(request, pk)
    mine = rights(request)
    context = {
        "application": shown,
        "indicators": list(shown.indicators.order_by("order")),
        "history": queries.history(shown),
        "can_keep": permissions.can_keep(mine, shown.agency_id),
        "can_mark": permissions.can_mark(mine),
        "on_behalf": permissions.acts_on_behalf(mine, shown.agency_id),
    }
    return render(request, "inventory/application.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def application_create(request: HttpRequest) -> HttpResponse:
    mine = rights(request)
    allow(permissions.can_keep_any(mine))
    form = ApplicationForm(posted(request), rights=mine)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_application(
                actor=request.user,
                agency=form.agency_wanted,
                facts=form.facts,
                indicators=form.cleaned_data["indicators"],
            )
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"{made.name} ditambahkan.")
            if alike := queries.alike_by_name(made):
                names = ", ".join(alike)
                messages.warning(
                    request, f"Namanya mirip dengan yang sudah ada: {names}. Bila sama, hapus salah satunya."
                )
            return redirect("application", made.pk)
    return _form(request, form, "Tambah aplikasi", "Tambah aplikasi")


@require_http_methods(["GET", "HEAD", "POST"])
def application_edit(request: HttpRequest, pk: int) -> HttpResponse:
    shown = find_application(request, pk)
    mine = rights(request)
    allow(permissions.can_keep(mine, shown.agency_id))
    form = ApplicationForm(posted(request), rights=mine, application=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_application(
                actor=request.user,
                application_id=pk,
                facts=form.facts,
                indicators=form.cleaned_data["indicators"],
                agency=form.cleaned_data.get("agency"),
                version=form.cleaned_data["version"],
            )
        except Stale as stale:
            shown = stale.current
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Data aplikasi tersimpan.")
            return redirect("application", pk)
    return _form(
        request,
        form,
        "Ubah data aplikasi",
        "Simpan perubahan",
        application=shown,
        differences=_beside(form, shown),
        on_behalf=permissions.acts_on_behalf(mine, shown.agency_id),
    )


@require_POST
def application_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that everything is right still."""
    shown = find_application(request, pk)
    allow(permissions.can_keep(rights(request), shown.agency_id))
    try:
        services.confirm_application(actor=request.user, application_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("application_list")
    messages.success(request, "Tercatat: data aplikasi ini masih benar.")
    return redirect("application", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def application_remove(request: HttpRequest, pk: int) -> HttpResponse:
    shown = find_application(request, pk)
    mine = rights(request)
    allow(permissions.can_keep(mine, shown.agency_id))
    form = RemoveForm(posted(request), initial={"version": shown.version})
    is_stale = False
    if request.method == "POST" and form.is_valid():
        try:
            services.remove_application(actor=request.user, application_id=pk, **form.cleaned_data)
        except Stale as stale:
            shown, is_stale = stale.current, True
            rebase(form, shown)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"{shown.name} dihapus dari daftar.")
            return redirect("application_list")
    context = {
        "application": shown,
        "form": form,
        "is_stale": is_stale,
        "on_behalf": permissions.acts_on_behalf(mine, shown.agency_id),
    }
    return render(request, "inventory/application_remove.html", context)


def _form(request: HttpRequest, form: ApplicationForm, title: str, button: str, **more: Any) -> HttpResponse:
    return render(request, "inventory/application_form.html", {"form": form, "title": title, "button": button, **more})


def _beside(form: ApplicationForm, stored: Application) -> list[Difference]:
    """What is stored beside what was typed, where the form was filled in over an older version."""
    if not form.is_bound or not form.is_valid() or not is_outdated(form, stored):
        return []
    rebase(form, stored)
    typed = dict(form.facts)
    if "agency" in form.cleaned_data:
        typed["agency"] = form.cleaned_data["agency"]
    found = differences(form, stored, typed)
    held = ", ".join(one.code for one in stored.indicators.order_by("order"))
    chosen = ", ".join(one.code for one in form.cleaned_data["indicators"].order_by("order"))
    if held != chosen:
        found.append(Difference("Indikator terkait", held or "(kosong)", chosen or "(kosong)"))
    return found
