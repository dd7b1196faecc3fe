"""What other systems are told: signed, in the transaction of what happened, retried, never twice at once."""

import hashlib
import hmac
import json
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import sealing, tasks
from accounts.errors import Invalid, Refused, Stale
from accounts.models import Notification, Webhook, WebhookDelivery, WebhookEvent
from accounts.services import webhooks
from accounts.tests.webhook_receiver import Receiver, receiving
from accounts.webhooks import deliveries, sending
from audit.models import Event
from spbe_portal.env import WebhookHost

EVERY = list(WebhookEvent.values)
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


@pytest.fixture
def receiver(settings):
    with receiving() as there:
        settings.WEBHOOK_HOSTS = (there.host,)
        yield there


@pytest.fixture
def queued(monkeypatch) -> list[str]:
    """What is handed to the worker, instead of a broker."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.send_webhook, "delay", sent.append)
    return sent


@pytest.fixture
def hooked(city, receiver, queued) -> tuple[Webhook, str]:
    return webhooks.create(actor=city.coordinator, name="Dasbor kota", url=receiver.url, events=EVERY)


def announced(**data) -> WebhookDelivery:
    with transaction.atomic():
        return webhooks.announce(WebhookEvent.SUBMITTED, lambda: data or {"assessment": 1})[0]


def later(delivery: WebhookDelivery) -> WebhookDelivery:
    """The time of its next attempt has come."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())
    delivery.refresh_from_db()
    return delivery


def test_the_same_again_is_refused_since_its_page_may_be_loaded_again(hooked, city, receiver):
    with pytest.raises(Invalid) as refused:
        webhooks.create(actor=city.coordinator, name="Dasbor kota", url=receiver.url, events=EVERY)
    assert list(refused.value.errors) == ["name"]
    assert Webhook.objects.count() == 1
    webhooks.create(actor=city.coordinator, name="Dasbor kedua", url=receiver.url, events=EVERY)


# --- The message -----------------------------------------------------------------------------------


def test_the_receiver_can_check_who_sent_what_and_when(hooked, receiver):
    _, secret = hooked
    delivery = announced(agency="Dinas Kesehatan “Sehat”", index="3.00")
    assert deliveries.attempt(str(delivery.pk))
    ((path, headers, body),) = receiver.received
    assert path == "/terima?dari=spbe"
    assert (headers["X-SPBE-Event"], headers["X-SPBE-Delivery"]) == ("assessment.submitted", str(delivery.pk))
    at, _, given = headers["X-SPBE-Signature"].removeprefix("t=").partition(",v1=")
    assert abs(int(at) - time.time()) < 60
    assert given == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert told["data"] == {"agency": "Dinas Kesehatan “Sehat”", "index": "3.00"}
    assert (told["event"], told["id"]) == ("assessment.submitted", str(delivery.pk))
    assert datetime.fromisoformat(told["at"]).utcoffset() is not None
    assert body == sending.body_of(told)


def test_a_signature_is_what_it_was_last_year():
    body = sending.body_of({"b": 1, "a": "é"})
    assert body == '{"a":"é","b":1}'.encode()
    assert sending.signature("whsec_uji", body, 1700000000) == (
        "t=1700000000,v1=" + hmac.new(b"whsec_uji", b"1700000000." + body, "sha256").hexdigest()
    )


# --- The other side --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_good_answer_ends_it(status, hooked, receiver):
    receiver.answers = [status]
    delivery = announced()
    deliveries.attempt(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.answer, delivery.attempts, delivery.error) == (DELIVERED, status, 1, "")


def test_a_redirect_is_not_followed(hooked, receiver):
    receiver.answers, receiver.location = [302], f"http://127.0.0.1:{receiver.port}/lain"
    delivery = announced()
    deliveries.attempt(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.answer) == (WAITING, 302)
    assert delivery.error == "Penerima mengalihkan ke alamat lain. Pengalihan tidak diikuti."
    assert [path for path, _, _ in receiver.received] == ["/terima?dari=spbe"]


