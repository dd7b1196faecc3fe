"""Pages of people in a real browser."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_copy_button_pressed_twice_finds_back_to_its_own_label(live_server, page, city):
    client = Client()
    client.force_login(city.coordinator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.clock.install()
    page.goto(live_server.url + reverse("person", args=[city.operator.pk]))
    page.locator("form[action$='/tautan-sandi/'] button").first.click()
    button = page.locator("[data-copy=tautan]")
    for _ in range(2):
        button.click()
        expect(button).to_have_text(re.compile("Tersalin|Tekan Ctrl"))
        page.clock.run_for(1500)
    # The clipboard answers in its own time, so the second press may have been heard late.
    for _ in range(10):
        page.clock.run_for(1000)
        if button.inner_text().strip() == "Salin tautan":
            break
    assert button.inner_text().strip() == "Salin tautan"
