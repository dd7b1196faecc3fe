"""The pages of follow-ups with something on them: accessible, no wider than the window, and worked as people do."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from assessments.models import FollowUp
from assessments.tests.files import pdf
from assessments.tests.test_followups import a_plan, approve, be_pic, closed, made, noted, reported
from conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

__all__ = ["noted"]  # a fixture of the other module


def at(browser, live_server, username: str, width: int = 1280):
    """A page of this person, logged in."""
    page = browser.new_context(viewport={"width": width, "height": 860}).new_page()
    page.goto(live_server.url + reverse("account_login"))
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("form button[type=submit]")
    page.wait_for_url(lambda url: reverse("account_login") not in url)
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_with_something_on_them_are_accessible_and_fit(browser, live_server, noted, period, city, width):
    approve(noted, city)
    a_plan(period, city, "1", "12", "13")
    be_pic(period, city.diskominfo, "1", "12")
    back = made(period, city, text="Tetapkan SOP pengelolaan data. " * 12)
    closed(reported(back, city.operator), city.coordinator, "return", note="Belum ditandatangani.")
    waiting = reported(made(period, city), city.operator)
    found = []
    for username, addresses in {
        "operator-dinkes": [
            reverse("home"),
            reverse("followup_list"),
            reverse("followup", args=[back.pk]),
            reverse("followup", args=[waiting.pk]),
            reverse("answer", args=[noted.pk, "12"]),
        ],
        "koordinator": [
            reverse("followup_list"),
            reverse("followup_from_reviews"),
            reverse("followup_from_plan"),
            reverse("followup", args=[waiting.pk]),
            reverse("followup_edit", args=[back.pk]),
        ],
    }.items():
        page = at(browser, live_server, username, width)
        for address in addresses:
            assert page.goto(live_server.url + address).status == 200, address
            for hit in Axe().run(page).response["violations"]:
                found.append(f"{username} {address}: {hit['id']} {hit['nodes'][0]['target']}")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append(f"{username} {address}: wider than the window")
        page.context.close()
    assert found == []


def test_from_a_typed_recommendation_to_done(browser, live_server, assessment, period, city):
    page = at(browser, live_server, "koordinator")
    page.goto(live_server.url + reverse("followup_create"))
    page.fill("textarea[name=text]", "Tetapkan SOP.")
    page.select_option("select[name=agency_id]", label="Dinas Kesehatan")
    page.fill("input[name=due_on]", "31/12/2099")
    page.click("text=Buat tindak lanjut")
    page.wait_for_url("**/tindak-lanjut/*/")
    address = page.url
    owner = at(browser, live_server, "operator-dinkes")
    owner.goto(address)
    owner.fill("input[name=progress]", "90")
    owner.fill("textarea[name=report]", "SOP ditetapkan.")
    owner.set_input_files("input[name=file]", {"name": "sop.pdf", "mimeType": "application/pdf", "buffer": pdf(1)})
    with owner.expect_navigation():
        owner.click("button:has-text('Laporkan selesai')")
    owner.wait_for_selector("text=Unduh bukti: sop.pdf")
    page.goto(address)
    with page.expect_navigation():
        page.click("button:has-text('Nyatakan selesai')")
    page.wait_for_selector(".state:has-text('Selesai')")
    done = FollowUp.objects.get()
    assert (done.status, done.progress, done.closed_by, done.reported_by) == (
        "done",
        100,
        city.coordinator,
        city.operator,
    )
    page.context.close()
    owner.context.close()
