"""OpenID Connect as the portal speaks it: the code flow with state, nonce and PKCE, and a signed ID token.

Everything is taken from the provider's own description and must lie at its own origin. Nothing here
knows of people: `identity_from` says whom the provider vouches for, `accounts.services.identities` who that is.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

import jwt

from spbe_portal.env import IdentityProvider

TIMEOUT = 8  # seconds, each request
MOST = 256 * 1024  # bytes of an answer
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY = 60  # seconds the two clocks may differ
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk"})  # RFC 8176


class OIDCError(Exception):
    """The provider cannot be reached, or what came back cannot be believed. Its text is for the log."""


@dataclass(frozen=True)
class Pending:
    """One log-in under way, kept in the session until the answer comes back, once."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. `is_verified` is about `email` alone."""

    issuer: str
    subject: str
    claim: str
    email: str
    is_verified: bool
    has_second_factor: bool


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def begin() -> Pending:
    return Pending(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64))


def address(provider: IdentityProvider, pending: Pending, back: str) -> str:
    """Where to send the person. `back` is our own address they return to. Raises `OIDCError`."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": "openid profile email",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = _endpoint(provider, _description(provider), "authorization_endpoint")
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urllib.parse.urlencode(asked)}"


def identity_from(provider: IdentityProvider, pending: Pending, code: str, back: str) -> Identity:
    """Exchange `code` and check the ID token: signature, issuer, audience, time and nonce. Raises `OIDCError`."""
    description = _description(provider)
    answer = _fetch(
        _endpoint(provider, description, "token_endpoint"),
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": provider.client_id,
            "client_secret": provider.secret,
            "code_verifier": pending.verifier,
        },
    )
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise OIDCError("no ID token in the answer")
    claims = _checked(provider, description, token)
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode()):
        raise OIDCError("the nonce is not ours")
    authorised = claims.get("azp")
    if authorised not in (None, provider.client_id) or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1):
        raise OIDCError("the token is for somebody else too")
    subject = _line(claims["sub"])
    if not subject:
        raise OIDCError("the token is about nobody")
    told = claims.get("amr")
    methods = {str(method) for method in told} if isinstance(told, list) else set()
    return Identity(
        issuer=provider.issuer,
        subject=subject,
        claim=_line(claims.get(provider.claim)),
        email=_line(claims.get("email")),
        is_verified=claims.get("email_verified") is True,
        has_second_factor=bool(SECOND_FACTORS & methods),
    )


def _line(value: Any) -> str:
    """A text of one line as databases know it; "" for anything else, such as a name with a zero byte behind it."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= 255 else ""


def _checked(provider: IdentityProvider, description: dict[str, Any], token: str) -> dict[str, Any]:
    keys = _fetch(_endpoint(provider, description, "jwks_uri"))
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:  # neither "none" nor a shared secret
            raise OIDCError(f"the token is signed by {header.get('alg')}")
        usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]
        named = [key for key in usable if key.key_id == header.get("kid")]
        if "kid" not in header:
            named = usable
        if len(named) != 1:
            raise OIDCError("no one key of the provider's is the token's")
        return jwt.decode(
            token,
            key=named[0],
            algorithms=[header["alg"]],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise OIDCError(f"the token cannot be believed: {error}") from error


def _description(provider: IdentityProvider) -> dict[str, Any]:
    found = _fetch(f"{provider.issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != provider.issuer:
        raise OIDCError(f"the provider calls itself {found.get('issuer')!r}")
    return found


def _endpoint(provider: IdentityProvider, description: dict[str, Any], name: str) -> str:
    url = str(description.get(name) or "")
    parts = urllib.parse.urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" != provider.origin:
        raise OIDCError(f"{name} {url!r} is not at {provider.origin}")
    return url


def _fetch(url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    body = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data=body, headers={"Accept": "application/json"})
    try:
        with _opener.open(request, timeout=TIMEOUT) as response:
            raw = response.read(MOST + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise OIDCError(f"{url}: {error}") from error
    if len(raw) > MOST:
        raise OIDCError(f"{url}: too much of an answer")
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise OIDCError(f"{url}: no JSON") from error
    if not isinstance(found, dict):
        raise OIDCError(f"{url}: no object")
    return found
