"""A person's own security, and what who manages accounts may do about another's."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import quote

import segno
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import sealing
from accounts.code_forms import SetUpForm, count_try
from accounts.errors import Refused
from accounts.models import LinkedIdentity, SignIn
from accounts.permissions import rights_of
from accounts.services import identities, sign_ins, tokens, two_factor
from accounts.views._base import SignedIn, act_with_reason, editable, explain, for_managers, posted

READ_WRITE = ["GET", "HEAD", "POST"]
#: The secret offered at set-up, sealed, until the first code proves that the app has it.
OFFERED = "two_factor_offered"


def confirmed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only who has proved within the last minutes that it is them, by log-in or once more now."""
    asks = reauthentication_required(view)

    @wraps(view)
    def checked(request: SignedIn, *args, **kwargs) -> HttpResponse:
        proofs = get_authentication_records(request, request.user)
        is_fresh = any(time.time() - proof["at"] < REAUTHENTICATION_TIMEOUT for proof in proofs)
        return view(request, *args, **kwargs) if is_fresh else asks(request, *args, **kwargs)

    return checked


@never_cache
@require_safe
def account_security(request: SignedIn) -> HttpResponse:
    context = {
        "factor": two_factor.second_factor_of(request.user),
        "is_required": two_factor.is_required(rights_of(request.user)),
        "sessions": sign_ins.shown(request.user, request.session.session_key),
        "identity": LinkedIdentity.objects.filter(user=request.user).first() if settings.OIDC else None,
        "provider": settings.OIDC,
        "token_count": tokens.living(request.user).count(),
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "accounts/security.html", context)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(READ_WRITE)
@confirmed
def two_factor_on(request: SignedIn) -> HttpResponse:
    """The secret as a picture and as text; after the first code the recovery codes, in the answer itself."""
    if two_factor.is_on(request.user):
        return redirect("account_security")
    form = SetUpForm(posted(request))
    secret = _offered(request)
    if request.method == "POST" and form.is_valid():
        try:
            usage = count_try(request.user)
            codes = two_factor.switch_on(user=request.user, secret=secret, code=form.cleaned_data["code"])
        except Refused as refused:
            explain(form, refused)
        except ValidationError as too_many:
            form.add_error("code", too_many)
        else:
            usage.rollback()
            del request.session[OFFERED]
            return _shown_codes(request, codes, is_new=True)
    adapter = get_adapter()
    qr = segno.make(adapter.build_totp_url(request.user, secret), error="m", micro=False)
    context = {
        "form": form,
        "picture": qr.svg_data_uri(scale=5, border=2),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "account": adapter.get_totp_label(request.user),
        "issuer": adapter.get_totp_issuer(),
        "must": two_factor.is_required(rights_of(request.user)),
    }
    return render(request, "accounts/two_factor_on.html", context)


def _offered(request: SignedIn) -> str:
    """The same at each look, so that a typing error does not ask for another scan."""
    if OFFERED not in request.session:
        request.session[OFFERED] = sealing.encrypt(two_factor.new_secret())
    return sealing.decrypt(request.session[OFFERED])


@never_cache
@require_http_methods(READ_WRITE)
@confirmed
def two_factor_codes(request: SignedIn) -> HttpResponse:
    """New recovery codes in place of the former ones, shown in the answer itself and nowhere else."""
    factor = two_factor.second_factor_of(request.user)
    if not factor.is_on:
        return redirect("account_security")
    if request.method == "POST":
        return _shown_codes(request, two_factor.new_codes(user=request.user), is_new=False)
    return render(request, "accounts/two_factor_codes.html", {"factor": factor})


def _shown_codes(request: SignedIn, codes: list[str], *, is_new: bool) -> HttpResponse:
    lines = [f"SPBE Portal {settings.GOVERNMENT_NAME}: kode pemulihan {request.user.username}", "", *codes, ""]
    context = {"codes": codes, "is_new": is_new, "file": f"data:text/plain;charset=utf-8,{quote(chr(10).join(lines))}"}
    return render(request, "accounts/recovery_codes.html", context)


@never_cache
@require_http_methods(READ_WRITE)
@confirmed
def two_factor_off(request: SignedIn) -> HttpResponse:
    if not two_factor.is_on(request.user):
        return redirect("account_security")
    problem = two_factor.REQUIRED if two_factor.is_required(rights_of(request.user)) else ""
    if request.method == "POST" and not problem:
        try:
            two_factor.switch_off(user=request.user, rights=rights_of(request.user))
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, "Verifikasi dua langkah dimatikan.")
        return redirect("account_security")
    return render(request, "accounts/two_factor_off.html", {"problem": problem})


@require_POST
def session_end(request: SignedIn, pk: int) -> HttpResponse:
    try:
        sign_ins.end_own(user=request.user, pk=pk)
    except SignIn.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Sesi diakhiri.")
    return redirect("account_security")


@require_POST
def sessions_end_others(request: SignedIn) -> HttpResponse:
    sign_ins.end_others(user=request.user)
    update_session_auth_hash(request, request.user)
    request.remember_device_of = request.user
    messages.success(request, "Semua sesi Anda di perangkat lain diakhiri.")
    return redirect("account_security")


# --- Another person's --------------------------------------------------------------------------------


@require_POST
@for_managers
def person_sessions_end(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    try:
        sign_ins.end_all_of(actor=request.user, person_id=pk)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Semua sesi {shown} diakhiri.")
    return redirect("person", pk)


@require_http_methods(READ_WRITE)
@for_managers
def person_two_factor_reset(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    return act_with_reason(
        request,
        shown,
        two_factor.reset,
        done=f"Verifikasi dua langkah {shown} dicabut dan semua sesinya diakhiri.",
        template="accounts/person_two_factor_reset.html",
    )


@require_http_methods(READ_WRITE)
@for_managers
def person_identity_unlink(request: SignedIn, pk: int) -> HttpResponse:
    shown = editable(request, pk)
    return act_with_reason(
        request,
        shown,
        identities.unlink,
        done=f"Akun pemerintah {shown} tidak tertaut lagi.",
        template="accounts/person_identity_unlink.html",
    )
