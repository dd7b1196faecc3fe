"""The bell: what a person was told, what they have read, and how they want to be told."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.bell import bell_text, unread
from accounts.models import Notification
from accounts.notification_forms import ChoicesForm
from accounts.permissions import rights_of
from accounts.services import notifications as services
from accounts.views._base import SignedIn, posted
from spbe_portal.formatting import count_id, date_id
from spbe_portal.paths import is_own_path

PAGE_SIZE = 30


@dataclass(frozen=True)
class Day:
    """What was told on one day, newest first."""

    title: str
    rows: tuple[Notification, ...]


@never_cache
@require_safe
def notification_list(request: SignedIn) -> HttpResponse:
    """Looking at the list leaves everything unread: opening it, or the button, marks it."""
    shown = services.shown_to(request.user)
    only_unread = request.GET.get("saring") == "belum"
    page = Paginator(shown.filter(read_at=None) if only_unread else shown, PAGE_SIZE).get_page(
        request.GET.get("halaman")
    )
    rows = list(page.object_list)
    number = unread(request.user)
    context = {
        "page": page,
        "days": _by_day(rows),
        "unread_number": number,
        "newest": max((row.pk for row in rows), default=0),
        "only_unread": only_unread,
    }
    return render(request, "accounts/notification_list.html", context)


def _by_day(rows: list[Notification]) -> list[Day]:
    today = timezone.localdate()
    near = {today: "Hari ini", today - timedelta(days=1): "Kemarin"}

    def day_of(row: Notification) -> date:
        return timezone.localtime(row.created_at).date()

    return [Day(near.get(day, date_id(day)), tuple(mine)) for day, mine in groupby(rows, key=day_of)]


@require_GET
def notification_count(request: SignedIn) -> JsonResponse:
    """For the bell of a page that stays open."""
    number = unread(request.user)
    return JsonResponse({"unread": number, "text": bell_text(number)})


@require_POST
def notification_open(request: SignedIn, pk: int) -> HttpResponse:
    """Mark as read and go where it leads; another person's is not found."""
    try:
        row = services.mark_read(user=request.user, pk=pk)
    except Notification.DoesNotExist:
        raise Http404 from None
    return redirect(row.path if is_own_path(row.path) else "notification_list")


@require_POST
def notification_read_all(request: SignedIn) -> HttpResponse:
    """Everything up to what the person saw: what came meanwhile stays unread."""
    until = request.POST.get("until", "")
    newest = int(until) if until.isdecimal() and len(until) < 19 else 0
    number = services.mark_all_read(user=request.user, until=newest)
    messages.success(request, f"{count_id(number)} pemberitahuan ditandai sudah dibaca.")
    return redirect("notification_list")


@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: SignedIn) -> HttpResponse:
    form = ChoicesForm(posted(request), user=request.user, rights=rights_of(request.user))
    if request.method == "POST" and form.is_valid():
        services.choose(user=request.user, choices=form.choices())
        messages.success(request, "Pilihan pemberitahuan sudah disimpan.")
        return redirect("notification_settings")
    return render(request, "accounts/notification_settings.html", {"form": form})
