"""Where people are signed in: noted at log-in, listed, ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import LinkedIdentity, SignIn, User
from accounts.services import tokens, two_factor
from accounts.services._base import end_sessions, locked_person
from audit.services import record

#: What a session carries: the row's pk, the key it is noted under, when it began and was last written down.
MARK = "sign_in"
#: How often the row of a busy session is written.
EVERY = timedelta(minutes=5)
LONGEST = timedelta(hours=12)

#: What a User-Agent header holds, the more telling first, and how it is called.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Shown:
    """One session as its owner sees it."""

    pk: int
    device: str
    address: str
    way: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def device_in_words(browser: str) -> str:
    """What a User-Agent header tells: "Chrome di Windows"."""
    name = next((name for mark, name in _BROWSERS.items() if mark in browser), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in browser), "")
    if name and system:
        return f"{name} di {system}"
    return name or system or "Peramban tidak dikenal"


def note(*, user: User, session: Any, way: str, address: str, browser: str) -> SignIn:
    """Write down that `user` has just logged in, and mark the session with it."""
    if not session.session_key:
        session.save()
    row, _ = SignIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "user": user,
            "fingerprint": user.get_session_auth_hash(),
            "way": way,
            "address": address[:45],
            "browser": browser[:300],
            "started_at": timezone.now(),
            "seen_at": timezone.now(),
        },
    )
    now = timezone.now().timestamp()
    session[MARK] = {"pk": row.pk, "key": row.session_key, "began": now, "seen": now}
    return row


def is_over(session: Any) -> bool:
    """Whether the session is older than a working day; busy ones end too."""
    mark = session.get(MARK)
    return bool(mark) and timezone.now().timestamp() - mark["began"] > LONGEST.total_seconds()


def touch(*, user: User, session: Any) -> None:
    """Write down that the session is in use: now and then, and where its key has changed. One query, mostly none."""
    mark = session.get(MARK)
    if not mark or not session.session_key:
        return
    now = timezone.now()
    if mark["key"] == session.session_key and now.timestamp() - mark["seen"] < EVERY.total_seconds():
        return
    SignIn.objects.filter(pk=mark["pk"], user=user).update(
        session_key=session.session_key, fingerprint=user.get_session_auth_hash(), seen_at=now
    )
    session[MARK] = {**mark, "key": session.session_key, "seen": now.timestamp()}


def of_person(user: User) -> QuerySet[SignIn]:
    """The sessions that work now, the latest used first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return SignIn.objects.filter(
        Exists(alive),
        user=user,
        fingerprint=user.get_session_auth_hash(),
        started_at__gt=timezone.now() - LONGEST,
    )


def shown(user: User, session_key: str | None) -> list[Shown]:
    """As `of_person`, this session first; one query."""
    rows = [
        Shown(
            row.pk,
            device_in_words(row.browser),
            row.address,
            row.get_way_display(),
            row.started_at,
            row.seen_at,
            row.session_key == session_key,
        )
        for row in of_person(user)
    ]
    return sorted(rows, key=lambda row: not row.is_this)


@dataclass(frozen=True)
class PersonSecurity:
    """What who manages accounts sees of a person's security. `sessions`, `tokens`: how many are open, work."""

    has_second_factor: bool
    sessions: int
    identity: LinkedIdentity | None
    tokens: int


def security_of(person: User) -> PersonSecurity:
    """Four queries."""
    return PersonSecurity(
        two_factor.is_on(person),
        of_person(person).count(),
        LinkedIdentity.objects.filter(user=person).first(),
        tokens.living(person).count(),
    )


def end_own(*, user: User, pk: int) -> None:
    """End one session of one's own. Raises `SignIn.DoesNotExist` where it is not, or no longer, theirs."""
    with transaction.atomic():
        row = of_person(user).select_for_update(no_key=True).get(pk=pk)
        SessionStore().delete(row.session_key)
        record("user.session_ended", user, actor=user, after={"device": device_in_words(row.browser)})
        row.delete()


def end_others(*, user: User) -> None:
    """End all sessions of one's own; the caller keeps the present one (`update_session_auth_hash`)."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        end_sessions(user)
        user.refresh_from_db(fields=["session_serial"])
        record("user.sessions_ended", user, actor=user)


def end_all_of(*, actor: User, person_id: int) -> None:
    """End all sessions and unused password links of a person. Raises `PermissionDenied`, `Refused` for oneself."""
    with transaction.atomic():
        person = locked_person(person_id, actor)
        if person.pk == actor.pk:
            raise Refused("Sesi Anda sendiri diakhiri pada halaman Keamanan akun.")
        end_sessions(person)
        record("user.sessions_ended", person, actor=actor)


def clear() -> int:
    """Delete what ended: expired sessions, and rows whose session is gone; how many rows."""
    SessionStore.clear_expired()
    SignIn.objects.filter(started_at__lt=timezone.now() - LONGEST).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    return SignIn.objects.filter(~Exists(alive)).delete()[0]
