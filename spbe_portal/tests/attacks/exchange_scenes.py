"""Scenes of webhooks and of instruments being edited (see scenes)."""

from accounts.models import Webhook, WebhookDelivery
from accounts.services import webhooks
from spbe_portal.env import WebhookHost
from spbe_portal.tests.attacks.scenes import MANAGER, Ask, form, page_of, scene
from spbe_portal.tests.attacks.world import World

#: Where webhooks may lead while all this is tried.
HOSTS = (WebhookHost("https", "dasbor.contoh.go.id", 443),)


def webhook(world: World) -> Webhook:
    made, _ = webhooks.create(
        actor=world.city.coordinator,
        name="Dasbor",
        url="https://dasbor.contoh.go.id/",
        events=["report.ready"],
    )
    return made


@scene("webhook_create", "coordinator", MANAGER, "accounts_webhook")
def create_webhook(world: World) -> Ask:
    body = {"name": "Dasbor", "url": "https://dasbor.contoh.go.id/", "events": ["report.ready"]}
    return Ask(
        body,
        foreign={
            "itself": {**body, "url": "http://127.0.0.1:8000/"},
            "metadata": {**body, "url": "http://169.254.169.254/latest/"},
            "other": {**body, "url": "https://jahat.example/"},
            "event": {**body, "events": ["user.create"]},
        },
    )


@scene("webhook_edit", "coordinator", MANAGER, "accounts_webhook")
def edit_webhook(world: World) -> Ask:
    made = webhook(world)
    body = form(world, "coordinator", page_of("webhook_edit", made.pk), name="Dasbor Kota")
    return Ask(
        {**body, "events": ["report.ready"]},
        {"pk": made.pk},
        foreign={"itself": {**body, "events": ["report.ready"], "url": "https://127.0.0.1/"}},
    )


@scene("webhook_pause", "coordinator", MANAGER, "accounts_webhook")
def pause_webhook(world: World) -> Ask:
    return Ask({}, {"pk": webhook(world).pk})


@scene("webhook_resume", "coordinator", MANAGER, "accounts_webhook")
def resume_webhook(world: World) -> Ask:
    made = webhook(world)
    webhooks.set_active(actor=world.city.coordinator, webhook_id=made.pk, is_active=False)
    return Ask({}, {"pk": made.pk})


@scene("webhook_secret", "coordinator", MANAGER, "accounts_webhook")
def renew_secret(world: World) -> Ask:
    return Ask({}, {"pk": webhook(world).pk})


@scene("webhook_remove", "coordinator", MANAGER, "accounts_webhook")
def remove_webhook(world: World) -> Ask:
    return Ask({}, {"pk": webhook(world).pk})


@scene("webhook_test", "coordinator", MANAGER, "accounts_webhookdelivery")
def try_webhook(world: World) -> Ask:
    return Ask({}, {"pk": webhook(world).pk})


@scene("webhook_resend", "coordinator", MANAGER, "accounts_webhookdelivery")
def resend(world: World) -> Ask:
    made = webhook(world)
    sent = webhooks.try_out(actor=world.city.coordinator, webhook_id=made.pk)
    WebhookDelivery.objects.filter(pk=sent.pk).update(status="failed", finished_at=sent.created_at)
    return Ask({}, {"pk": made.pk, "delivery": sent.pk})
