"""Typed reading of the environment. A bad value stops the start and names itself."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in _TRUE:
        return True
    if raw.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r}: use 1 or 0.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r}: use a whole number.") from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name}={raw!r}: must be at least {minimum}.")
    return value


def decimal(name: str, default: str) -> Decimal:
    raw = os.environ.get(name, "").strip() or default
    try:
        return Decimal(raw)
    except InvalidOperation:
        raise ImproperlyConfigured(f"{name}={raw!r}: use a number such as 3.60.") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def lines(name: str, default: str = "") -> list[str]:
    """A list separated by `|`, for texts that hold commas."""
    return [part.strip() for part in text(name, default).split("|") if part.strip()]


def database(default_file: Path) -> dict:
    """Django's database settings from DATABASE_URL, or SQLite in `default_file`.

    SQLite writers take their lock at BEGIN (IMMEDIATE): with the deferred default a
    transaction that reads before it writes fails under two writers instead of waiting.
    """
    url = text("DATABASE_URL")
    if url:
        try:
            config = dict(environ.Env.db_url_config(url))
        except Exception:
            # Neither the address nor the parser's complaint, which may quote it: there is a password in it.
            raise ImproperlyConfigured(
                "DATABASE_URL cannot be read: use postgres://user:password@host/name."
            ) from None
        if config.get("ENGINE") == "django.db.backends.postgresql":
            config["CONN_MAX_AGE"] = 60
            config["CONN_HEALTH_CHECKS"] = True
            config["OPTIONS"] = {"connect_timeout": 5, **config.get("OPTIONS", {})}
            return config
        if config.get("ENGINE") != "django.db.backends.sqlite3":
            raise ImproperlyConfigured("DATABASE_URL: use postgres:// or sqlite:///.")
    else:
        # Tests use a file too: the browser's requests come on several connections, as in production.
        # One a process, so that two runs at once do not drop each other's tables.
        test_file = default_file.with_name(f"test-{os.getpid()}-{default_file.name}")
        config = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(default_file),
            "TEST": {"NAME": str(test_file)},
        }
    config["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return config


def mail() -> dict:
    """Django's e-mail settings from EMAIL_URL; without one, messages go to the log instead of to people."""
    url = text("EMAIL_URL") or "consolemail://"
    try:
        config = dict(environ.Env.email_url_config(url))
    except Exception:
        # Not the address: there is a password in it.
        config = {}
    is_smtp = url.startswith("smtp")
    if not config or (is_smtp and not config["EMAIL_HOST"]) or not (is_smtp or url.startswith("consolemail:")):
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be used: write smtp+tls://user:password@host:587, smtp+ssl://...:465, smtp://host:25 "
            "or consolemail://, with % codes for special characters."
        )
    return config


def clamd() -> str:
    """Address of a virus scanner's daemon: `tcp://host:3310` or `unix:///path`; empty where there is none."""
    address = text("CLAMD")
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        is_usable = (parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path.strip("/")) or (
            parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1
        )
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ImproperlyConfigured(f"CLAMD={address!r}: use tcp://host:3310 or unix:///path/of/the/socket.")
    return address


def signing_certificate() -> tuple[str, str]:
    """Path and password of the PKCS#12 file that signs reports; both "" where none does.

    Looked at once, so that a wrong password is no surprise of the first report.
    """
    path, password = text("REPORT_SIGNING_CERTIFICATE"), os.environ.get("REPORT_SIGNING_PASSWORD", "")
    if not path:
        return "", ""
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ImproperlyConfigured(f"REPORT_SIGNING_CERTIFICATE={path!r}: {error.strerror}.") from None
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode() or None)
    except ValueError:
        raise ImproperlyConfigured(
            f"REPORT_SIGNING_CERTIFICATE={path!r} cannot be opened: it is no PKCS#12 file, or REPORT_SIGNING_PASSWORD "
            "is not its password."
        ) from None
    if key is None or certificate is None:
        raise ImproperlyConfigured(f"REPORT_SIGNING_CERTIFICATE={path!r} holds no certificate with its private key.")
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise ImproperlyConfigured(
            f"REPORT_SIGNING_CERTIFICATE={path!r} expired on {certificate.not_valid_after_utc:%d %B %Y}."
        )
    return path, password


