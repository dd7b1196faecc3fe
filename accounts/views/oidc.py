"""Log-in with the government's own account: to the identity provider and back."""

import logging
import secrets
from dataclasses import asdict

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import oidc
from accounts.errors import Refused
from accounts.services import identities
from spbe_portal.env import IdentityProvider

log = logging.getLogger(__name__)

#: What the session keeps of a log-in under way.
PENDING = "oidc_pending"
FAILED = "Penyedia akun tidak dapat dihubungi atau jawabannya tidak dapat dipercaya. Coba lagi sebentar lagi."
LOST = "Proses masuk ini tidak dikenali atau sudah lewat waktu. Mulai lagi dari halaman masuk."
CANCELLED = "Penyedia akun tidak menyelesaikan proses masuk. Mulai lagi bila Anda memang ingin masuk."


@login_not_required
@never_cache
@require_POST
def oidc_start(request: HttpRequest) -> HttpResponse:
    provider = _provider()
    if request.user.is_authenticated:
        return redirect("home")
    if limited := ratelimit.consume_or_429(request, app="allauth.account", action="oidc"):
        return limited
    pending = oidc.begin()
    try:
        address = oidc.address(provider, pending, _back())
    except oidc.OIDCError as error:
        log.warning("OIDC: %s", error)
        return _refuse(request, FAILED, status=502)
    wanted = request.POST.get("next", "")
    request.session[PENDING] = {
        **asdict(pending),
        "next": wanted if wanted and get_adapter().is_safe_url(wanted) else "",
    }
    return redirect(address)


@login_not_required
@never_cache
@require_safe
def oidc_back(request: HttpRequest) -> HttpResponse:
    """The answer of the provider, good once, for the browser that asked."""
    provider = _provider()
    if request.user.is_authenticated:
        return redirect("home")
    kept = request.session.pop(PENDING, None)
    if not kept or not secrets.compare_digest(request.GET.get("state", "").encode(), kept["state"].encode()):
        return _refuse(request, LOST, status=400)
    code = request.GET.get("code", "")
    if "error" in request.GET or not code:
        log.info("OIDC: the provider answered %r", request.GET.get("error", "")[:80])
        return _refuse(request, CANCELLED, status=400)
    pending = oidc.Pending(kept["state"], kept["nonce"], kept["verifier"])
    try:
        identity = oidc.identity_from(provider, pending, code, _back())
        person = identities.person_of(identity, claim_name=provider.claim)
    except oidc.OIDCError as error:
        log.warning("OIDC: %s", error)
        return _refuse(request, FAILED, status=502)
    except Refused as refused:
        return _refuse(request, refused.message, status=403)
    request.session["oidc_log_in"] = True
    request.session["oidc_two_factor"] = identity.has_second_factor
    record_authentication(request, person, "oidc")
    return perform_login(request, person, email_verification="none", redirect_url=kept["next"] or None)


def _provider() -> IdentityProvider:
    if settings.OIDC is None:
        raise Http404
    return settings.OIDC


def _back() -> str:
    return settings.PUBLIC_URL + reverse("oidc_back")


def _refuse(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    context = {"message": message, "is_unknown": message == identities.UNKNOWN, "provider": settings.OIDC}
    return render(request, "accounts/oidc_refused.html", context, status=status)
