"""Pages of agencies, for who manages accounts."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.errors import Refused, Stale
from accounts.forms import AgencyFilters, AgencyForm, EndAgencyForm, ReasonForm
from accounts.models import Agency
from accounts.permissions import rights_of
from accounts.services import agencies as services
from accounts.views._base import SignedIn, beside, details_of, explain, for_managers, one_page, posted
from spbe_portal.formatting import date_id


@require_safe
@for_managers
def agency_list(request: SignedIn) -> HttpResponse:
    filters = AgencyFilters(request.GET)
    state = filters.value("status") or ""
    found = queries.agencies(search=filters.value("q") or "", kind=filters.value("jenis") or "")
    counts = queries.agency_counts(found)
    chips = [
        ("", "Berlaku", counts.valid),
        ("tanpa-operator", "Tanpa operator", counts.without_operator),
        ("berakhir", "Berakhir", counts.ended),
        ("semua", "Semua", counts.every),
    ]
    total = next(number for value, _, number in chips if value == state)
    context = {
        "filters": filters,
        "is_filtered": bool(filters.value("q") or filters.value("jenis")),
        "state": state,
        "chips": chips,
        "counts": counts,
        "page": one_page(request, queries.with_state(found, state), total),
        "today": timezone.localdate(),
    }
    return render(request, "accounts/agency_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def agency_create(request: SignedIn) -> HttpResponse:
    form = AgencyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            agency = services.create_agency(actor=request.user, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"{agency.name} ditambahkan. Tambahkan operatornya pada halaman Pengguna.")
            return redirect("agency", agency.pk)
    return _form(request, form, "Tambah OPD", "Tambah OPD")


@require_safe
@for_managers
def agency(request: SignedIn, pk: int) -> HttpResponse:
    shown = get_object_or_404(Agency.objects.select_related("parent", "successor"), pk=pk)
    today = timezone.localdate()
    context = {
        "agency": shown,
        "today": today,
        "is_ended": bool(shown.valid_until and shown.valid_until < today),
        "is_coming": shown.valid_from > today,
        "children": list(shown.children.all()),
        "predecessors": list(shown.predecessors.all()),
        "held": queries.memberships_at_agency(shown),
        "history": queries.history(shown),
        "reinstate_form": ReasonForm(),
    }
    return render(request, "accounts/agency.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def agency_edit(request: SignedIn, pk: int) -> HttpResponse:
    shown = get_object_or_404(Agency, pk=pk)
    form = AgencyForm(posted(request), agency=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_agency(
                actor=request.user, agency_id=pk, details=details_of(form), version=form.cleaned_data["version"]
            )
        except Stale as stale:
            shown = stale.current
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Data OPD tersimpan.")
            return redirect("agency", pk)
    return _form(request, form, "Ubah data OPD", "Simpan perubahan", agency=shown, differences=beside(form, shown))


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def agency_end(request: SignedIn, pk: int) -> HttpResponse:
    shown = get_object_or_404(Agency, pk=pk)
    form = EndAgencyForm(posted(request), agency=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.end_agency(actor=request.user, agency_id=pk, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            last_day = form.cleaned_data["last_day"]
            verb = "sudah berakhir" if last_day < timezone.localdate() else "berakhir"
            messages.success(request, f"{shown.name} {verb} pada {date_id(last_day)}.")
            return redirect("agency", pk)
    context = {
        "form": form,
        "agency": shown,
        "held": queries.memberships_at_agency(shown),
        "obstacles": services.obstacles_to_ending(shown, rights_of(request.user)),
    }
    return render(request, "accounts/agency_end.html", context)


@require_POST
@for_managers
def agency_reinstate(request: SignedIn, pk: int) -> HttpResponse:
    get_object_or_404(Agency, pk=pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            services.reinstate_agency(actor=request.user, agency_id=pk, reason=form.cleaned_data["reason"])
        except Refused as refused:
            messages.error(request, f"OPD belum diberlakukan lagi: {refused.message}")
        else:
            messages.success(request, "OPD berlaku lagi. Peran yang sudah berakhir perlu ditambahkan kembali.")
    else:
        messages.error(request, "OPD belum diberlakukan lagi: tulis alasannya.")
    return redirect("agency", pk)


def _form(request: SignedIn, form: AgencyForm, title: str, button: str, **more: Any) -> HttpResponse:
    return render(request, "accounts/agency_form.html", {"form": form, "title": title, "button": button, **more})
