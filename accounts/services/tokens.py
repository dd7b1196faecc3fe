"""Tokens of programs: made, found, revoked."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import ApiToken, User
from audit.services import record

PREFIX = "spbe_"


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
    return token, plain


def find(plain: str) -> ApiToken | None:
    """The token that works now, with its owner; None for any other text. One query."""
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(plain)).first()
    if token is None or token.revoked_at or token.expires_at <= timezone.now() or not token.user.is_active:
        return None
    if not constant_time_compare(token.fingerprint, token.user.get_session_auth_hash()):
        return None
    return token
