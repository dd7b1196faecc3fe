"""The pages of webhooks: kept, paused, tried, read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import tasks
from accounts.models import Webhook, WebhookDelivery
from accounts.services import webhooks
from spbe_portal.env import WebhookHost

URL = "https://dasbor.contoh.go.id/terima"
BODY = {"name": "Dasbor", "url": URL, "events": ["assessment.submitted", "report.ready"]}


@pytest.fixture(autouse=True)
def _on(settings, monkeypatch):
    settings.WEBHOOK_HOSTS = (WebhookHost("https", "dasbor.contoh.go.id", 443),)
    monkeypatch.setattr(tasks.send_webhook, "delay", lambda pk: None)


@pytest.fixture
def kept(city) -> Webhook:
    return webhooks.create(actor=city.coordinator, name="Dasbor", url=URL, events=["report.ready"])[0]


def delivered(webhook: Webhook, count: int = 1) -> list[WebhookDelivery]:
    now = timezone.now()
    payload = {"event": "report.ready", "id": "nomor-kiriman", "at": "", "data": {"subject": "<b>Dinkes</b>"}}
    return WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            webhook=webhook,
            event="report.ready",
            payload=payload,
            status="failed",
            attempts=7,
            finished_at=now,
            error="Penerima menolak sambungan.",
        )
        for _ in range(count)
    )


def test_a_coordinator_adds_one_and_sees_its_secret_once(login, city):
    client = login(city.coordinator)
    answer = client.post("/webhook/baru/", BODY)
    made = Webhook.objects.get()
    assert (made.name, made.url, made.events) == ("Dasbor", URL, BODY["events"])
    assert answer.status_code == 200
    assert "whsec_" in answer.content.decode()
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    page = client.get(f"/webhook/{made.pk}/").content.decode()
    assert ("whsec_" in page, "Penilaian diajukan, Laporan siap diunduh" in page) == (False, True)


def test_an_address_that_is_not_allowed_is_refused_and_what_was_typed_stays(login, city):
    answer = login(city.coordinator).post("/webhook/baru/", {**BODY, "url": "https://169.254.169.254/latest"})
    page = answer.content.decode()
    assert Webhook.objects.count() == 0
    assert "https://169.254.169.254 tidak diizinkan oleh administrator. Yang diizinkan: https://dasbor" in page
    assert 'value="https://169.254.169.254/latest"' in page


def test_while_no_address_is_allowed_the_page_says_so(login, city, kept, settings):
    settings.WEBHOOK_HOSTS = ()
    client = login(city.admin)
    for path in ("/webhook/", f"/webhook/{kept.pk}/"):
        assert "Webhook tidak aktif." in client.get(path).content.decode()
    assert "Tambah webhook" not in client.get("/webhook/").content.decode()
    client.post("/webhook/baru/", BODY)
    client.post(f"/webhook/{kept.pk}/uji/")
    assert (Webhook.objects.count(), WebhookDelivery.objects.count()) == (1, 0)


def test_two_who_change_one_see_each_others(login, city, kept):
    client = login(city.coordinator)
    webhooks.edit(actor=city.admin, webhook_id=kept.pk, details={"events": ["period.finalised"]}, version=1)
    page = client.post(f"/webhook/{kept.pk}/ubah/", {**BODY, "version": "1"}).content.decode()
    assert "Data ini juga diubah dari tempat lain." in page
    assert "<dd>Periode difinalkan</dd>" in page
    assert "<dd>Penilaian diajukan, Laporan siap diunduh</dd>" in page
    answer = client.post(f"/webhook/{kept.pk}/ubah/", {**BODY, "version": "2"})
    kept.refresh_from_db()
    assert (answer.status_code, kept.events) == (302, BODY["events"])


def test_it_is_tried_and_what_failed_is_sent_again(login, city, kept):
    client = login(city.coordinator)
    tried = client.post(f"/webhook/{kept.pk}/uji/")
    assert "Kiriman uji" in client.get(tried.url).content.decode()
    (failed,) = delivered(kept)
    where = f"/webhook/{kept.pk}/kiriman/{failed.pk}/"
    page = client.get(where).content.decode()
    assert "Penerima menolak sambungan." in page
    assert ("&lt;b&gt;Dinkes" in page, "<b>Dinkes" in page) == (True, False)
    client.post(f"{where}ulang/")
    again = WebhookDelivery.objects.exclude(pk=failed.pk).get(event="report.ready")
    assert (again.status, again.payload) == ("waiting", failed.payload)


def test_a_delivery_is_found_under_its_own_webhook_only(login, city, kept):
    other, _ = webhooks.create(actor=city.coordinator, name="Lain", url=URL, events=["report.ready"])
    (failed,) = delivered(kept)
    client = login(city.coordinator)
    assert client.get(f"/webhook/{other.pk}/kiriman/{failed.pk}/").status_code == 404
    assert client.post(f"/webhook/{other.pk}/kiriman/{failed.pk}/ulang/").status_code == 404


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
def test_others_see_none_of_it(who, login, city, kept):
    (failed,) = delivered(kept)
    client, where = login(getattr(city, who)), f"/webhook/{kept.pk}/kiriman/{failed.pk}/"
    assert client.get(where).status_code == 403
    assert client.post(f"{where}ulang/").status_code == 403
    assert WebhookDelivery.objects.count() == 1


def test_a_removed_one_is_gone_from_the_pages(login, city, kept):
    client = login(city.coordinator)
    assert client.post(f"/webhook/{kept.pk}/hapus/").status_code == 302
    assert client.get(f"/webhook/{kept.pk}/").status_code == 404
    assert client.post(f"/webhook/{kept.pk}/lanjutkan/").status_code == 404


def test_the_pages_cost_the_same_however_much_there_is(login, city, kept):
    client = login(city.coordinator)
    delivered(kept)

    def cost() -> list[int]:
        counts = []
        for path in ("/webhook/", f"/webhook/{kept.pk}/"):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(path).status_code == 200
            counts.append(len(asked))
        return counts

    few = cost()
    for number in range(5):
        delivered(webhooks.create(actor=city.coordinator, name=f"Ke-{number}", url=URL, events=["report.ready"])[0])
    delivered(kept, 60)
    assert cost() == few
