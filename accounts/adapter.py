"""How allauth behaves in the portal: no sign-up, our own sentences, limits that lock nobody out for long."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import devices, sealing
from accounts.models import SignIn, User
from accounts.services import passwords, sign_ins

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
        "incorrect_password": "Kata sandi tidak cocok. Ketik ulang.",
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
        """Count a try against its limits (ACCOUNT_RATE_LIMITS); a success takes its count back.

        A browser the name's owner has used before has a small count of its own, which nobody else
        can use up. From elsewhere the tight limit is one name at one address, so that whoever
        guesses there keeps nobody else out, and the wide one on the name alone slows guesses from
        many addresses. Unknown names count alike. Raises `ValidationError` when a limit is reached.
        """
        name = credentials.get("username", "").lower()
        device = devices.device_of(request, name)
        own = _count(request, "login_failed_device", f"{name} {device}") if device else None
        if own is not None:
            self._login_failed_rl_usage = own
            return
        here = ratelimit.get_ip(request)
        at_address = _count(request, "login_failed", f"{name} {here}")
        anywhere = _count(request, "login_failed_anywhere", name) if at_address else None
        if at_address is None or anywhere is None:
            raise self.validation_error("too_many_login_attempts")
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(at_address.usage + anywhere.usage)

    def get_login_stages(self) -> list[str]:
        """After the password the code of the second factor, and nothing else."""
        return ["accounts.stages.CodeStage"]

    def login(self, request: HttpRequest, user: User) -> None:
        """The only door in: the session gets a new key, is written down, and the browser is known from now on."""
        super().login(request, user)
        way = SignIn.Way.OIDC if request.session.get("oidc_log_in") else SignIn.Way.PASSWORD
        sign_ins.note(
            user=user,
            session=request.session,
            way=way,
            address=self.get_client_ip(request),
            browser=request.headers.get("User-Agent", ""),
        )
        request.remember_device_of = user  # type: ignore[attr-defined]

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Only who knows the password learns that the account is closed."""
        messages.error(request, "Akun ini tidak aktif. Hubungi koordinator penilaian bila Anda masih memerlukannya.")
        return redirect("account_login")

    def set_password(self, user: User, password: str) -> None:
        passwords.change_own_password(user=user, password=password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)


class TwoFactorAdapter(DefaultMFAAdapter):
    """Secrets are sealed; apps show the portal's and the government's name."""

    def get_totp_label(self, user: User) -> str:
        return user.username

    def get_totp_issuer(self) -> str:
        return f"SPBE {settings.GOVERNMENT_NAME}".replace(":", " ")

    def encrypt(self, text: str) -> str:
        return sealing.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.decrypt(encrypted_text)


def _count(request: HttpRequest, action: str, key: str) -> ratelimit.RateLimitUsage | None:
    return ratelimit.consume(request, app="allauth.account", action=action, key=key)