def test_who_talks_without_end_is_cut_off(hooked, receiver, monkeypatch):
    monkeypatch.setattr(sending, "TIMEOUT", 0.4)
    receiver.drips = True
    began = time.monotonic()
    outcome = sending.send(receiver.url, "rahasia", announced().payload)
    assert outcome.answer is None
    assert outcome.error.startswith("Tidak dijawab dalam")
    assert time.monotonic() - began < 5


def test_who_is_not_there_is_told_so(hooked, receiver, settings):
    settings.WEBHOOK_HOSTS = (WebhookHost("http", "127.0.0.1", 1),)
    outcome = sending.send("http://127.0.0.1:1/", "rahasia", announced_payload())
    assert (outcome.answer, outcome.error) == (None, "Penerima menolak sambungan.")


def announced_payload() -> dict:
    return {"event": "webhook.test", "id": "1", "at": "", "data": {}}


def test_no_proxy_of_the_environment_hears_of_it(hooked, receiver, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert sending.send(receiver.url, "rahasia", announced_payload()).is_delivered


def test_a_certificate_that_nobody_vouches_for_is_refused(settings, tmp_path, monkeypatch):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    with receiving(server) as receiver:
        settings.WEBHOOK_HOSTS = (WebhookHost("https", "localhost", receiver.port),)
        url = f"https://localhost:{receiver.port}/"
        outcome = sending.send(url, "rahasia", announced_payload())
        assert outcome.error == "Sertifikat penerima tidak dapat dipercaya."
        monkeypatch.setattr(sending, "context", lambda: ssl.create_default_context(cafile=str(pem)))
        assert sending.send(url, "rahasia", announced_payload()).answer == 200


# --- Attempts --------------------------------------------------------------------------------------


def test_it_is_tried_for_a_day_and_a_half_then_the_coordinators_are_told(hooked, receiver, city, queued):
    receiver.answers = [503]
    delivery = announced()
    waits = []
    for attempt in range(1, deliveries.MAX_ATTEMPTS + 1):
        before = timezone.now()
        assert deliveries.attempt(str(delivery.pk))
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.answer) == (attempt, 503)
        if delivery.status == WAITING:
            waits.append(round((delivery.next_attempt_at - before).total_seconds() / 60))
            assert not deliveries.attempt(str(delivery.pk)), "not before its time"
            later(delivery)
    assert waits == [1, 5, 30, 120, 360, 1440]
    assert (delivery.status, delivery.error) == (FAILED, "Penerima menjawab dengan status 503.")
    assert delivery.finished_at is not None
    assert not deliveries.attempt(str(delivery.pk))
    told = Notification.objects.get()
    assert (told.user, told.path) == (city.coordinator, f"/webhook/{hooked[0].pk}/")
    # A second one that fails on the same day is not told again.
    other = announced()
    WebhookDelivery.objects.filter(pk=other.pk).update(attempts=deliveries.MAX_ATTEMPTS - 1)
    deliveries.attempt(str(other.pk))
    other.refresh_from_db()
    assert (other.status, Notification.objects.count()) == (FAILED, 1)


def test_a_retry_bears_the_same_number_and_ends_with_the_first_good_answer(hooked, receiver):
    receiver.answers = [500, 200]
    delivery = announced()
    deliveries.attempt(str(delivery.pk))
    deliveries.attempt(str(later(delivery).pk))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DELIVERED, 2)
    first, second = receiver.received
    assert first[1]["X-SPBE-Delivery"] == second[1]["X-SPBE-Delivery"] == str(delivery.pk)
    assert first[2] == second[2]


def test_sent_twice_it_is_attempted_once(hooked, receiver):
    delivery = announced()
    assert [deliveries.attempt(str(delivery.pk)) for _ in range(2)] == [True, False]
    assert len(receiver.received) == 1


def test_of_two_workers_one_has_it(hooked, receiver, monkeypatch):
    """The second claims between the first one's reading and sending."""
    delivery = announced()
    outcomes = []

    def send(url, secret, payload):
        outcomes.append(deliveries.attempt(str(delivery.pk)))
        return sending.Outcome(200)

    monkeypatch.setattr(sending, "send", send)
    assert deliveries.attempt(str(delivery.pk))
    assert outcomes == [False]


