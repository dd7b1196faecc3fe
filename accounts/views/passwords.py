"""Setting a password by a one-time link, and asking for one."""

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.errors import Refused
from accounts.forms import ForgottenForm, SetPasswordForm
from accounts.services import mailed_links, passwords
from accounts.views._base import posted


@login_not_required
@sensitive_post_parameters("password1", "password2")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_link(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Looking (as chat programs do for a preview) uses nothing up; every link that does not work looks the same."""
    person = passwords.person_of_link(uidb64, token)
    if person is None:
        return _gone(request)
    form = SetPasswordForm(posted(request), user=person)
    if request.method == "POST" and form.is_valid():
        try:
            passwords.use_link(uidb64=uidb64, token=token, password=form.cleaned_data["password1"])
        except Refused:
            return _gone(request)
        request.remember_device_of = person
        logout(request)  # whoever was logged in here, the next step is to log in as the link's person
        messages.success(request, f"Kata sandi tersimpan. Masuk dengan nama pengguna {person.username}.")
        return redirect("account_login")
    return render(request, "accounts/password_set.html", {"form": form, "person": person})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """Whatever name is sent, the answer is the same, and so is the work until then: the worker looks for the name."""
    form = ForgottenForm(posted(request))
    status = 200
    if request.method == "POST" and mailed_links.can_mail() and form.is_valid():
        typed = form.cleaned_data["login"]
        if ratelimit.consume(request, app="allauth.account", action="password_forgotten", key=typed.lower()):
            mailed_links.ask_forgotten(typed)
            return redirect(f"{reverse('password_forgotten')}?diminta=ya")
        form.add_error(None, "Terlalu banyak permintaan. Tunggu 10 menit, lalu coba lagi.")
        status = 429
    context = {"form": form, "can_mail": mailed_links.can_mail(), "is_asked": "diminta" in request.GET}
    return render(request, "accounts/password_forgotten.html", context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_link_gone.html", status=410)
