"""The roadmap in a real browser: it answers while the target is dragged, and keeps what was opened."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from assessments.models import Determination, Plan

pytestmark = pytest.mark.browser


@pytest.fixture
def roadmap(live_server, page, period, city):
    """The coordinator's page, every level of the government being 3."""
    Determination.objects.bulk_create(
        Determination(
            period=period,
            indicator=indicator,
            level=3,
            suggested=3,
            determined_by=city.coordinator,
            determined_at=timezone.now(),
        )
        for indicator in period.instrument.indicators.all()
    )
    client = Client()
    client.force_login(city.coordinator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(live_server.url + reverse("roadmap"))
    return page


def test_the_result_follows_the_target_and_the_route_looked_at_is_saved(roadmap, period):
    answered = roadmap.locator("#hasil caption")
    expect(answered).to_have_text("Kenaikan level menuju 3,60")
    roadmap.locator("[data-slider]").fill("3.2")
    expect(answered).to_have_text("Kenaikan level menuju 3,20")
    expect(roadmap.locator("#id_target")).to_have_value("3,20")
    needs = roadmap.locator("[data-rise] > summary")
    needs.first.click()
    opened = roadmap.locator("[data-rise]").first.get_attribute("data-rise")
    with roadmap.expect_response("**/hitung/**"):
        roadmap.fill("#id_target", "3.2")
    expect(roadmap.locator("#hasil")).not_to_have_attribute("aria-busy", "true")
    expect(roadmap.locator(f'[data-rise="{opened}"]')).to_have_attribute("open", "")
    roadmap.fill("#id_target", "tiga")
    expect(roadmap.locator("#hasil .error-summary")).to_contain_text("Isi target antara 1,00 dan 5,00")
    roadmap.get_by_role("button", name="Sangat Baik").click()
    expect(answered).to_have_text("Kenaikan level menuju 3,50")
    with roadmap.expect_response("**/hitung/**"):
        roadmap.locator("#pilihan-1").check()
    expect(roadmap.locator("#hasil")).not_to_have_attribute("aria-busy", "true")
    expect(roadmap.locator("#pilihan-1")).to_be_checked()
    shown = roadmap.locator("[data-rise]").evaluate_all("(all) => all.map((each) => each.dataset.rise)")
    roadmap.get_by_role("button", name="Simpan sebagai rencana periode").click()
    expect(roadmap.get_by_role("heading", name="Rencana dan kenyataan")).to_be_visible()
    plan = Plan.objects.get(period=period)
    saved = list(plan.rises.order_by("indicator__order").values_list("indicator__code", flat=True))
    assert (str(plan.target), saved) == ("3.5000", shown)


def test_a_failed_answer_is_said_and_the_next_one_shown(roadmap):
    roadmap.route("**/hitung/**", lambda route: route.abort())
    roadmap.locator("[data-slider]").fill("3.4")
    expect(roadmap.locator("#hasil .notice-error")).to_contain_text("Hasil belum dapat dihitung")
    roadmap.unroute("**/hitung/**")
    roadmap.locator("[data-slider]").fill("3.3")
    expect(roadmap.locator("#hasil caption")).to_have_text("Kenaikan level menuju 3,30")