def test_what_a_killed_worker_held_is_due_again(hooked, receiver, monkeypatch):
    delivery = announced()

    def killed(url, secret, payload):
        raise SystemExit

    monkeypatch.setattr(sending, "send", killed)
    with pytest.raises(SystemExit):
        deliveries.attempt(str(delivery.pk))
    assert deliveries.due() == []
    later(delivery)
    assert deliveries.due() == [str(delivery.pk)]
    # Killed in the last attempt: there is no other, and it is not left waiting for ever.
    WebhookDelivery.objects.filter(pk=delivery.pk).update(attempts=deliveries.MAX_ATTEMPTS)
    assert deliveries.due() == []
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == (FAILED, "Percobaan terakhir terhenti sebelum selesai.")


def test_what_waits_is_taken_up_by_the_schedule(hooked, queued):
    delivery = announced()
    queued.clear()
    tasks.take_up_webhooks()
    assert queued == [str(delivery.pk)]


def test_a_paused_webhook_is_told_nothing_new_and_what_waits_waits(hooked, receiver, city):
    webhook, _ = hooked
    delivery = announced()
    webhooks.set_active(actor=city.coordinator, webhook_id=webhook.pk, is_active=False)
    with transaction.atomic():
        assert webhooks.announce(WebhookEvent.SUBMITTED, dict) == []
    assert (deliveries.due(), deliveries.attempt(str(delivery.pk))) == ([], False)
    webhooks.set_active(actor=city.coordinator, webhook_id=webhook.pk, is_active=True)
    assert deliveries.due() == [str(delivery.pk)]


def test_old_deliveries_leave_the_log(hooked):
    old, kept = announced(), announced()
    long_ago = timezone.now() - deliveries.KEPT - timedelta(hours=1)
    WebhookDelivery.objects.filter(pk=old.pk).update(status=FAILED, finished_at=long_ago)
    deliveries.clean_up()
    assert list(WebhookDelivery.objects.all()) == [kept]


# --- In the transaction ----------------------------------------------------------------------------


def test_it_is_written_with_what_happened_and_sent_after(hooked, queued, django_capture_on_commit_callbacks):
    with transaction.atomic():
        announced()
        transaction.set_rollback(True)
    assert (WebhookDelivery.objects.count(), queued) == (0, [])
    with django_capture_on_commit_callbacks(execute=True):
        delivery = announced()
        assert queued == []
    assert queued == [str(delivery.pk)]


def test_a_broker_that_is_down_undoes_nothing(hooked, monkeypatch, django_capture_on_commit_callbacks):
    def down(pk):
        raise ConnectionError

    monkeypatch.setattr(tasks.send_webhook, "delay", down)
    with django_capture_on_commit_callbacks(execute=True):
        delivery = announced()
    assert deliveries.due() == [str(delivery.pk)]


def test_where_nobody_wants_it_one_query_is_made_and_none_while_webhooks_are_off(hooked, city, settings):
    Webhook.objects.update(events=["report.ready"])
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert webhooks.announce(WebhookEvent.SUBMITTED, lambda: pytest.fail("asked for")) == []
    assert len(asked) == 1
    settings.WEBHOOK_HOSTS = ()
    with CaptureQueriesContext(connection) as asked:
        assert webhooks.announce(WebhookEvent.SUBMITTED, lambda: pytest.fail("asked for")) == []
    assert len(asked) == 0


# --- Keeping ---------------------------------------------------------------------------------------


def test_the_secret_is_kept_sealed_and_written_anew_with_a_new_key(hooked, settings, city):
    webhook, secret = hooked
    assert secret.startswith("whsec_")
    assert secret not in webhook.sealed_secret
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-" * 4, [former]
    call_command("rotate_secrets")
    settings.SECRET_KEY_FALLBACKS = []
    webhook.refresh_from_db()
    assert sealing.decrypt(webhook.sealed_secret) == secret


