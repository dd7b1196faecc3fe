"""Whose account a government identity is. Nothing is ever created: an account is there, or there is no log-in."""

from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.errors import Refused
from accounts.models import LinkedIdentity, NotificationKind, User
from accounts.oidc import Identity
from accounts.services._base import end_sessions, locked_person, required_reason
from accounts.services.notifications import notify
from audit.services import record

UNKNOWN = "Akun Anda belum terdaftar di portal ini."
INACTIVE = "Akun Anda di portal ini tidak aktif."
UNVERIFIED = "Alamat surel Anda belum diverifikasi oleh penyedia akun."
ADMINISTRATOR = "Administrator sistem masuk dengan nama pengguna dan kata sandi."
OTHERWISE_LINKED = "Akun Anda di portal ini sudah tertaut dengan akun pemerintah yang lain."


def person_of(identity: Identity, *, claim_name: str) -> User:
    """The account an identity is linked to, or is linked to now for the first time.

    The first time it is the one active account whose user name is the provider's claim, or whose
    e-mail address is its verified one, where the claim is the address. Raises `Refused` for nobody,
    closed accounts, administrators and whoever is linked to another identity.
    """
    with transaction.atomic():
        link = (
            LinkedIdentity.objects.select_related("user")
            .filter(issuer=identity.issuer, subject=identity.subject)
            .first()
        )
        person = link.user if link else _matching(identity, claim_name)
        if not person.is_active:
            raise Refused(INACTIVE)
        if person.is_superuser:
            raise Refused(ADMINISTRATOR)
        if link is None:
            _link(person, identity)
        return person


def unlink(*, actor: User, person_id: int, reason: str) -> None:
    """Forget the link; the next log-in from the provider is matched anew. Raises as `two_factor.reset`."""
    with transaction.atomic():
        person = locked_person(person_id, actor)
        reason = required_reason(reason)
        if not LinkedIdentity.objects.filter(user=person).exists():
            raise Refused("Tidak ada akun pemerintah yang tertaut.")
        LinkedIdentity.objects.filter(user=person).delete()
        end_sessions(person)
        record("user.oidc_unlinked", person, actor=actor, reason=reason)


def _matching(identity: Identity, claim_name: str) -> User:
    if claim_name == "email":
        if not identity.email:
            raise Refused(UNKNOWN)
        if not identity.is_verified:
            raise Refused(UNVERIFIED)
        everyone = list(User.objects.filter(email__iexact=identity.email)[:20])
        found = [person for person in everyone if person.is_active] or everyone
    else:
        found = list(User.objects.filter(username__iexact=identity.claim)[:2]) if identity.claim else []
    if len(found) != 1:
        raise Refused(UNKNOWN)
    return found[0]


def _link(person: User, identity: Identity) -> None:
    if LinkedIdentity.objects.filter(user=person, issuer=identity.issuer).exists():
        raise Refused(OTHERWISE_LINKED)
    try:
        with transaction.atomic():
            made = LinkedIdentity.objects.create(user=person, issuer=identity.issuer, subject=identity.subject)
    except IntegrityError:  # linked at the same moment by another log-in
        raise Refused(OTHERWISE_LINKED) from None
    after = {"issuer": identity.issuer, "subject": identity.subject}
    record("user.oidc_linked", person, actor=person, after=after)
    notify(
        [person],
        kind=NotificationKind.ACCOUNT,
        title="Akun pemerintah tertaut",
        text="Akun Anda kini dapat dibuka dengan akun pemerintah. Bila bukan Anda, hubungi koordinator.",
        key=f"oidc:{made.pk}",
        path=reverse("account_security"),
    )
