"""The first page after log-in, and whether the session still lives."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.queries import home as queries
from assessments.views._base import rights


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """An operator's next act; everybody else goes to where their work is."""
    mine = rights(request)
    if mine.is_operator:
        now = timezone.now()
        return render(request, "assessments/home.html", {"home": queries.home(mine.operator_of, now), "now": now})
    if mine.is_verifier:
        return redirect("review_queue")
    if mine.is_coordinator:
        return redirect("period_list")
    if mine.is_leader:
        return redirect("pemda")
    if mine.is_superuser:
        return redirect("person_list")
    return render(request, "assessments/home_without_role.html")


@require_safe
@never_cache
@login_not_required
def session_state(request: HttpRequest) -> HttpResponse:
    """Who is logged in, and a fresh token: asked before typed text that waited in the browser is sent."""
    user = request.user if request.user.is_authenticated else None
    return JsonResponse(
        {
            "authenticated": user is not None,
            "user": user.pk if user else None,
            "name": str(user) if user else "",
            "csrf": get_token(request),
        }
    )
