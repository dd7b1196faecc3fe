"""Pages of people in a real browser."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

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
        page.clock.run_for(1500)
        assert button.inner_text() in ("Tersalin", "Tekan Ctrl+C untuk menyalin")
    page.clock.run_for(1500)
    assert button.inner_text().strip() == "Salin tautan"
