"""Scenes of webhooks and of instruments being edited (see scenes)."""

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Webhook, WebhookDelivery
from accounts.services import webhooks
from indicators.editor import drafts, exchange
from indicators.models import Instrument
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


# --- Instruments being edited ----------------------------------------------------------------------


def draft(world: World) -> Instrument:
    return drafts.copy(
        actor=world.city.coordinator, source=world.period.instrument, code="spbe-47-konsep", name="SPBE 47 konsep"
    )


@scene("instrument_copy", "coordinator", MANAGER, "indicators_instrument")
def copy_instrument(world: World) -> Ask:
    code = world.period.instrument.code
    return Ask({"name": "Salinan", "code": "salinan"}, {"code": code}, foreign={"taken": {"name": "A", "code": code}})


@scene("instrument_import", "coordinator", MANAGER, "indicators_instrument")
def import_instrument(world: World) -> Ask:
    content = exchange.to_file(world.period.instrument)
    return Ask({"file": SimpleUploadedFile("spbe.json", content), "code": "dibawa-masuk"})


@scene("instrument_frame", "coordinator", MANAGER, "indicators_instrument")
def edit_frame(world: World) -> Ask:
    made = draft(world)
    body = form(world, "coordinator", page_of("instrument_frame", made.code), name="Nama Baru")
    return Ask(body, {"code": made.code}, foreign={"scale": {**body, "scale_max": "0"}})


@scene("instrument_frame", "coordinator", MANAGER, "indicators_instrument")
def correct_what_is_in_use(world: World) -> Ask:
    """Its wording only: whatever else is sent along is passed over."""
    used = world.period.instrument
    body = form(world, "coordinator", page_of("instrument_frame", used.code), caution="Baca dahulu.")
    return Ask({**body, "reason": "Lebih jelas.", "scale_max": "9", "is_draft": "1"}, {"code": used.code})


@scene("instrument_part", "coordinator", MANAGER, "indicators_indicator")
def edit_part(world: World) -> Ask:
    made = draft(world)
    keys = {"code": made.code, "kind": "indikator", "part": "12"}
    body = form(world, "coordinator", page_of("instrument_part", *keys.values()), weight="3")
    return Ask(body, keys, foreign={"no aspect": {**body, "aspect": "99"}, "taken": {**body, "code": "13"}})


@scene("instrument_part_add", "coordinator", MANAGER, "indicators_aspect")
def add_part(world: World) -> Ask:
    made = draft(world)
    body = {"code": "8", "name": "Aspek baru", "weight": "1", "domain": "1"}
    return Ask(body, {"code": made.code, "kind": "aspek"}, foreign={"no domain": {**body, "domain": "99"}})


@scene("instrument_part_remove", "coordinator", MANAGER, "indicators_indicator")
def remove_part(world: World) -> Ask:
    return Ask({}, {"code": draft(world).code, "kind": "indikator", "part": "12"})


@scene("instrument_publish", "coordinator", MANAGER, "indicators_instrument")
def publish_instrument(world: World) -> Ask:
    return Ask({"edits": "0"}, {"code": draft(world).code}, foreign={"unseen": {"edits": "7"}})


@scene("instrument_discard", "coordinator", MANAGER, "indicators_instrument")
def discard_instrument(world: World) -> Ask:
    return Ask({}, {"code": draft(world).code})
