"""A person's own tokens: what works for them, a new one shown once, the end of one."""

import time
from collections.abc import Callable
from functools import wraps

from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import ApiToken
from accounts.services import tokens, two_factor
from accounts.views._base import SignedIn, posted
from accounts.views.security import confirmed

PAGE_SIZE = 30
SECOND_FACTOR_FIRST = "Peran Anda mewajibkan verifikasi dua langkah. Aktifkan dahulu, lalu buat token."

NAME_TAKEN = "Token dengan nama ini sudah ada dan masih berlaku. Pakai nama lain, atau cabut token itu dahulu."


class TokenForm(forms.Form):
    name = forms.CharField(
        label="Nama token",
        max_length=100,
        help_text="Program apa yang memakainya, misalnya Sinkronisasi e-Kinerja.",
        error_messages={"required": "Isi nama token."},
    )
    scope = forms.ChoiceField(
        label="Hak",
        choices=ApiToken.Scope.choices,
        initial=ApiToken.Scope.READ,
        widget=forms.RadioSelect,
        help_text="Pilih yang paling sedikit diperlukan.",
        error_messages={"required": "Pilih hak token."},
    )
    days = forms.TypedChoiceField(
        label="Masa berlaku",
        choices=[(days, f"{days} hari") for days in tokens.LIVES],
        coerce=int,
        initial=tokens.USUAL_LIFE,
        error_messages={"required": "Pilih masa berlaku."},
    )


def confirmed_by_code(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As `confirmed`; where the second factor is on, by its code: nobody asks the token for one."""
    by_any = confirmed(view)

    @wraps(view)
    def checked(request: SignedIn, *args, **kwargs) -> HttpResponse:
        if not two_factor.is_on(request.user):
            return by_any(request, *args, **kwargs)
        codes = [proof for proof in get_authentication_records(request, request.user) if proof["method"] == "mfa"]
        if any(time.time() - proof["at"] < REAUTHENTICATION_TIMEOUT for proof in codes):
            return view(request, *args, **kwargs)
        return suspend_request(request, reverse("mfa_reauthenticate"))

    return checked


@never_cache
@require_safe
def token_list(request: SignedIn) -> HttpResponse:
    page = Paginator(tokens.of_person(request.user), PAGE_SIZE).get_page(request.GET.get("halaman"))
    present = request.user.get_session_auth_hash()
    context = {"page": page, "rows": [tokens.shown(row, present) for row in page.object_list]}
    return render(request, "accounts/token_list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_by_code
def token_make(request: SignedIn) -> HttpResponse:
    """The new token is in the answer itself and nowhere else."""
    if tokens.lacks_second_factor(request.user):
        messages.error(request, SECOND_FACTOR_FIRST)
        return redirect("two_factor_on")
    form = TokenForm(posted(request))
    if request.method == "POST" and form.is_valid() and tokens.has_named(request.user, form.cleaned_data["name"]):
        form.add_error("name", NAME_TAKEN)  # mostly the same form sent twice
    if request.method == "POST" and form.is_valid():
        token, plain = tokens.make(user=request.user, **form.cleaned_data)
        context = {"token": token, "plain": plain, "base": f"{settings.PUBLIC_URL}/api/v1/"}
        return render(request, "accounts/token_made.html", context)
    return render(request, "accounts/token_make.html", {"form": form})


@require_POST
def token_revoke(request: SignedIn, pk: int) -> HttpResponse:
    try:
        token = tokens.revoke(user=request.user, pk=pk)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"Token “{token.name}” dicabut. Program yang memakainya ditolak mulai sekarang.")
    return redirect("token_list")
