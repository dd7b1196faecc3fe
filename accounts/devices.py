"""Browsers a person has logged in with before: a stranger's guesses do not keep them out (docs/adr/0011).

A signed cookie names up to `MAX` people by a keyed digest, each with an id that its failures are counted by.
It lets nobody in: it only decides which count a wrong password goes to.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

SALT = "accounts.devices"
AGE = 180 * 24 * 3600
MAX = 5  # office PCs are shared


def _owner(user: User) -> str:
    """Ends with the person's sessions: whoever is locked out of those is no longer known either."""
    return salted_hmac(SALT, f"{user.pk}:{user.session_serial}", algorithm="sha256").hexdigest()[:32]


def _entries(request: HttpRequest) -> list[tuple[str, str]]:
    try:
        found = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=AGE)
        return [(str(owner), str(device)) for owner, device in found]
    except (signing.BadSignature, TypeError, ValueError):
        return []


def any_device(request: HttpRequest) -> str:
    """The id of a browser somebody has logged in with before; "" for any other."""
    return next((device for _, device in _entries(request)), "")


def device_of(request: HttpRequest, username: str) -> str:
    """The id under which this browser is known for `username`; "" where it is not. No query without a cookie."""
    entries = _entries(request)
    user = User.objects.filter(username__iexact=username).first() if entries else None
    return _of(entries, user) if user else ""


def _of(entries: list[tuple[str, str]], user: User) -> str:
    return next((device for owner, device in entries if constant_time_compare(owner, _owner(user))), "")


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Know this browser as `user`'s from now on."""
    entries = _entries(request)
    device = _of(entries, user) or secrets.token_urlsafe(12)
    kept = [entry for entry in entries if entry[1] != device][: MAX - 1]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([(_owner(user), device), *kept], salt=SALT),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
