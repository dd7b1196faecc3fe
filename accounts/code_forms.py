"""Forms that ask for a code of the second factor, or once more for the password."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.base.internal.flows import post_authentication
from django import forms

from accounts.models import User
from accounts.services import two_factor

TOO_MANY_CODES = (
    "Terlalu banyak kode yang salah. Tunggu 5 menit, lalu coba lagi. "
    "Bila ponsel Anda hilang, pakai kode pemulihan atau hubungi koordinator penilaian."
)


def _code_input() -> forms.TextInput:
    return forms.TextInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "autofocus": True}
    )


def count_try(user: User) -> ratelimit.RateLimitUsage:
    """Count one code. Another password begins anew: who guesses knows the present one. Raises `ValidationError`."""
    usage = ratelimit.consume(
        context.request, app="allauth.account", action="code_failed", key=f"{user.pk} {user.password}"
    )
    if usage is None:
        raise forms.ValidationError(TOO_MANY_CODES)
    return usage


class _CodeForm(forms.Form):
    code = forms.CharField(
        label="Kode",
        max_length=40,
        widget=_code_input(),
        help_text="Kode 6 angka di aplikasi autentikator, atau salah satu kode pemulihan.",
        error_messages={"required": "Isi kodenya."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        usage = count_try(self.user)
        self.used = two_factor.check(user=self.user, code=code)
        if self.used is None:
            raise forms.ValidationError(
                "Kode tidak cocok atau sudah dipakai. Tunggu kode berikutnya di aplikasi, lalu ketik ulang."
            )
        usage.rollback()
        self.used.user = self.user
        return code


class LoginCodeForm(_CodeForm):
    def save(self) -> None:
        post_authentication(context.request, self.used)


class ConfirmCodeForm(_CodeForm):
    def save(self) -> None:
        post_authentication(context.request, self.used, reauthenticated=True)


class SetUpForm(forms.Form):
    """The first code of a new authenticator: proof that the app has the secret."""

    code = forms.CharField(
        label="Kode dari aplikasi",
        max_length=20,
        widget=_code_input(),
        help_text="6 angka yang sedang tampil.",
        error_messages={"required": "Isi kode yang tampil di aplikasi."},
    )


class ConfirmPasswordForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["password"]
        field.label, field.help_text = "Kata sandi", ""
        field.error_messages["required"] = "Isi kata sandi Anda."
        field.widget = forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
        field.validators.append(forms.CharField(max_length=4096).validators[0])

    def clean_password(self) -> str:
        """The count of failed log-ins applies here too."""
        password = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("incorrect_password")
        return str(password)
