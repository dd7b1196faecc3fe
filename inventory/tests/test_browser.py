"""A list brought in, as a person does it in Chromium."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from conftest import PASSWORD
from inventory import services
from inventory.models import Application

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_list_is_shown_row_by_row_and_then_written(page: Page, live_server, city, instrument, width):
    services.create_application(
        actor=city.operator,
        agency=city.dinkes,
        facts={"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"},
    )
    page.set_viewport_size({"width": width, "height": 860})
    page.goto(f"{live_server.url}{reverse('application_import')}")
    page.get_by_label("Nama pengguna").fill("operator-dinkes")
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(f"**{reverse('application_import')}")
    rows = f"Nama,Fungsi,Jenis,Catatan\ne-Surat,Surat keluar,,\nSIMPEG,{'sangat' * 30},publik,\nLain,,mungkin,\n"
    page.get_by_label("Berkas XLSX atau CSV").set_input_files(
        {"name": "daftar.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.get_by_role("button", name="Periksa berkas").click()
    page.wait_for_url("**/unggah/*/")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert Application.objects.count() == 1
    page.get_by_role("button", name="Simpan 2 aplikasi").click()
    page.wait_for_url(f"**{reverse('application_list')}")
    expect(page.get_by_text("Daftar tersimpan: 1 aplikasi baru, 1 diubah.")).to_be_visible()
    assert Application.objects.count() == 2
