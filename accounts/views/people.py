"""Pages of people and their roles, for who manages accounts."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.errors import Refused, Stale
from accounts.forms import (
    EndMembershipForm,
    MembershipForm,
    NewPersonForm,
    PersonFilters,
    PersonForm,
)
from accounts.models import Membership, User
from accounts.permissions import can_deactivate, can_edit_person, can_reset_password_of, rights_of
from accounts.services import mailed_links, passwords
from accounts.services import people as services
from accounts.services.sign_ins import security_of
from accounts.views._base import (
    SignedIn,
    act_with_reason,
    allow,
    beside,
    details_of,
    editable,
    explain,
    for_managers,
    one_page,
    posted,
)
from spbe_portal.formatting import count_id, date_id

READ_WRITE = ["GET", "HEAD", "POST"]


@require_safe
@for_managers
def person_list(request: SignedIn) -> HttpResponse:
    filters = PersonFilters(request.GET)
    state = filters.value("status") or ""
    search, role, agency = filters.value("q"), filters.value("peran"), filters.value("opd")
    found = queries.people(search=search or "", role=role or "", agency=agency)
    counts = queries.person_counts(found)
    chips = [
        ("", "Aktif", counts.active),
        ("belum", "Belum membuat kata sandi", counts.without_password),
        ("nonaktif", "Nonaktif", counts.inactive),
        ("semua", "Semua", counts.every),
    ]
    total = next(number for value, _, number in chips if value == state)
    context = {
        "filters": filters,
        "is_filtered": bool(search or role or agency),
        "state": state,
        "chips": chips,
        "page": one_page(request, queries.with_account(found, state), total),
        "waiting": mailed_links.waiting(request.user) if state == "belum" and mailed_links.can_mail() else 0,
    }
    return render(request, "accounts/person_list.html", context)


@never_cache
@require_http_methods(READ_WRITE)
@for_managers
def person_create(request: SignedIn) -> HttpResponse:
    """Who has an address is invited by e-mail; else the one-time link is in the answer itself, stored nowhere."""
    agency = PersonFilters(request.GET).value("opd")
    form = NewPersonForm(posted(request), initial={"agency": agency, "valid_from": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            person = services.create_person(actor=request.user, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            if mailed_links.may_invite(request.user, person):
                mailed_links.invite(actor=request.user, person_id=person.pk)
                messages.success(request, f"Akun dibuat. Undangan dikirim ke {person.email}.")
                return redirect("person", person.pk)
            link = passwords.make_link(actor=request.user, person_id=person.pk)
            return render(request, "accounts/password_link.html", {"link": link, "is_new": True})
    context = {"form": form, "can_mail": mailed_links.can_mail()}
    return render(request, "accounts/person_create.html", context)


@require_safe
@for_managers
def person(request: SignedIn, pk: int) -> HttpResponse:
    shown = get_object_or_404(User, pk=pk)
    mine = rights_of(request.user)
    may_edit = can_edit_person(mine, shown)
    context = {
        "person": shown,
        "security": security_of(shown) if may_edit else None,
        "held": queries.memberships_of_person(shown),
        "history": queries.history(shown),
        "may_edit": may_edit,
        "may_close": can_deactivate(mine, shown),
        "may_link": can_reset_password_of(mine, shown),
        "may_invite": mailed_links.may_invite(request.user, shown),
        "has_password": shown.has_usable_password(),
        "is_self": shown.pk == request.user.pk,
    }
    return render(request, "accounts/person.html", context)


@require_http_methods(READ_WRITE)
@for_managers
def person_edit(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    form = PersonForm(posted(request), person=shown)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_person(
                actor=request.user, person_id=pk, details=details_of(form), version=form.cleaned_data["version"]
            )
        except Stale as stale:
            shown = stale.current
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Data pengguna tersimpan.")
            return redirect("person", pk)
    return render(
        request, "accounts/person_edit.html", {"form": form, "person": shown, "differences": beside(form, shown)}
    )


@require_http_methods(READ_WRITE)
@for_managers
def person_deactivate(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    return act_with_reason(
        request,
        shown,
        services.deactivate_person,
        done=f"Akun {shown} dinonaktifkan dan semua sesinya diakhiri.",
        template="accounts/person_state.html",
        is_closing=True,
        problem=services.OWN_ACCOUNT if shown.pk == request.user.pk else "",
    )


@require_http_methods(READ_WRITE)
@for_managers
def person_activate(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    return act_with_reason(
        request,
        shown,
        services.activate_person,
        done=f"Akun {shown} aktif lagi.",
        template="accounts/person_state.html",
        is_closing=False,
    )


@never_cache
@require_http_methods(READ_WRITE)
@for_managers
def person_password_link(request: SignedIn, pk: int) -> HttpResponse:
    """A new one-time link, shown in the answer itself and stored nowhere. A reload by address goes back."""
    if request.method != "POST":
        return redirect("person", pk)
    editable(request, pk)
    try:
        link = passwords.make_link(actor=request.user, person_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("person", pk)
    return render(request, "accounts/password_link.html", {"link": link, "is_new": False})


@require_POST
@for_managers
def person_invite(request: SignedIn, pk: int) -> HttpResponse:
    editable(request, pk)
    try:
        invited = mailed_links.invite(actor=request.user, person_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Tautan dikirim ke {invited.email}. Tautan sebelumnya tidak berlaku lagi.")
    return redirect("person", pk)


@require_POST
@for_managers
def people_invite(request: SignedIn) -> HttpResponse:
    """Everybody who has an address and never had a password."""
    try:
        invited = mailed_links.invite_waiting(actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        if invited:
            messages.success(request, f"Undangan dikirim kepada {count_id(len(invited))} orang.")
        else:
            messages.info(request, "Tidak ada undangan yang perlu dikirim.")
    return redirect(f"{reverse('person_list')}?status=belum")


@require_http_methods(READ_WRITE)
@for_managers
def membership_add(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    form = MembershipForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.add_membership(actor=request.user, person_id=pk, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Peran ditambahkan.")
            return redirect("person", pk)
    return render(request, "accounts/membership_add.html", {"form": form, "person": shown})


@require_http_methods(READ_WRITE)
@for_managers
def membership_end(request: SignedIn, pk: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.select_related("user", "agency"), pk=pk)
    shown = membership.user
    allow(can_edit_person(rights_of(request.user), shown))
    form = EndMembershipForm(posted(request))
    if request.method == "POST" and form.is_valid():
        last_day, reason = form.cleaned_data["last_day"], form.cleaned_data["reason"]
        try:
            services.end_membership(actor=request.user, membership_id=pk, last_day=last_day, reason=reason)
        except Refused as refused:
            explain(form, refused)
        else:
            role = f"Peran {membership.get_role_display()} di {membership.agency.name}"
            text = f"{role} berakhir pada {date_id(last_day)}." if last_day else f"{role} sudah diakhiri."
            messages.success(request, text)
            return redirect("person", shown.pk)
    context = {
        "form": form,
        "membership": membership,
        "person": shown,
        "problem": services.problem_with_ending(request.user, membership),
    }
    return render(request, "accounts/membership_end.html", context)
