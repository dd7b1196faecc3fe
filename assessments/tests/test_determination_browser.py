"""Determining level after level in a real browser, by keyboard."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assessments.models import Assignment, Determination

pytestmark = pytest.mark.browser


def at(page, period, code):
    page.wait_for_url(f"**{reverse('determine', args=[period.pk, code])}**")
    page.wait_for_selector("[data-determine]")


def test_a_suggestion_takes_one_key_another_level_two_and_its_reason(live_server, page, approved, period, city):
    Assignment.objects.filter(period=period, agency=city.dinkes).update(kind="pic")
    client = Client()
    client.force_login(city.coordinator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(live_server.url + reverse("determine", args=[period.pk, "1"]))
    at(page, period, "1")
    page.keyboard.press("Control+Enter")
    at(page, period, "2")
    page.keyboard.press("4")
    page.keyboard.type("Berlaku di 3 OPD, n p.")
    page.keyboard.press("Control+Enter")
    at(page, period, "3")
    page.keyboard.press("p")
    at(page, period, "2")
    rows = Determination.objects.order_by("indicator__order").values_list("indicator__code", "level", "reason")
    assert list(rows) == [("1", 3, ""), ("2", 4, "Berlaku di 3 OPD, n p.")]
