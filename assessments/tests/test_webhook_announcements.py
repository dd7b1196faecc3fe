"""Other systems are told of every hand-over, in its transaction, and of nothing that is none of their business."""

import pytest

from accounts import tasks
from accounts.models import WebhookDelivery, WebhookEvent
from accounts.services import webhooks
from assessments import workflow
from assessments.services import reviews
from conftest import accept_all, hand_in
from spbe_portal.env import WebhookHost


@pytest.fixture
def hooked(city, settings, monkeypatch) -> None:
    settings.WEBHOOK_HOSTS = (WebhookHost("https", "dasbor.contoh.go.id", 443),)
    monkeypatch.setattr(tasks.send_webhook, "delay", lambda pk: None)
    url, every = "https://dasbor.contoh.go.id/", list(WebhookEvent.values)
    webhooks.create(actor=city.coordinator, name="Dasbor kota", url=url, events=every)


def test_the_loop_tells_of_every_hand_over(assessment, city, period, hooked):
    hand_in(assessment, city.operator)
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    submitted, approved, finalised = WebhookDelivery.objects.order_by("created_at")
    assert [each.event for each in (submitted, approved, finalised)] == [
        "assessment.submitted",
        "assessment.approved",
        "period.finalised",
    ]
    assert submitted.payload["data"] == {
        "assessment": assessment.pk,
        "agency": {"id": city.dinkes.pk, "code": "dinkes", "name": "Dinas Kesehatan"},
        "period": {"id": period.pk, "name": "Penilaian 2026", "year": 2026},
        "status": "submitted",
        "round": 1,
        "self_index": "3.00",
        "verified_index": None,
        "link": f"http://127.0.0.1:8000/penilaian/{assessment.pk}/",
    }
    told = approved.payload["data"]
    assert (told["status"], told["verified_index"]) == ("approved", "3.00")
    assert (finalised.payload["data"]["status"], finalised.payload["data"]["assessments"]) == ("final", 3)


def test_a_return_says_how_many_and_no_more(submitted, city, hooked):
    decide = {"user": city.verifier, "assessment_id": submitted.pk}
    reviews.decide(**decide, code="1", decision="return", reason="not_signed", note="Rahasia dapur.")
    accept_all(submitted, city.verifier)
    workflow.return_assessment(assessment_id=submitted.pk, user=city.verifier)
    told = WebhookDelivery.objects.get()
    assert (told.event, told.payload["data"]["returned_indicators"]) == ("assessment.returned", 1)
    assert told.payload["data"]["verified_index"] is None
    assert "dapur" not in str(told.payload)
