"""The first steps of every page of people and agencies."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render

from accounts.errors import Invalid, Refused
from accounts.forms import ReasonForm
from accounts.models import Agency, User, Webhook
from accounts.permissions import can_edit_person, can_manage_accounts, rights_of
from spbe_portal.stale import Difference, differences, is_outdated, rebase

PAGE_SIZE = 50


class SignedIn(HttpRequest):
    """A request that the log-in middleware let through."""

    user: User


def for_managers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """403 for whoever does not manage agencies and people."""

    @wraps(view)
    def checked(request: SignedIn, *args, **kwargs) -> HttpResponse:
        allow(can_manage_accounts(rights_of(request.user)))
        return view(request, *args, **kwargs)

    return checked


def allow(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def editable(request: SignedIn, pk: int) -> User:
    """The person, where this manager may change them; an administrator is seen but not changed (403)."""
    shown = get_object_or_404(User, pk=pk)
    allow(can_edit_person(rights_of(request.user), shown))
    return shown


def posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the fields of a POST, even of an empty one."""
    return request.POST if request.method == "POST" else None


def one_page(request: HttpRequest, found: QuerySet, total: int) -> Page:
    """The page asked for by `?halaman=`; `total` is known from the counts, so it is not counted again."""
    paginator = Paginator(found, PAGE_SIZE)
    paginator.count = total
    return paginator.get_page(request.GET.get("halaman"))


def details_of(form: Form) -> dict[str, Any]:
    """What a valid form of an edit says of the thing itself."""
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


def beside(form: Form, stored: User | Agency | Webhook) -> list[Difference]:
    """What is stored beside what was typed, where the form was filled in over an older version.

    Sending the form once more is then an answer to what is stored now.
    """
    if not is_outdated(form, stored):
        return []
    rebase(form, stored)
    return differences(form, stored, details_of(form))


def explain(form: Form, refused: Refused) -> None:
    """Put what a service refused beside the fields it is about."""
    if not isinstance(refused, Invalid):
        form.add_error(None, refused.message)
        return
    for name, message in refused.errors.items():
        form.add_error(name if name in form.fields else None, message)


def act_with_reason(
    request: SignedIn, person: User, act: Callable[..., object], *, done: str, template: str, **more: Any
) -> HttpResponse:
    """Ask why, `act` on the person, say `done` and lead back to their page; where refused, say so on the same form."""
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            act(actor=request.user, person_id=person.pk, reason=form.cleaned_data["reason"])
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, done)
            return redirect("person", person.pk)
    return render(request, template, {"form": form, "person": person, **more})
