"""Agencies and people brought in as a list, with every row shown before anything is written."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import Refused
from accounts.imports import _base, agencies, people
from accounts.models import ImportDraft
from accounts.services import mailed_links
from accounts.views._base import SignedIn, for_managers, posted
from spbe_portal import sheets
from spbe_portal.formatting import count_id
from spbe_portal.lists import CHANGED, NEW, Plan, SheetForm

READ_WRITE = ["GET", "HEAD", "POST"]
AGENCIES, PEOPLE = ImportDraft.Subject.AGENCIES, ImportDraft.Subject.PEOPLE


@require_http_methods(READ_WRITE)
@for_managers
def agency_import(request: SignedIn) -> HttpResponse:
    return _upload(request, AGENCIES, agencies.plan, "agency_import_review", {"headings": agencies.HEADINGS})


@require_http_methods(READ_WRITE)
@for_managers
def agency_import_review(request: SignedIn, pk: int) -> HttpResponse:
    draft = _base.draft_of(request.user, AGENCIES, pk)
    if draft is None:
        return _gone(request, "agency_import")
    if request.method == "POST":
        try:
            found = agencies.apply(draft, request.user)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("agency_import")
        messages.success(request, f"Daftar tersimpan: {_written(found, 'OPD')}.")
        return redirect("agency_list")
    return _review(request, draft, {"is_people": False})


@require_http_methods(READ_WRITE)
@for_managers
def person_import(request: SignedIn) -> HttpResponse:
    context = {"headings": people.HEADINGS, "is_people": True}
    return _upload(request, PEOPLE, people.plan, "person_import_review", context)


@require_http_methods(READ_WRITE)
@for_managers
def person_import_review(request: SignedIn, pk: int) -> HttpResponse:
    draft = _base.draft_of(request.user, PEOPLE, pk)
    if draft is None:
        return _gone(request, "person_import")
    if request.method == "POST":
        try:
            found, invited = people.apply(draft, request.user, with_invitations="undang" in request.POST)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("person_import")
        sent = f" Undangan dikirim kepada {count_id(invited)} orang." if invited else ""
        messages.success(request, f"Daftar tersimpan: {_written(found, 'pengguna')}.{sent}")
        return redirect("person_list")
    invitable = people.invitable(_base.kept(draft)) if mailed_links.can_mail() else 0
    return _review(request, draft, {"is_people": True, "invitable": invitable})


@require_safe
@for_managers
def agency_import_template(request: SignedIn) -> HttpResponse:
    return _file(agencies.template(), "templat-opd.xlsx")


@require_safe
@for_managers
def person_import_template(request: SignedIn) -> HttpResponse:
    return _file(people.template(), "templat-pengguna.xlsx")


def _upload(
    request: SignedIn,
    subject: ImportDraft.Subject,
    plan: Callable[[sheets.Table], Plan],
    review: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Take a file and show what it would do; nothing is written yet."""
    form = SheetForm(posted(request), request.FILES if request.method == "POST" else None)
    if getattr(request, "too_large_files", []):  # dropped while it arrived
        form.fields["file"].error_messages["required"] = sheets.TOO_LARGE
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = plan(sheets.read(file, file.name or "", file.size or 0))
        except sheets.Unreadable as problem:
            form.add_error("file", str(problem))
        else:
            draft = _base.keep(found, subject, file.name or "daftar", request.user)
            return redirect(review, draft.pk)
    context = {"form": form, "max_rows": sheets.MAX_ROWS, **context}
    return render(request, "accounts/import.html", context)


def _review(request: SignedIn, draft: ImportDraft, context: dict[str, Any]) -> HttpResponse:
    found = _base.kept(draft)
    context = {"draft": draft, "shows_about": True, **found.shown(request.GET.get("hasil", "")), **context}
    return render(request, "accounts/import_review.html", context)


def _gone(request: SignedIn, back: str) -> HttpResponse:
    """Of somebody else's draft nothing is said but this, as of one that was never there."""
    messages.info(request, f"{_base.GONE} Unggah kembali berkasnya bila perlu.")
    return redirect(back)


def _written(found: Plan, what: str) -> str:
    return f"{count_id(found.count(NEW))} {what} baru, {count_id(found.count(CHANGED))} baris mengubah yang ada"


def _file(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=sheets.XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
