"""Tokens of programs: made, found, revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import ApiToken, NotificationKind, User
from accounts.permissions import rights_of
from accounts.services import two_factor
from accounts.services.notifications import notify
from audit.services import record
from spbe_portal.formatting import date_id

PREFIX = "spbe_"
#: Days a token may live, as its page offers them, and how long one made with a password lives unless asked.
LIVES = (7, 30, 90, 365)
USUAL_LIFE = 30
#: How many living tokens one person's programs may have made with the password: older ones end.
MOST_BY_PASSWORD = 10
#: How often the row of a busy token is written.
EVERY = timedelta(minutes=5)
#: How long a token that ended is still listed.
KEPT = timedelta(days=180)


@dataclass(frozen=True)
class Shown:
    """One token as its owner sees it. `state`: "alive", "expired", "revoked" or "ended" (with the sessions)."""

    pk: int
    name: str
    beginning: str
    scope: str
    way: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    state: str


def digest_of(plain: str) -> str:
    """Tokens are random and long: a plain digest is as good as a slow one, and can be looked up."""
    return hashlib.sha256(plain.encode()).hexdigest()


def make(*, user: User, name: str, scope: str, days: int, origin: str = ApiToken.Origin.PAGE) -> tuple[ApiToken, str]:
    """A new token of `user` and its plain text, which nobody can read again."""
    plain = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            digest=digest_of(plain),
            beginning=plain[:12],
            fingerprint=user.get_session_auth_hash(),
            scope=scope,
            origin=origin,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        record(
            "token.make",
            token,
            actor=user,
            stream=f"user:{user.pk}",
            after={"name": name, "scope": scope, "expires_at": token.expires_at},
        )
        _tell(token)
    return token, plain


def make_by_password(*, user: User, name: str, scope: str, days: int) -> tuple[ApiToken, str]:
    """As `make`, for a program that has just proved the password; the oldest such beyond `MOST_BY_PASSWORD` end."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        made = make(user=user, name=name, scope=scope, days=days, origin=ApiToken.Origin.LOG_IN)
        alive = living(user).filter(origin=ApiToken.Origin.LOG_IN)
        for token in alive.order_by("-created_at", "-id")[MOST_BY_PASSWORD:]:
            _revoke(token, "Digantikan token yang lebih baru.")
        return made


def revoke(*, user: User, pk: int) -> ApiToken:
    """End one token of one's own; one that has ended stays as it was. Raises `ApiToken.DoesNotExist`."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update(no_key=True).get(pk=pk, user=user)
        if token.revoked_at is None:
            _revoke(token)
        return token


def find(plain: str) -> ApiToken | None:
    """The token that works now, with its owner; None for any other text. One query, now and then one more."""
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(plain)).first()
    if token is None or token.revoked_at or token.expires_at <= timezone.now() or not token.user.is_active:
        return None
    present = token.user.get_session_auth_hash()
    if not constant_time_compare(token.fingerprint, present):
        # Made under a former SECRET_KEY, while that is being replaced: as sessions do, it goes on under the new one.
        former = token.user.get_session_auth_fallback_hash()
        if not any(constant_time_compare(token.fingerprint, each) for each in former):
            return None
        ApiToken.objects.filter(pk=token.pk).update(fingerprint=present)
    return token


def touch(token: ApiToken) -> None:
    """Write down that the token is in use. One query, mostly none."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= EVERY:
        token.last_used_at = now
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def lacks_second_factor(user: User) -> bool:
    """Whether the person's role requires a second factor that is not set up: no program works for them until then."""
    if not settings.TWO_FACTOR_ROLES or not two_factor.is_required(rights_of(user)):
        return False
    return not two_factor.is_on(user)


def living(user: User) -> QuerySet[ApiToken]:
    """Those of the person's tokens that work now."""
    return ApiToken.objects.filter(
        user=user, revoked_at=None, expires_at__gt=timezone.now(), fingerprint=user.get_session_auth_hash()
    )


def has_named(user: User, name: str) -> bool:
    """Whether a token of this name works for the person: another one could not be told apart from it."""
    return living(user).filter(name=name, origin=ApiToken.Origin.PAGE).exists()


def of_person(user: User) -> QuerySet[ApiToken]:
    """All of a person's tokens, the newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at", "-id")


def shown(token: ApiToken, present: str) -> Shown:
    """`present`: the fingerprint of the owner now."""
    return Shown(
        token.pk,
        token.name,
        token.beginning,
        token.get_scope_display(),
        token.get_origin_display(),
        token.created_at,
        token.expires_at,
        token.last_used_at,
        _state(token, present),
    )


def clean_up() -> int:
    """Forget tokens that ended long ago; how many. That they were made and revoked stays in the trail."""
    return ApiToken.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def _state(token: ApiToken, present: str) -> str:
    if token.revoked_at:
        return "revoked"
    if token.expires_at <= timezone.now():
        return "expired"
    return "alive" if constant_time_compare(token.fingerprint, present) else "ended"


def _revoke(token: ApiToken, reason: str = "") -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(
        "token.revoke",
        token,
        actor=token.user,
        stream=f"user:{token.user_id}",
        after={"name": token.name},
        reason=reason,
    )


def _tell(token: ApiToken) -> None:
    """Of each one made on the page; of those that programs make with the password once a day."""
    is_by_password = token.origin == ApiToken.Origin.LOG_IN
    title = "Program masuk dengan kata sandi Anda" if is_by_password else f"Token API dibuat: {token.name}"
    key = f"token:day:{timezone.localdate().isoformat()}" if is_by_password else f"token:{token.pk}"
    text = (
        f"Token “{token.name}” bertindak atas nama Anda sampai {date_id(timezone.localdate(token.expires_at))}. "
        "Bila bukan Anda yang membuatnya, cabut token itu dan ubah kata sandi."
    )
    notify([token.user], kind=NotificationKind.ACCOUNT, title=title, key=key, text=text, path=reverse("token_list"))
