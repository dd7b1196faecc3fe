"""What waits for review."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessments import permissions
from assessments.forms.review import QueueForm
from assessments.queries.review_queue import STATES
from assessments.queries.review_queue import review_queue as read_queue
from assessments.views._base import allow, rights


@require_safe
def review_queue(request: HttpRequest) -> HttpResponse:
    mine = rights(request)
    allow(permissions.can_see_queue(mine))
    form = QueueForm(request.GET)
    wanted = form.wanted()
    queue = read_queue(mine, wanted, request.GET.get("halaman"))
    chips = [(state, label, queue.counts[state]) for state, label in STATES.items()]
    return render(
        request,
        "assessments/review_queue.html",
        {"form": form, "wanted": wanted, "queue": queue, "page": queue.page, "chips": chips},
    )
