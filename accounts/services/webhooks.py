"""Webhooks: other systems that are told when something happens.

`announce` is called in the transaction of what happened, so the message stands or falls with it; it is sent once that
is committed. What is told holds names, numbers and states: no answers, no evidence.
"""

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import sealing, tasks
from accounts.errors import Invalid, Refused, Stale
from accounts.models import User, Webhook, WebhookDelivery, WebhookEvent
from accounts.permissions import can_manage_webhooks, rights_of
from accounts.services._base import apply_edit, require
from accounts.webhooks.addresses import NotAllowed, is_on, target_of
from audit.services import record
from spbe_portal.stale import CHANGED

TEST = "webhook.test"
#: What every event is called on screen.
EVENT_NAMES = {**{str(value): str(label) for value, label in WebhookEvent.choices}, TEST: "Kiriman uji"}
OFF = "Webhook tidak aktif: administrator belum mengizinkan satu alamat pun (WEBHOOK_HOSTS)."
NAME_MAX = 100


# --- Telling ---------------------------------------------------------------------------------------


def announce(event: WebhookEvent, data: Callable[[], Mapping[str, Any]]) -> list[WebhookDelivery]:
    """Tell every webhook that wants `event`; `data` is asked for only where there is one.

    To be called in the transaction of what happened. One query where nobody wants it, none while webhooks are off.
    """
    if not is_on():
        return []
    active = Webhook.objects.filter(is_active=True, removed_at=None).only("pk", "events").order_by("pk")
    wanting = [webhook for webhook in active if event in webhook.events]
    return _deliver(wanting, str(event), data()) if wanting else []


def address(path: str) -> str:
    """A page of the portal, as a receiver can open it."""
    return f"{settings.PUBLIC_URL}{path}"


def _deliver(webhooks: Iterable[Webhook], event: str, data: Mapping[str, Any]) -> list[WebhookDelivery]:
    now = timezone.now()
    made = []
    for webhook in webhooks:
        pk = uuid.uuid4()
        at = timezone.localtime(now).isoformat(timespec="seconds")
        payload = {"event": event, "id": str(pk), "at": at, "data": dict(data)}
        made.append(_waiting(pk, webhook, event, payload, now))
    return _send(made)


def _waiting(pk: uuid.UUID, webhook: Webhook, event: str, payload: Any, now: Any) -> WebhookDelivery:
    return WebhookDelivery(pk=pk, webhook=webhook, event=event, payload=payload, next_attempt_at=now, created_at=now)


def _send(made: list[WebhookDelivery]) -> list[WebhookDelivery]:
    """Once committed; a broker that is down does not undo what happened, and the schedule takes it up."""
    WebhookDelivery.objects.bulk_create(made)
    for delivery in made:
        _queue(str(delivery.pk))
    return made


def _queue(pk: str) -> None:
    transaction.on_commit(lambda: tasks.send_webhook.delay(pk), robust=True)


# --- Keeping ---------------------------------------------------------------------------------------


def create(*, actor: User, name: str, url: str, events: list[str]) -> tuple[Webhook, str]:
    """A new webhook and its secret, which nobody can read again. Raises `Refused`, `Invalid`, `PermissionDenied`."""
    _require(actor)
    _require_on()
    webhook = Webhook(name=name, url=url, events=_ordered(events), created_by=actor)
    _check(webhook)
    # The page that shows the secret answers a POST: loaded again, it would add the same once more.
    if Webhook.objects.filter(name=name, url=url).exists():
        raise Invalid({"name": "Penerima dengan nama dan alamat ini sudah ada. Pakai nama lain."})
    plain = _new_secret(webhook)
    with transaction.atomic():
        webhook.save(force_insert=True)
        record("webhook.create", webhook, actor=actor, after={"name": name, "url": url, "events": webhook.events})
    return webhook, plain


def edit(*, actor: User, webhook_id: int, details: Mapping[str, Any], version: int | None) -> Webhook:
    """Change its name, address or events. Raises as `create`, and `Stale`."""
    _require(actor)
    if "events" in details:
        details = {**details, "events": _ordered(details["events"])}
    with transaction.atomic():
        webhook = _locked(webhook_id)
        before, after = apply_edit(
            webhook, details, ("name", "url", "events"), version=version, check=lambda: _check(webhook)
        )
        if after:
            record("webhook.edit", webhook, actor=actor, before=before, after=after)
    return webhook


def change(*, actor: User, webhook_id: int, details: Mapping[str, Any], version: int | None) -> Webhook:
    """As `edit`, and paused or let go on where `details` hold `is_active`, at once."""
    texts = {name: value for name, value in details.items() if name != "is_active"}
    with transaction.atomic():
        webhook = edit(actor=actor, webhook_id=webhook_id, details=texts, version=version)
        if "is_active" in details and details["is_active"] != webhook.is_active:
            if version is not None and not texts and version != webhook.version:
                raise Stale(CHANGED, webhook)
            webhook = set_active(actor=actor, webhook_id=webhook_id, is_active=details["is_active"])
    return webhook


