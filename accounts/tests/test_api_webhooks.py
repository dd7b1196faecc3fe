"""Webhooks for programs, and the receiver's side as docs/api.md shows it."""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts import tasks
from accounts.models import IdempotentAnswer, Webhook
from accounts.services import tokens
from accounts.webhooks import sending
from spbe_portal.env import WebhookHost

GIVEN = {"name": "Dasbor", "url": "https://dasbor.contoh.go.id/", "events": ["report.ready"]}


@pytest.fixture(autouse=True)
def _on(settings, monkeypatch):
    settings.WEBHOOK_HOSTS = (WebhookHost("https", "dasbor.contoh.go.id", 443),)
    monkeypatch.setattr(tasks.send_webhook, "delay", lambda pk: None)


@pytest.fixture
def client(city) -> APIClient:
    client = APIClient()
    plain = tokens.make(user=city.coordinator, name="uji", scope="write", days=1)[1]
    client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
    return client


def test_a_webhook_is_made_changed_paused_and_removed(client):
    made = client.post("/api/v1/webhooks/", GIVEN, format="json")
    assert (made.status_code, made.data["secret"][:6], made.headers["ETag"]) == (201, "whsec_", '"1"')
    where = f"/api/v1/webhooks/{made.data['id']}/"
    assert "secret" not in client.get(where).data
    change = {"events": ["period.finalised"], "is_active": False, "version": 1}
    changed = client.patch(where, change, format="json")
    assert (changed.status_code, changed.data["events"], changed.data["is_active"], changed.data["version"]) == (
        200,
        ["period.finalised"],
        False,
        3,
    )
    stale = client.patch(where, {"is_active": True, "version": 1}, format="json")
    assert (stale.status_code, stale.data["current"]["version"]) == (409, 3)
    assert client.post(f"{where}test/").status_code == 409
    client.patch(where, {"is_active": True, "version": 3}, format="json")
    assert client.post(f"{where}test/").status_code == 202
    (told,) = client.get(f"{where}deliveries/").data["results"]
    assert (told["event"], told["status"], told["payload"]["event"]) == ("webhook.test", "waiting", "webhook.test")
    assert client.delete(where).status_code == 204
    assert client.get(where).status_code == 404


def test_an_address_that_is_not_allowed_is_refused_by_its_field(client):
    answer = client.post("/api/v1/webhooks/", {**GIVEN, "url": "https://127.0.0.1/"}, format="json")
    assert (answer.status_code, list(answer.data)) == (400, ["url"])
    assert Webhook.objects.count() == 0


def test_a_list_costs_the_same_for_one_and_many(client, city):
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/api/v1/webhooks/").status_code == 200
        return len(asked)

    client.post("/api/v1/webhooks/", GIVEN, format="json")
    cost()
    few = cost()
    for number in range(4):
        Webhook.objects.create(name=f"Ke-{number}", url="https://a/", events=[], created_by=city.coordinator)
    assert cost() == few


def test_an_instrument_is_copied_and_published(client, instrument, city):
    where = f"/api/v1/instruments/{instrument.code}"
    made = client.post(f"{where}/copy/", {"code": "spbe-2027", "name": "SPBE 2027"}, format="json")
    assert (made.status_code, made.data["code"]) == (201, "spbe-2027")
    assert client.get("/api/v1/instruments/spbe-2027/").status_code == 404
    assert client.post("/api/v1/instruments/spbe-2027/publish/", {}, format="json").status_code == 200
    assert client.get("/api/v1/instruments/spbe-2027/").status_code == 200
    assert client.post("/api/v1/instruments/spbe-2027/publish/", {}, format="json").status_code == 409


def test_the_receiver_in_the_docs_tells_ours_from_others():
    text = (Path(django_settings.BASE_DIR) / "docs" / "api.md").read_text()
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "is_genuine" in block)
    names: dict = {}
    exec(code, names)
    is_genuine, body, now = names["is_genuine"], b'{"event":"report.ready"}', int(time.time())
    header = sending.signature("whsec_a", body, now)
    assert is_genuine("whsec_a", header, body)
    assert not is_genuine("whsec_b", header, body)
    assert not is_genuine("whsec_a", header, body + b" ")
    assert not is_genuine("whsec_a", sending.signature("whsec_a", body, now - 301), body)


def test_a_webhook_made_twice_with_one_key_is_one_and_its_secret_lies_nowhere_in_clear(client):
    first, second = (client.post("/api/v1/webhooks/", GIVEN, format="json", HTTP_IDEMPOTENCY_KEY="a") for _ in "ab")
    assert (first.status_code, second.json()) == (201, first.json())
    assert Webhook.objects.count() == 1
    assert first.data["secret"] not in str(IdempotentAnswer.objects.get().body)
