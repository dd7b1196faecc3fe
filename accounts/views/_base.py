"""The first steps of every page of people and agencies."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict

from accounts.errors import Invalid, Refused
from accounts.models import User
from accounts.permissions import can_manage_accounts, rights_of

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


def posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the fields of a POST, even of an empty one."""
    return request.POST if request.method == "POST" else None


def one_page(request: HttpRequest, found: QuerySet, total: int) -> Page:
    """The page asked for by `?halaman=`; `total` is known from the counts, so it is not counted again."""
    paginator = Paginator(found, PAGE_SIZE)
    paginator.count = total
    return paginator.get_page(request.GET.get("halaman"))


def explain(form: Form, refused: Refused) -> None:
    """Put what a service refused beside the fields it is about."""
    if not isinstance(refused, Invalid):
        form.add_error(None, refused.message)
        return
    for name, message in refused.errors.items():
        form.add_error(name if name in form.fields else None, message)
