"""The second factor as a person meets it: switched on, asked for, a recovery code, a lost phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import SignIn
from accounts.tests.test_two_factor import code_of
from conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def begin(page: Page, base: str, username: str) -> None:
    page.goto(base + "/masuk/")
    page.get_by_label("Nama pengguna").fill(username)
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).click()


def give_code(page: Page, code: str) -> None:
    page.wait_for_url("**/masuk/kode/")
    page.get_by_label("Kode").fill(code)
    page.get_by_role("button", name="Masuk", exact=True).click()


def leave(page: Page) -> None:
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Keluar").click()
    page.wait_for_url("**/masuk/")


def is_accessible(page: Page) -> None:
    assert [hit["id"] for hit in Axe().run(page).response["violations"]] == []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 860})
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_switched_on_asked_for_and_a_recovery_code(browser, live_server, city):
    cache.clear()
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    base = live_server.url
    begin(page, base, "verifikator")
    page.wait_for_url(lambda url: "/masuk/" not in url)
    page.goto(base + reverse("account_security"))
    page.get_by_role("link", name="Aktifkan").click()
    page.wait_for_url("**/dua-langkah/")
    picture = page.locator("img.two-factor-picture")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")  # the policy lets it be seen
    secret = page.locator("#kunci").inner_text().replace(" ", "")
    page.get_by_label("Kode dari aplikasi").fill(code_of(secret, steps=-1))
    page.get_by_role("button", name="Aktifkan").click()
    shown = page.locator("#kode-pemulihan")
    expect(shown).to_be_visible()
    is_accessible(page)
    codes = shown.input_value().split("\n")
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Unduh").click()
    text = download.value.path().read_text()
    assert [line for line in text.split("\n") if line in codes] == codes
    page.get_by_role("link", name="Sudah saya simpan").click()
    page.wait_for_url("**/akun/keamanan/")
    is_accessible(page)
    leave(page)

    begin(page, base, "verifikator")
    give_code(page, code_of(secret))
    page.wait_for_url(lambda url: "/masuk/" not in url)
    leave(page)
    begin(page, base, "verifikator")
    page.wait_for_url("**/masuk/kode/")
    is_accessible(page)
    give_code(page, "12")
    expect(page.get_by_text("Kode tidak cocok").first).to_be_visible()
    is_accessible(page)
    give_code(page, codes[0])
    page.wait_for_url(lambda url: "/masuk/" not in url)

    # Another device: seen in the list, ended from here.
    other = browser.new_context().new_page()
    begin(other, base, "verifikator")
    give_code(other, codes[1])
    other.wait_for_url(lambda url: "/masuk/" not in url)
    page.goto(base + reverse("account_security"))
    expect(page.get_by_text("8 kode pemulihan")).to_be_visible()
    page.get_by_role("button", name="Akhiri sesi").click()
    expect(page.get_by_text("Sesi diakhiri.")).to_be_visible()
    other.goto(base + "/sandi/")
    other.wait_for_url("**/masuk/**")
    assert SignIn.objects.filter(user=city.verifier).count() == 1 + 2  # the two that were left by "Keluar"
    other.context.close()
    assert errors == []
    page.close()
