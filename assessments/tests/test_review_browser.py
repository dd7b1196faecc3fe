"""The review page in a real browser: keys, templates, and what is typed."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from assessments.models import Review

pytestmark = pytest.mark.browser


@pytest.fixture
def review_at(live_server, page, submitted, city):
    """`review_at(code)` opens the page of an indicator as the verifier."""
    client = Client()
    client.force_login(city.verifier)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    def _open(code="1"):
        page.goto(live_server.url + reverse("review", args=[submitted.pk, code]))
        return page

    return _open


def decisions(assessment):
    rows = Review.objects.filter(answer__assessment=assessment).order_by("answer__indicator__order")
    return [(row.decision, row.verified_level, row.reason, row.note) for row in rows]


def at(page, assessment, code):
    page.wait_for_url(f"**{reverse('review', args=[assessment.pk, code])}**")
    page.wait_for_selector("[data-review]")


def test_accepting_adjusting_and_returning_take_a_few_keys(review_at, submitted):
    page = review_at("1")
    page.keyboard.press("a")
    at(page, submitted, "2")
    for key in ("4", "Enter", "Control+Enter"):
        page.keyboard.press(key)
    at(page, submitted, "3")
    for key in ("k", "2", "Enter", "Control+Enter"):
        page.keyboard.press(key)
    at(page, submitted, "4")
    note = "Dokumen belum ditandatangani. Lampirkan versi yang sudah ditandatangani pejabat berwenang."
    assert decisions(submitted) == [
        ("accept", 3, "", ""),
        ("adjust", 4, "", "Bukti yang dilampirkan baru memenuhi kriteria level 4."),
        ("return", None, "not_signed", note),
    ]


def test_no_key_fires_while_somebody_types(review_at, submitted):
    page = review_at("1")
    page.keyboard.press("/")
    page.keyboard.type("akan sesuai k 1 2 n p")
    assert page.input_value("#note") == "akan sesuai k 1 2 n p"
    assert page.locator("input[name=decision]:checked").count() == 0
    assert decisions(submitted) == []


def test_keys_can_be_turned_off(review_at, submitted):
    page = review_at("1")
    page.keyboard.press("?")
    page.click("text=Matikan tombol pintas")
    page.click("dialog[open] [data-dialog-close]")
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")
    assert decisions(submitted) == []


def test_a_note_survives_an_ended_session(review_at, submitted):
    page = review_at("1")
    page.keyboard.press("k")
    page.fill("#note", "Catatan <b>panjang</b>.")
    cookies = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/masuk/**")
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == settings.SESSION_COOKIE_NAME])
    page = review_at("1")
    assert page.input_value("#note") == "Catatan <b>panjang</b>."
    assert page.is_checked("#decision-return")
    assert page.is_visible("[data-draft-restored]")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    at(page, submitted, "2")
    assert not review_at("1").is_visible("[data-draft-restored]")


def test_leafing_through_indicators_by_key(review_at, submitted):
    page = review_at("2")
    page.keyboard.press("n")
    at(page, submitted, "3")
    page.keyboard.press("p")
    at(page, submitted, "2")


def test_a_note_does_not_follow_a_changed_mind(review_at, submitted):
    page = review_at("1")
    for key in ("k", "2", "Enter", "Control+Enter"):
        page.keyboard.press(key)
    at(page, submitted, "2")
    page.keyboard.press("p")
    at(page, submitted, "1")
    page.keyboard.press("s")
    assert page.input_value("#note") == ""
    page.keyboard.press("k")
    assert page.input_value("#note").startswith("Dokumen belum ditandatangani.")
    page.locator("h1").click()
    page.keyboard.press("a")
    at(page, submitted, "2")
    assert decisions(submitted) == [("accept", 3, "", "")]
    page.keyboard.press("p")
    at(page, submitted, "1")
    assert (page.input_value("#note"), page.is_visible("[data-draft-restored]")) == ("", False)
