"""How allauth behaves in the portal: no sign-up, our own sentences, limits that lock nobody out for long."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from accounts.services import passwords

TOO_MANY = (
    "Terlalu banyak percobaan masuk yang gagal. Tunggu 5 menit, lalu coba lagi. "
    "Bila lupa kata sandi, minta tautan baru kepada koordinator penilaian."
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": (
            "Nama pengguna atau kata sandi tidak cocok. Periksa huruf besar dan kecil pada kata sandi, lalu coba lagi."
        ),
        "too_many_login_attempts": TOO_MANY,
        "enter_current_password": "Kata sandi saat ini tidak cocok. Ketik ulang.",
        "rate_limited": "Terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by a coordinator, never by a visitor."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """After log-in and log-out one stays on the host one is on."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try against three limits (ACCOUNT_RATE_LIMITS); a success takes its count back.

        The tight limit is one name at one address, so that whoever guesses elsewhere cannot keep
        the name's owner out; the wide limit on the name alone slows guesses from many addresses.
        Unknown names count alike. Raises `ValidationError` when a limit is reached.
        """
        name = credentials.get("username", "").lower()
        here = ratelimit.get_ip(request)
        at_address = _count(request, "login_failed", f"{name} {here}")
        anywhere = _count(request, "login_failed_anywhere", name) if at_address else None
        if at_address is None or anywhere is None:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(at_address.usage + anywhere.usage)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Only who knows the password learns that the account is closed."""
        messages.error(request, "Akun ini tidak aktif. Hubungi koordinator penilaian bila Anda masih memerlukannya.")
        return redirect("account_login")

    def set_password(self, user: User, password: str) -> None:
        passwords.change_own_password(user=user, password=password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)


def _count(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app="allauth.account", action=action, key=key)