def secret_key(var_dir: Path) -> str:
    """What sessions and links are signed with."""
    return _kept_key("SECRET_KEY", var_dir / "secret.key")


def audit_key(var_dir: Path) -> str:
    """What events and anchors are sealed with. Not SECRET_KEY, which may be changed: this one never is."""
    return _kept_key("AUDIT_KEY", var_dir / "audit.key")


def _kept_key(name: str, path: Path) -> str:
    """The setting `name`, or a key made once and kept at `path` (mode 0600)."""
    key = text(name)
    if key:
        if len(key) < 32:
            raise ImproperlyConfigured(f"{name} is too short: use at least 32 characters.")
        return key
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked into place: two first starts at once agree on one whole key.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    stored = path.read_text().strip()
    if not stored:
        raise ImproperlyConfigured(f"{path} is empty: delete it to have a new key made.")
    return stored


#: Who may be made to use a second factor; administrator is not a role but a mark on the account.
TWO_FACTOR_HOLDERS = ("operator", "verifier", "coordinator", "leader", "administrator")


def two_factor_roles() -> frozenset[str]:
    """Whoever holds one of these must use a second factor (TWO_FACTOR_ROLES)."""
    roles = words("TWO_FACTOR_ROLES")
    if unknown := sorted(set(roles) - set(TWO_FACTOR_HOLDERS)):
        raise ImproperlyConfigured(
            f"TWO_FACTOR_ROLES: {', '.join(unknown)} is none of {', '.join(TWO_FACTOR_HOLDERS)}."
        )
    return frozenset(roles)


@dataclass(frozen=True)
class IdentityProvider:
    """The government's identity provider. `claim` names the account a token is for.

    `counts_as_two_factor`: a second factor its token tells of is enough for the portal too.
    """

    issuer: str
    client_id: str
    secret: str
    name: str
    claim: str
    counts_as_two_factor: bool

    @property
    def origin(self) -> str:
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def identity_provider() -> IdentityProvider | None:
    """OIDC_SERVER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: all, or none of them."""
    server, client_id = text("OIDC_SERVER_URL").rstrip("/"), text("OIDC_CLIENT_ID")
    secret = text("OIDC_CLIENT_SECRET")
    name, claim = text("OIDC_NAME", "akun pemerintah"), text("OIDC_USERNAME_CLAIM", "preferred_username")
    counts = flag("OIDC_TWO_FACTOR")
    given = {"OIDC_SERVER_URL": server, "OIDC_CLIENT_ID": client_id, "OIDC_CLIENT_SECRET": secret}
    missing = [setting for setting, value in given.items() if not value]
    if len(missing) == len(given):
        return None
    if missing:
        raise ImproperlyConfigured(f"{' and '.join(missing)} missing: {', '.join(given)} go together.")
    parts = urlsplit(server)
    is_here = parts.hostname in {"127.0.0.1", "localhost"}
    if (parts.scheme != "https" and not (parts.scheme == "http" and is_here)) or not parts.hostname:
        raise ImproperlyConfigured(f"OIDC_SERVER_URL={server!r}: use https://host/..., the issuer's address.")
    if parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"OIDC_SERVER_URL={server!r}: an address without ?, # and user.")
    if not name or not claim:
        raise ImproperlyConfigured("OIDC_NAME and OIDC_USERNAME_CLAIM must not be empty.")
    return IdentityProvider(server, client_id, secret, name, claim, counts)


@dataclass(frozen=True)
class WebhookHost:
    """Where webhooks may lead: one scheme, one host, one port."""

    scheme: str
    host: str
    port: int


def webhook_hosts() -> tuple[WebhookHost, ...]:
    """WEBHOOK_HOSTS: `host` or `host:port`, by https; only written as `http://host:port` may one be unencrypted."""
    return tuple(_webhook_host(item) for item in words("WEBHOOK_HOSTS"))


def _webhook_host(item: str) -> WebhookHost:
    try:
        parts = urlsplit(item if "://" in item else f"https://{item}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    rest = parts.path + parts.query + parts.fragment
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or rest or not item.isascii():
        raise ImproperlyConfigured(
            f"WEBHOOK_HOSTS: {item!r} cannot be used: write host or host:port, or http://host:port without encryption."
        )
    return WebhookHost(parts.scheme, host.rstrip("."), port or {"http": 80, "https": 443}[parts.scheme])