def test_a_secret_that_no_key_opens_fails_the_attempt_and_not_the_worker(hooked, settings):
    delivery = announced()
    settings.SECRET_KEY = "another-key-" * 4
    deliveries.attempt(str(delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error) == (WAITING, deliveries.LOST_KEY)


def test_no_event_holds_the_secret(hooked, city):
    webhook, secret = hooked
    _, other = webhooks.renew_secret(actor=city.coordinator, webhook_id=webhook.pk)
    assert other != secret
    held = [(event.action, str(event.before) + str(event.after)) for event in Event.objects.all()]
    assert [action for action, _ in held] == ["webhook.create", "webhook.secret"]
    assert [text for _, text in held if "whsec_" in text] == []


def test_an_edit_over_an_older_version_is_refused(hooked, city):
    webhook, _ = hooked
    edit = {"actor": city.admin, "webhook_id": webhook.pk}
    webhooks.edit(**edit, details={"name": "Baru", "url": webhook.url, "events": ["report.ready"]}, version=1)
    with pytest.raises(Stale):
        webhooks.edit(**edit, details={"name": "Lain", "url": webhook.url, "events": ["report.ready"]}, version=1)
    webhook.refresh_from_db()
    assert (webhook.name, webhook.events, webhook.version) == ("Baru", ["report.ready"], 2)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"url": "https://lain.contoh.go.id/"}, ["url"]),
        ({"events": []}, ["events"]),
        ({"events": ["user.create"]}, ["events"]),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(wrong, fields, hooked, receiver, city):
    good = {"name": "Satu lagi", "url": receiver.url, "events": ["report.ready"]}
    with pytest.raises(Invalid) as refused:
        webhooks.create(actor=city.coordinator, **{**good, **wrong})
    assert list(refused.value.errors) == fields


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
def test_others_do_nothing(who, hooked, city, receiver):
    actor, webhook = getattr(city, who), hooked[0]
    delivery = announced()
    acts = [
        lambda: webhooks.create(actor=actor, name="A", url=receiver.url, events=EVERY),
        lambda: webhooks.edit(actor=actor, webhook_id=webhook.pk, details={"name": "B"}, version=None),
        lambda: webhooks.set_active(actor=actor, webhook_id=webhook.pk, is_active=False),
        lambda: webhooks.renew_secret(actor=actor, webhook_id=webhook.pk),
        lambda: webhooks.remove(actor=actor, webhook_id=webhook.pk),
        lambda: webhooks.try_out(actor=actor, webhook_id=webhook.pk),
        lambda: webhooks.send_again(actor=actor, delivery=delivery),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()


def test_a_removed_webhook_keeps_its_log_and_nothing_else(hooked, city, receiver):
    webhook, _ = hooked
    delivery = announced()
    webhooks.remove(actor=city.coordinator, webhook_id=webhook.pk)
    webhook.refresh_from_db()
    delivery.refresh_from_db()
    assert (webhook.sealed_secret, delivery.status, delivery.error) == ("", FAILED, "Webhook dihapus.")
    assert not deliveries.attempt(str(delivery.pk))
    with pytest.raises(Webhook.DoesNotExist):
        webhooks.try_out(actor=city.coordinator, webhook_id=webhook.pk)


def test_a_trial_goes_to_one_and_what_failed_is_sent_again_under_its_number(hooked, city, receiver):
    webhook, _ = hooked
    webhooks.create(actor=city.coordinator, name="Yang lain", url=receiver.url, events=EVERY)
    made = webhooks.try_out(actor=city.coordinator, webhook_id=webhook.pk)
    assert [each.webhook for each in WebhookDelivery.objects.all()] == [webhook]
    with pytest.raises(Refused, match="masih menunggu"):
        webhooks.send_again(actor=city.coordinator, delivery=made)
    deliveries.attempt(str(made.pk))
    again = webhooks.send_again(actor=city.coordinator, delivery=made)
    deliveries.attempt(str(again.pk))
    assert again.pk != made.pk
    assert [headers["X-SPBE-Delivery"] for _, headers, _ in receiver.received] == [str(made.pk)] * 2


def test_the_answer_itself_is_not_kept(hooked, receiver: Receiver):
    names = {field.name for field in WebhookDelivery._meta.get_fields()}
    assert {name for name in names if "body" in name or "response" in name} == set()
