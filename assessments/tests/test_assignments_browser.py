"""The table of assignments in a real browser: by mouse, by keyboard, saved together."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Assignment
from assessments.services.assignments import set_assignments
from conftest import hand_in

pytestmark = pytest.mark.browser


@pytest.fixture
def table(live_server, page, period, city):
    """The page of assignments as the coordinator, listening to what goes wrong."""
    client = Client()
    client.force_login(city.coordinator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))

    def _open():
        page.goto(live_server.url + reverse("assignments", args=[period.pk]))
        expect(page.locator("[data-save]")).to_be_visible()
        return page

    return _open


def cell(page, agency, column: int):
    """`column` counts from 1."""
    return page.locator(f'[data-agency="{agency.pk}"] td').nth(column - 1)


def kinds(period, agency) -> dict[str, str]:
    return dict(Assignment.objects.filter(period=period, agency=agency).values_list("indicator__code", "kind"))


def state(page, text: str) -> None:
    expect(page.locator("[data-save-state]")).to_contain_text(text)


def test_cells_change_by_mouse_and_keyboard_and_are_saved_together(table, city, period):
    page = table()
    cell(page, city.dinkes, 1).click()
    expect(cell(page, city.dinkes, 1)).to_have_text("PIC")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    expect(cell(page, city.dinkes, 2)).to_have_text("")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("p")  # as it was
    state(page, "3 perubahan belum disimpan")
    assert kinds(period, city.dinkes)["1"] == "support"
    page.get_by_label("Alasan").fill("Rapat.")
    page.get_by_role("button", name="Simpan 3 perubahan").click()
    state(page, "Penugasan sudah disimpan: 2 diubah, 1 dihapus.")
    found = kinds(period, city.dinkes)
    assert (found["1"], "2" in found, found["3"], found["4"]) == ("pic", False, "pic", "support")
    expect(page.locator("[data-missing-list]")).to_have_text("2, 4–47")
    page.locator(".matrix").get_by_text("Dinkes").click()  # leaving is free: nothing is unsaved
    page.reload()
    expect(cell(page, city.dinkes, 1)).to_have_text("PIC")
    assert page.errors == []


def test_rows_and_columns_are_filled_and_undone(table, city, period):
    page = table()
    page.locator('[data-code="12"]').click()
    page.get_by_role("button", name="PIC", exact=True).click()
    state(page, "3 perubahan")
    page.locator("#cari-opd").fill("sosial")
    expect(cell(page, city.dinkes, 1)).to_be_hidden()
    page.locator('[data-code="13"]').click()
    page.keyboard.press("c")
    state(page, "4 perubahan")  # of the shown agency only
    page.locator(f'[data-agency="{city.dinsos.pk}"] th').click()
    page.keyboard.press("Delete")
    state(page, "49 perubahan")
    page.keyboard.press("Control+z")
    state(page, "4 perubahan")
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Urungkan").click()
    state(page, "Belum ada perubahan")
    assert page.errors == []


def test_what_left_the_desk_only_swaps_its_kind_and_refusals_keep_the_changes(table, assessment, city, period):
    hand_in(assessment, city.operator)
    page = table()
    cell(page, city.dinkes, 1).click()
    cell(page, city.dinkes, 1).click()
    expect(cell(page, city.dinkes, 1)).to_have_text("P")
    page.keyboard.press("Delete")
    expect(page.locator("[data-here]")).to_contain_text("berstatus Diajukan")
    state(page, "Belum ada perubahan")
    cell(page, city.dinsos, 1).click()
    set_assignments(period_id=period.pk, user=city.coordinator, changes=[(city.dinsos.pk, "1", None)])
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("1 sel diubah orang lain")
    expect(cell(page, city.dinsos, 1)).to_have_text("PIC")
    page.get_by_role("button", name="Simpan 1 perubahan").click()
    state(page, "1 ditambahkan")
    assert kinds(period, city.dinsos)["1"] == "pic"
    assert page.errors == []
