"""Passwords and the one-time links by which people set them. No event holds a password or a link."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts.errors import Refused
from accounts.models import User
from accounts.services._base import locked_person
from audit.services import record

GONE = (
    "Tautan ini tidak berlaku lagi: sudah dipakai, sudah diganti, atau sudah lewat waktu. "
    "Minta tautan baru kepada koordinator penilaian."
)


class PasswordLinkGenerator(PasswordResetTokenGenerator):
    """Tokens that end when the password changes, a newer link is made or the person's sessions are ended."""

    key_salt = "accounts.services.passwords.PasswordLinkGenerator"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}:{user.password}:{user.link_serial}:{user.session_serial}:{timestamp}"


_tokens = PasswordLinkGenerator()


@dataclass(frozen=True)
class PasswordLink:
    """A link to hand to its person, once, and until when it works."""

    person: User
    url: str
    expires_at: datetime


def make_link(*, actor: User, person_id: int) -> PasswordLink:
    """A new one-time link; earlier ones stop working, the present password goes on until this one is used.

    Raises `PermissionDenied` (only an administrator makes an administrator's), `Refused` for a closed account.
    """
    with transaction.atomic():
        person = locked_person(person_id, actor)
        if not person.is_active:
            raise Refused("Akun ini tidak aktif. Aktifkan dahulu, lalu buat tautan.")
        person.link_serial += 1
        person.invited_at = person.invitation_sent_at = None  # the link in that message is no longer the newest
        person.save(update_fields=["link_serial", "invited_at", "invitation_sent_at"])
        link = link_of(person)
        record("user.password_link", person, actor=actor, after={"expires_at": link.expires_at})
        return link


def link_of(person: User) -> PasswordLink:
    """The link that works for `person` as stored now: to be shown or sent, never to be kept."""
    expires_at = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    where = reverse(
        "password_link",
        kwargs={"uidb64": urlsafe_base64_encode(str(person.pk).encode()), "token": _tokens.make_token(person)},
    )
    return PasswordLink(person, settings.PUBLIC_URL + where, expires_at)


def person_of_link(uidb64: str, token: str) -> User | None:
    """Whose password the link may set; None for any link that does not work (now)."""
    person = User.objects.filter(pk=_decoded(uidb64), is_active=True).first()
    return person if person and _tokens.check_token(person, token) else None


def use_link(*, uidb64: str, token: str, password: str) -> User:
    """Set the password by a link, which then no longer works; all sessions of the person end.

    The password has been validated by the form. Raises `Refused` where the link does not work.
    """
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).filter(pk=_decoded(uidb64), is_active=True).first()
        if person is None or not _tokens.check_token(person, token):
            raise Refused(GONE)
        _set_password(person, password)
        record("user.password_link_used", person, actor=person)
        return person


def change_own_password(*, user: User, password: str) -> None:
    """Set `user`'s own password; sessions elsewhere end. The form has asked for the present one."""
    with transaction.atomic():
        _set_password(user, password)
        record("user.password_change", user, actor=user)


def _set_password(person: User, password: str) -> None:
    """With the old password every link ends, so none is on its way any more."""
    person.set_password(password)
    person.invited_at = person.invitation_sent_at = None
    person.save(update_fields=["password", "invited_at", "invitation_sent_at"])


def _decoded(uidb64: str) -> int:
    """The primary key in a link; 0, which is nobody's, for anything else."""
    try:
        number = int(force_str(urlsafe_base64_decode(uidb64)))
    except (ValueError, OverflowError):
        return 0
    return number if 0 < number < 2**63 else 0
