"""Sessions that are written down and end, browsers that are known again, and the second factor where required."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import devices
from accounts.permissions import rights_of
from accounts.services import sign_ins, two_factor
from spbe_portal.middleware import wants_json

TWO_FACTOR_FIRST = "Peran Anda mewajibkan verifikasi dua langkah. Aktifkan dahulu sebelum melanjutkan."
#: All that a person may reach who must set up a second factor first.
ON_THE_WAY = frozenset(
    {"two_factor_on", "account_reauthenticate", "mfa_reauthenticate", "account_logout", "health_live", "health_ready"}
)

Respond = Callable[[HttpRequest], HttpResponse]


def keep_sign_ins(get_response: Respond) -> Respond:
    """A session ends twelve hours after log-in; its row says when it was last used; the browser is remembered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and sign_ins.is_over(request.session):
            logout(request)
        response = get_response(request)
        if request.user.is_authenticated:
            sign_ins.touch(user=request.user, session=request.session)
        known = getattr(request, "remember_device_of", None)
        if known is not None:
            devices.remember(request, response, known)
        return response

    return middleware


def satisfied_elsewhere(request: HttpRequest) -> bool:
    """Whether the identity provider asked for a second factor at this log-in, and that counts (OIDC_TWO_FACTOR)."""
    return bool(settings.OIDC and settings.OIDC.counts_as_two_factor and request.session.get("oidc_two_factor"))


class TwoFactorRequiredMiddleware:
    """Who must use a second factor and has none reaches its set-up, and nothing else (TWO_FACTOR_ROLES)."""

    def __init__(self, get_response: Respond):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.TWO_FACTOR_ROLES or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        if match is not None and match.url_name in ON_THE_WAY:
            return None
        if not two_factor.is_required(rights_of(request.user)) or two_factor.is_on(request.user):
            return None
        if satisfied_elsewhere(request):
            return None
        if wants_json(request):
            return JsonResponse({"detail": TWO_FACTOR_FIRST}, status=403)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=403, headers={"HX-Redirect": reverse("two_factor_on")})
        return redirect("two_factor_on")
