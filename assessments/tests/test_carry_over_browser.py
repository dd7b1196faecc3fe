"""Last year's in a real browser: with the keyboard alone, without a script, and readable for everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Answer, CarryOver, Evidence
from assessments.tests.test_last_year import run

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_decided_by_keyboard_without_a_script(live_server, browser, assessment, city, instrument, width):
    run(city, instrument, 2025, 3)
    client = Client()
    client.force_login(city.operator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}

    def context(**options):
        made = browser.new_context(viewport={"width": width, "height": 800}, locale="id-ID", **options)
        made.add_cookies([cookie])
        return made

    seen = context()
    page = seen.new_page()
    found = []
    pages = {"carry_over": [], "carry_over_one": ["1"], "carry_over_several": []}
    for url in (reverse(name, args=[assessment.pk, *more]) for name, more in pages.items()):
        page.goto(live_server.url + url)
        found += [(url, hit["id"], hit["nodes"][0]["target"]) for hit in Axe().run(page).response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append((url, "wider than the window", width))
    seen.close()
    assert found == []

    plain = context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(live_server.url + reverse("home"))
    page.get_by_role("link", name="Tinjau isian tahun lalu").click()
    page.wait_for_url("**/tahun-lalu/")
    page.get_by_role("link", name="Mulai: Indikator 1").click()
    page.wait_for_url("**/tahun-lalu/1/")
    page.get_by_role("radio", name="Masih berlaku, pakai").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # the link to the document
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tahun-lalu/2/")
    expect(page.get_by_text("1 dari 47 sudah diputuskan")).to_be_visible()
    plain.close()
    assert Answer.objects.get(assessment=assessment, indicator__code="1").self_level == 3
    assert Evidence.objects.filter(answer__assessment=assessment).count() == 1
    assert CarryOver.objects.filter(is_valid=True).count() == 2