def set_active(*, actor: User, webhook_id: int, is_active: bool) -> Webhook:
    """Pause it, or let it go on: what waited then is sent. What it is already it stays."""
    _require(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        if webhook.is_active != is_active:
            webhook.is_active, webhook.version = is_active, webhook.version + 1
            webhook.save(update_fields=["is_active", "version"])
            record("webhook.resume" if is_active else "webhook.pause", webhook, actor=actor)
    return webhook


def renew_secret(*, actor: User, webhook_id: int) -> tuple[Webhook, str]:
    """A new secret, shown once; the former one signs nothing any more."""
    _require(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        plain = _new_secret(webhook)
        webhook.version += 1
        webhook.save(update_fields=["sealed_secret", "version"])
        record("webhook.secret", webhook, actor=actor)
    return webhook, plain


def remove(*, actor: User, webhook_id: int) -> Webhook:
    """It is told of nothing more; its secret is gone, its log stays until it is old."""
    _require(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        now = timezone.now()
        webhook.removed_at, webhook.is_active, webhook.sealed_secret = now, False, ""
        webhook.save(update_fields=["removed_at", "is_active", "sealed_secret"])
        webhook.deliveries.filter(status=WebhookDelivery.Status.WAITING).update(
            status=WebhookDelivery.Status.FAILED, finished_at=now, error="Webhook dihapus."
        )
        record("webhook.remove", webhook, actor=actor, before={"name": webhook.name, "url": webhook.url})
    return webhook


def try_out(*, actor: User, webhook_id: int) -> WebhookDelivery:
    """A message that says it is a trial, to this webhook alone."""
    _require(actor)
    _require_on()
    with transaction.atomic():
        webhook = _active(webhook_id)
        made = _deliver([webhook], TEST, {"webhook": {"id": webhook.pk, "name": webhook.name}})[0]
        record("webhook.test", webhook, actor=actor)
    return made


def send_again(*, actor: User, delivery: WebhookDelivery) -> WebhookDelivery:
    """The same message, under its own number, as a new line of the log; what is over is never changed."""
    _require(actor)
    _require_on()
    with transaction.atomic():
        webhook = _active(delivery.webhook_id)
        if WebhookDelivery.objects.get(pk=delivery.pk).status == WebhookDelivery.Status.WAITING:
            raise Refused("Kiriman ini masih menunggu, jadi belum perlu dikirim ulang.")
        again = _waiting(uuid.uuid4(), webhook, delivery.event, delivery.payload, timezone.now())
        _send([again])
        record(
            "webhook.resend", webhook, actor=actor, after={"event": EVENT_NAMES.get(delivery.event, delivery.event)}
        )
    return again


def rotate_secrets() -> int:
    """Encrypt every secret with the present SECRET_KEY; how many."""
    changed = 0
    for pk in list(Webhook.objects.filter(removed_at=None).values_list("pk", flat=True)):
        with transaction.atomic():
            row = Webhook.objects.select_for_update(no_key=True).get(pk=pk)
            row.sealed_secret = sealing.rotate(row.sealed_secret)
            row.save(update_fields=["sealed_secret"])
            changed += 1
    return changed


def _require(actor: User) -> None:
    require(can_manage_webhooks(rights_of(actor)))


def _require_on() -> None:
    if not is_on():
        raise Refused(OFF)


def _locked(pk: int) -> Webhook:
    return Webhook.objects.select_for_update(no_key=True).get(pk=pk, removed_at=None)


def _active(pk: int) -> Webhook:
    webhook = _locked(pk)
    if not webhook.is_active:
        raise Refused("Webhook ini sedang dijeda. Lanjutkan dahulu.")
    return webhook


def _check(webhook: Webhook) -> None:
    errors = {}
    if not webhook.name.strip():
        errors["name"] = "Isi nama penerimanya."
    elif len(webhook.name) > NAME_MAX:
        errors["name"] = f"Nama paling panjang {NAME_MAX} karakter."
    try:
        target_of(webhook.url)
    except NotAllowed as refused:
        errors["url"] = str(refused)
    if not webhook.events:
        errors["events"] = "Pilih sekurang-kurangnya satu kejadian."
    if errors:
        raise Invalid(errors)


def _ordered(events: Iterable[str]) -> list[str]:
    """The events as they are listed everywhere, each once. Raises `Invalid`."""
    wanted = set(events)
    if unknown := sorted(wanted - set(WebhookEvent.values)):
        raise Invalid({"events": f"Kejadian {', '.join(unknown)} tidak dikenal."})
    return [str(event) for event in WebhookEvent.values if event in wanted]


def _new_secret(webhook: Webhook) -> str:
    plain = f"whsec_{secrets.token_urlsafe(32)}"
    webhook.sealed_secret = sealing.encrypt(plain)
    return plain
