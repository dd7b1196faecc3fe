"""Deliveries to webhooks: due, claimed, attempted, over. The row is the truth, whatever the broker lost or repeats.

A claim writes the time of the next attempt before the message goes out: a worker that is killed has only failed this
attempt. Nothing is sent inside a transaction.
"""

import logging
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import sealing
from accounts.models import Membership, NotificationKind, Role, User, WebhookDelivery
from accounts.webhooks import sending
from accounts.webhooks.addresses import is_on

logger = logging.getLogger(__name__)

WAITING, DELIVERED, FAILED = (
    WebhookDelivery.Status.WAITING,
    WebhookDelivery.Status.DELIVERED,
    WebhookDelivery.Status.FAILED,
)
#: How long after a failed attempt the next one follows; after the last there is none.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(WAITS) + 1
#: How long an attempt may be under way at most, its worker alive.
UNDER_WAY = timedelta(minutes=1)
#: Deliveries one run of the schedule takes up.
AT_ONCE = 50
#: What is over stays in the log this long.
KEPT = timedelta(days=90)
GAVE_UP = "Percobaan terakhir terhenti sebelum selesai."
LOST_KEY = "Kunci rahasia webhook ini tidak dapat dibuka. Buat kunci baru."


def attempt(delivery_id: str) -> bool:
    """Send the delivery if it is due and nobody else has it; whether it was this call that tried."""
    delivery = _claimed(delivery_id)
    if delivery is None:
        return False
    _settle(delivery, _send(delivery))
    return True


def due() -> list[str]:
    """What should be attempted now, oldest first. Those whose last attempt was never finished are given up here."""
    waiting = _due()
    for delivery in waiting.filter(attempts__gte=MAX_ATTEMPTS).select_related("webhook")[:AT_ONCE]:
        _settle(delivery, sending.Outcome(None, GAVE_UP))
    found = waiting.filter(attempts__lt=MAX_ATTEMPTS).order_by("next_attempt_at").values_list("pk", flat=True)
    return [str(pk) for pk in found[:AT_ONCE]]


def clean_up() -> int:
    return WebhookDelivery.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()[0]


def _due() -> QuerySet[WebhookDelivery]:
    """Of a webhook that is paused nothing is due; nor of any while webhooks are off."""
    if not is_on():
        return WebhookDelivery.objects.none()
    return WebhookDelivery.objects.filter(
        status=WAITING, next_attempt_at__lte=timezone.now(), webhook__is_active=True, webhook__removed_at=None
    )


def _claimed(delivery_id: str) -> WebhookDelivery | None:
    """The delivery, if it was due and is now ours. One UPDATE, so that one worker at a time has it."""
    stored = WebhookDelivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if stored is None or stored.attempts >= MAX_ATTEMPTS:
        return None
    now = timezone.now()
    taken = (
        _due()
        .filter(pk=stored.pk, attempts=stored.attempts)
        .update(attempts=F("attempts") + 1, next_attempt_at=now + _wait(stored.attempts + 1))
    )
    stored.attempts += 1
    return stored if taken else None


def _wait(attempts: int) -> timedelta:
    """From the attempt of this number (1 the first) to the next, or until it counts as given up."""
    return WAITS[attempts - 1] if attempts < MAX_ATTEMPTS else UNDER_WAY


def _send(delivery: WebhookDelivery) -> sending.Outcome:
    try:
        secret = sealing.decrypt(delivery.webhook.sealed_secret)
    except InvalidToken:
        logger.error("The secret of webhook %s cannot be opened: SECRET_KEY has changed", delivery.webhook_id)
        return sending.Outcome(None, LOST_KEY)
    return sending.send(delivery.webhook.url, secret, delivery.payload)


def _settle(delivery: WebhookDelivery, outcome: sending.Outcome) -> None:
    """Note what came of the attempt, as long as it is still this delivery's last one."""
    now = timezone.now()
    fields = {"answer": outcome.answer, "error": outcome.error[:300]}
    ours = WebhookDelivery.objects.filter(pk=delivery.pk, status=WAITING, attempts=delivery.attempts)
    if outcome.is_delivered:
        ours.update(**fields, status=DELIVERED, finished_at=now)
    elif delivery.attempts < MAX_ATTEMPTS:
        ours.update(**fields, next_attempt_at=now + _wait(delivery.attempts))
    elif ours.update(**fields, status=FAILED, finished_at=now):
        _tell_of_failure(delivery)


def _tell_of_failure(delivery: WebhookDelivery) -> None:
    """Once a day for each webhook, to every coordinator."""
    from accounts.services.notifications import notify  # it queues the tasks above

    held = Membership.objects.current().filter(role=Role.COORDINATOR, user__is_active=True)
    people = User.objects.filter(pk__in=held.values("user")).order_by("pk")
    notify(
        people,
        kind=NotificationKind.ACCOUNT,
        title=f"Webhook {delivery.webhook.name} tidak dapat dihubungi",
        key=f"webhook.failed:{delivery.webhook_id}:{timezone.localdate():%Y%m%d}",
        text=(
            f"Sebuah kiriman gagal setelah {MAX_ATTEMPTS} percobaan. Periksa alamat penerimanya, lalu kirim ulang "
            "dari halaman webhook."
        ),
        path=reverse("webhook", args=[delivery.webhook_id]),
    )
