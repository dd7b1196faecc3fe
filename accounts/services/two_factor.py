"""The second factor: codes of an authenticator app, and recovery codes for when it is lost.

The tables and the arithmetic are allauth's; that a code works once only, across its tolerance, is ours.
"""

import logging
from dataclasses import dataclass

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from accounts import sealing
from accounts.errors import Invalid, Refused
from accounts.models import NotificationKind, Role, User
from accounts.permissions import Rights
from accounts.services._base import end_sessions, locked_person, required_reason
from accounts.services.notifications import notify
from audit.models import Event
from audit.services import record

log = logging.getLogger(__name__)

TOTP = Authenticator.Type.TOTP
RECOVERY = Authenticator.Type.RECOVERY_CODES
WRONG = "Kode tidak cocok. Ketik kode 6 angka yang sedang tampil di aplikasi autentikator."
ALREADY_ON = "Verifikasi dua langkah sudah aktif."
NOT_ON = "Verifikasi dua langkah tidak aktif."
REQUIRED = "Peran Anda mewajibkan verifikasi dua langkah, jadi tidak dapat dimatikan."


@dataclass(frozen=True)
class SecondFactor:
    """What a person has set up. `codes_left`: recovery codes not used yet."""

    is_on: bool
    codes_left: int = 0


def second_factor_of(user: User) -> SecondFactor:
    """One query."""
    rows = {row.type: row for row in Authenticator.objects.filter(user=user)}
    if TOTP not in rows:
        return SecondFactor(False)
    left = (
        app_settings.RECOVERY_CODE_COUNT - int(rows[RECOVERY].data["used_mask"]).bit_count() if RECOVERY in rows else 0
    )
    return SecondFactor(True, left)


def is_on(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=TOTP).exists()


def is_required(rights: Rights) -> bool:
    """Whether TWO_FACTOR_ROLES names what this person holds."""
    asked = settings.TWO_FACTOR_ROLES
    held = {
        Role.OPERATOR: rights.is_operator,
        Role.VERIFIER: rights.is_verifier,
        Role.COORDINATOR: rights.is_coordinator,
        Role.LEADER: rights.is_leader,
        "administrator": rights.is_superuser,
    }
    return any(held[name] for name in asked)


def new_secret() -> str:
    return str(totp.generate_totp_secret())


def switch_on(*, user: User, secret: str, code: str) -> list[str]:
    """Begin to ask `user` for codes; their recovery codes, shown this once.

    `secret` is what the app was given, `code` what it then showed. Raises `Invalid`, `Refused` where it is on.
    """
    with transaction.atomic():
        _lock(user)
        if is_on(user):
            raise Refused(ALREADY_ON)
        counter = _counter_of(secret, code)
        if counter is None:
            raise Invalid({"code": WRONG})
        data = {"secret": sealing.encrypt(secret), "last_counter": counter}
        Authenticator.objects.create(user=user, type=TOTP, data=data)
        codes = _make_codes(user)
        record("user.two_factor_on", user, actor=user)
        _tell(user, "Verifikasi dua langkah aktif", "Setiap kali masuk, Anda diminta kode dari aplikasi autentikator.")
        return codes


def new_codes(*, user: User) -> list[str]:
    """Other recovery codes, shown this once; the former ones no longer work. Raises `Refused` where it is off."""
    with transaction.atomic():
        _lock(user)
        if not is_on(user):
            raise Refused(NOT_ON)
        codes = _make_codes(user)
        record("user.two_factor_codes", user, actor=user)
        return codes


def switch_off(*, user: User, rights: Rights) -> None:
    """Ask for the password alone again. Raises `Refused` where a role requires it or it is off."""
    with transaction.atomic():
        _lock(user)
        if is_required(rights):
            raise Refused(REQUIRED)
        if not is_on(user):
            raise Refused(NOT_ON)
        Authenticator.objects.filter(user=user).delete()
        record("user.two_factor_off", user, actor=user)
        _tell(user, "Verifikasi dua langkah dimatikan", "Bila bukan Anda yang melakukannya, hubungi koordinator.")


def reset(*, actor: User, person_id: int, reason: str) -> None:
    """Take the second factor from a person who lost it; their sessions end.

    Raises `PermissionDenied` (only an administrator does it for an administrator, and nobody for themselves),
    `Invalid` without a reason, `Refused` where there is none.
    """
    with transaction.atomic():
        person = locked_person(person_id, actor)
        if person.pk == actor.pk:
            raise Refused("Matikan verifikasi dua langkah Anda sendiri pada halaman Keamanan akun.")
        reason = required_reason(reason)
        if not Authenticator.objects.filter(user=person).exists():
            raise Refused("Verifikasi dua langkah pengguna ini tidak aktif.")
        Authenticator.objects.filter(user=person).delete()
        end_sessions(person)
        record("user.two_factor_reset", person, actor=actor, reason=reason)
        _tell(person, "Verifikasi dua langkah Anda dicabut", f"Oleh {actor}. Alasan: {reason}")


def check(*, user: User, code: str) -> Authenticator | None:
    """What of the person's `code` is right for, used up by it; None where it is wrong or was used before."""
    code = "".join(code.split())
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update(no_key=True).filter(user=user, type__in=(TOTP, RECOVERY))
        for row in sorted(rows, key=lambda row: row.type != TOTP):
            try:
                if row.type == TOTP and _use_totp(row, code):
                    return row
                if row.type == RECOVERY and RecoveryCodes(row).validate_code(code):
                    row.refresh_from_db()
                    record("user.recovery_code_used", user, actor=user)
                    left = second_factor_of(user).codes_left
                    _tell(
                        user,
                        "Kode pemulihan dipakai",
                        f"Sisa {left} kode. Buat yang baru bila hampir habis.",
                    )
                    return row
            except InvalidToken:
                log.error("The second factor of user %s cannot be decrypted: was SECRET_KEY changed?", user.pk)
    return None


def rotate_secrets() -> int:
    """Encrypt every secret with the present SECRET_KEY; how many."""
    changed = 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(no_key=True).get(pk=pk)
            name = "secret" if row.type == TOTP else "seed"
            row.data[name] = sealing.rotate(row.data[name])
            row.save(update_fields=["data"])
            changed += 1
    return changed


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _counter_of(secret: str, code: str) -> int | None:
    """The half minute (see RFC 6238) whose code this is; None where it is none of those around now."""
    code = "".join(code.split())
    return next(
        (
            counter
            for counter in totp.yield_hotp_counters_from_time()
            if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter)))
        ),
        None,
    )


def _use_totp(row: Authenticator, code: str) -> bool:
    """Whether `code` is right and newer than any that was used."""
    counter = _counter_of(sealing.decrypt(row.data["secret"]), code)
    if counter is None or counter <= row.data.get("last_counter", 0):
        return False
    row.data["last_counter"] = counter
    row.save(update_fields=["data"])
    return True


def _make_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=RECOVERY).delete()
    return [f"{code[:4]} {code[4:]}" for code in RecoveryCodes.activate(user).generate_codes()]


def _tell(user: User, title: str, text: str) -> None:
    """Each time anew: the key holds the event just written."""
    newest = Event.objects.filter(stream=f"user:{user.pk}").aggregate(newest=Max("id"))["newest"]
    key = f"security:{newest}"
    notify([user], kind=NotificationKind.ACCOUNT, title=title, key=key, text=text, path=reverse("account_security"))
