"""Password links that go out by e-mail: invitations by who manages accounts, and for who forgot the password.

A link is made where the message is written and is kept nowhere: tasks carry primary keys, events tell that a
message went out. With no mail server there are no such messages, and a link is handed over as `passwords` makes it.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import User
from accounts.permissions import can_reset_password_of, rights_of
from accounts.services import passwords
from accounts.services._base import locked_person, require_manager
from audit.models import Event
from audit.services import record

logger = logging.getLogger(__name__)

#: One account gets one message in this time, whoever asks how often for a forgotten password.
FORGOTTEN_EVERY = timedelta(minutes=10)
#: One address may belong to a few accounts, to an office's shared mailbox for instance.
ACCOUNTS_OF_ONE_ADDRESS = 5
#: A message is normally on its way at once: after this long something went wrong.
LATE = timedelta(minutes=10)
#: Later than this the manager has seen that it did not go out.
GIVEN_UP = timedelta(days=1)
NO_MAIL = "Portal belum dihubungkan ke server surel. Buat tautan kata sandi, lalu kirim sendiri."


def can_mail() -> bool:
    """Whether messages reach people. Without a mail server they would stand in the log, link and all; in the demo
    that is what the log is for."""
    return settings.DEMO or not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


# --- Invitations -------------------------------------------------------------------------------------


def invite(*, actor: User, person_id: int) -> User:
    """Send a one-time link by e-mail; earlier links stop working, a present password goes on until it is used.

    Raises `PermissionDenied`, and `Refused` for a closed account, without an address or without a mail server.
    """
    if not can_mail():
        raise Refused(NO_MAIL)
    with transaction.atomic():
        person = locked_person(person_id, actor)
        if not person.is_active:
            raise Refused("Akun ini tidak aktif. Aktifkan dahulu, lalu kirim undangan.")
        if not person.email:
            raise Refused("Akun ini belum mempunyai alamat surel. Isi dahulu, atau buat tautan dan kirim sendiri.")
        person.link_serial += 1
        person.invited_at, person.invitation_sent_at = timezone.now(), None
        person.save(update_fields=["link_serial", "invited_at", "invitation_sent_at"])
        record("user.invite", person, actor=actor, after={"email": person.email})
        transaction.on_commit(partial(_queue, person.pk, person.link_serial))
        return person


def invite_waiting(*, actor: User) -> list[User]:
    """Invite everybody of `waiting`; who was. Raises `PermissionDenied`, `Refused` without a mail server."""
    require_manager(actor)
    with transaction.atomic():
        return [invite(actor=actor, person_id=pk) for pk in _invitable(actor).values_list("pk", flat=True)]


def waiting(actor: User) -> int:
    """How many accounts have an address and have never had a password; those invited just now are left out."""
    return _invitable(actor).count()


def _invitable(actor: User) -> QuerySet[User]:
    never = User.objects.filter(
        is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX, last_login=None
    ).exclude(email="")
    if not rights_of(actor).is_superuser:
        never = never.filter(is_superuser=False)
    return never.filter(Q(invited_at=None) | Q(invited_at__lt=timezone.now() - LATE)).order_by("pk")


def send_invitation(person_id: int, serial: int) -> bool:
    """Hand the message to the mail server, once; whether it went. A link that was replaced meanwhile is not sent."""
    mine = User.objects.filter(pk=person_id, link_serial=serial, is_active=True).exclude(invited_at=None)
    if not mine.exclude(email="").filter(invitation_sent_at=None).update(invitation_sent_at=timezone.now()):
        return False
    person = User.objects.get(pk=person_id)
    acts = Event.objects.filter(stream=f"user:{person_id}", action="user.invite").select_related("actor")
    by = acts.order_by("-id").first()
    subject = "Undangan" if not person.has_usable_password() else "Tautan kata sandi"
    if _sent(person, subject, "accounts/invitation.txt", {"inviter": by.actor if by else None}):
        return True
    mine.update(invitation_sent_at=None)
    return False


def send_unsent_invitations() -> int:
    """Send what should have gone out already; how many went."""
    now = timezone.now()
    late = User.objects.filter(
        invitation_sent_at=None, invited_at__lt=now - LATE, invited_at__gte=now - GIVEN_UP
    ).values_list("pk", "link_serial")
    return sum(send_invitation(pk, serial) for pk, serial in late)


def _queue(person_id: int, serial: int) -> None:
    from accounts.tasks import send_invitation as task

    try:
        task.delay(person_id, serial)
    except Exception:
        logger.exception("The broker did not take the invitation of user %s; it is sent later.", person_id)


# --- Forgotten passwords -----------------------------------------------------------------------------


def ask_forgotten(typed: str) -> None:
    """Let the worker look whether `typed` is anybody: to who asked, all names are the same."""
    from accounts.tasks import answer_forgotten as task

    try:
        task.delay(typed)
    except Exception:
        logger.exception("The broker did not take a request for a forgotten password.")


def answer_forgotten(typed: str) -> int:
    """A link to each open account of this user name or address; how many went out.

    It goes to the stored address, never to the typed one. Earlier links go on working: asking for one, as anybody
    can, takes nothing from the account's owner.
    """
    typed = typed.strip()
    if not typed or not can_mail():
        return 0
    known = User.objects.filter(is_active=True).exclude(email="")
    found = known.filter(Q(username__iexact=typed) | Q(email__iexact=typed)).order_by("pk")
    return sum(_answered(person) for person in found[:ACCOUNTS_OF_ONE_ADDRESS])


def _answered(person: User) -> bool:
    now = timezone.now()
    mine = User.objects.filter(pk=person.pk)
    with transaction.atomic():
        due = mine.filter(Q(reset_sent_at=None) | Q(reset_sent_at__lte=now - FORGOTTEN_EVERY))
        if not due.update(reset_sent_at=now):
            return False
        record("user.password_forgotten", person, actor=None)
    person.refresh_from_db()
    if _sent(person, "Tautan kata sandi", "accounts/password_forgotten.txt", {}):
        return True
    mine.update(reset_sent_at=None)
    return False


# --- Messages ----------------------------------------------------------------------------------------


def _sent(person: User, subject: str, template: str, context: dict) -> bool:
    link = passwords.link_of(person)
    context = {"link": link, "person": person, "government": settings.GOVERNMENT_NAME, **context}
    body = render_to_string(template, context)
    government = " ".join(settings.GOVERNMENT_NAME.split())
    try:
        EmailMessage(f"{subject} SPBE Portal {government}", body, None, [person.email]).send()
    except (SMTPException, OSError, ValueError):
        logger.exception("The link for user %s was not sent", person.pk)
        return False
    return True


def may_invite(actor: User, person: User) -> bool:
    """Whether a button to send `person` a link leads anywhere."""
    return can_mail() and bool(person.email) and can_reset_password_of(rights_of(actor), person)


def invite_new(*, actor: User, people: Iterable[User]) -> int:
    """Invite those of `people` that have an address; how many."""
    chosen = sorted(person.pk for person in people if person.email)
    for pk in chosen:
        invite(actor=actor, person_id=pk)
    return len(chosen)
