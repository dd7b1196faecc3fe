"""The bell as two people see it: one hands in, the other is told, opens it, and has read it."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from assessments import workflow
from conftest import fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def enter(context, live_server):
    """`enter(user)` logs the browser in as that person."""

    def _enter(user):
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return _enter


def test_a_hand_in_rings_for_the_reviewer_until_it_is_opened(page, live_server, enter, assessment, city):
    fill(assessment, city.operator)
    enter(city.verifier)
    page.clock.install()
    page.goto(live_server.url + reverse("review_queue"))
    expect(page.get_by_role("link", name="Pemberitahuan, semua sudah dibaca")).to_be_visible()
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    with page.expect_response("**/pemberitahuan/jumlah/"):
        page.clock.run_for(61_000)  # the page stays open: it asks by itself
    bell = page.get_by_role("link", name="Pemberitahuan, 1 belum dibaca")
    expect(bell).to_contain_text("1")
    bell.click()
    page.wait_for_url("**/pemberitahuan/")
    expect(page.get_by_text("Belum dibaca", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Dinas Kesehatan mengajukan penilaian").click()
    page.wait_for_url("**" + reverse("review_overview", args=[assessment.pk]))
    expect(page.get_by_role("link", name="Pemberitahuan, semua sudah dibaca")).to_be_visible()
    expect(page.locator("[data-bell-count]")).to_be_hidden()
