"""The library in a browser: accessible, no wider than the window, and worked as people do."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from assessments.models import Evidence
from assessments.services import documents as services
from assessments.tests.files import pdf
from assessments.tests.test_followups_browser import at
from assessments.tests.test_library import keep, predecessor_of, renew, use
from spbe_portal.celery import app

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _worker_in_place(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def kept(assessment, city):
    """A document with two versions, the older one attached to indicator 1; and others around it."""
    made = keep(city.dinkes, city.operator, pdf(2), "Peraturan.pdf", valid_until="2026-01-31", number="12/2025")
    use(assessment, city.operator, made.version)
    renew(made.version.document, city.operator, pdf(3), change="Lampiran II ditambah")
    long = "Laporan_" + "Pelaksanaan" * 14 + ".pdf"
    keep(city.dinkes, city.operator, pdf(4), long)
    services.add_link(agency_id=city.dinkes.pk, user=city.operator, url="https://jdih.example/perwal/" + "1" * 200)
    keep(predecessor_of(city.dinkes), city.coordinator, pdf(5), "Arsip.pdf")
    return made.version.document


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_are_accessible_and_fit(browser, live_server, kept, assessment, city, width):
    addresses = [
        reverse("document_list"),
        f"{reverse('document_list')}?status=habis",
        f"{reverse('document_list')}?q=zzz",
        reverse("document_add"),
        reverse("document", args=[kept.pk]),
        reverse("document_edit", args=[kept.pk]),
        reverse("document_version", args=[kept.pk]),
        reverse("evidence_pick", args=[assessment.pk, "1"]),
        reverse("answer", args=[assessment.pk, "1"]),
    ]
    page = at(browser, live_server, "operator-dinkes", width)
    found = []
    for address in addresses:
        assert page.goto(live_server.url + address).status == 200, address
        if address == addresses[-1]:
            page.locator("[data-picker] > summary").click()
            expect(page.locator(".pick-item")).to_have_count(4)
            page.locator(".pick-item input[type=checkbox]").first.check()
        for hit in Axe().run(page).response["violations"]:
            found.append(f"{address}: {hit['id']} {hit['nodes'][0]['target']}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{address}: wider than the window")
    page.context.close()
    assert found == []


def test_a_new_version_and_documents_attached_from_the_indicator_page(browser, live_server, assessment, city):
    first = keep(city.dinkes, city.operator, pdf(2), "Peraturan.pdf").version
    use(assessment, city.operator, first, "2")
    page = at(browser, live_server, "operator-dinkes")

    # A new version, taken over by the answer that uses the document.
    page.goto(live_server.url + reverse("document", args=[first.document_id]))
    page.get_by_role("link", name="Unggah versi baru").click()
    page.wait_for_url(lambda url: url.endswith("/versi-baru/"))
    page.locator("input[type=file]").set_input_files(
        {"name": "Peraturan-2.pdf", "mimeType": "application/pdf", "buffer": pdf(3)}
    )
    page.get_by_label("Yang berubah").fill("Sudah ditandatangani")
    expect(page.locator("input[name=pakai]")).to_be_checked()
    page.get_by_role("button", name="Simpan versi baru").click()
    page.wait_for_url(lambda url: not url.endswith("/versi-baru/"))
    expect(page.get_by_text("Indikator 2 sekarang memakai versi 2.")).to_be_visible()
    assert Evidence.objects.get().version.number == 2

    # Refused before a byte is sent; what was typed stays.
    page.goto(live_server.url + reverse("document_version", args=[first.document_id]))
    page.get_by_label("Yang berubah").fill("Ralat")
    for name, content, text in (("Makro.docm", b"x", "jenis .docm tidak termasuk"), ("Kosong.pdf", b"", "kosong")):
        page.locator("form[data-version] input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/pdf", "buffer": content}
        )
        page.get_by_role("button", name="Simpan versi baru").click()
        expect(page.locator("[data-transfer-problem]")).to_contain_text(text)
    expect(page.get_by_label("Yang berubah")).to_have_value("Ralat")

    # Into the library without an answer.
    page.goto(live_server.url + reverse("document_add"))
    page.locator("#berkas").set_input_files(
        [
            {"name": "Laporan.pdf", "mimeType": "application/pdf", "buffer": pdf(4)},
            {"name": "Sama.pdf", "mimeType": "application/pdf", "buffer": pdf(3)},
        ]
    )
    expect(page.locator("#daftar-bukti [data-item]")).to_have_count(3)
    expect(page.get_by_text("Isi yang sama sudah ada sebagai versi 2")).to_be_visible()

    # From the library to another answer, in place.
    page.goto(live_server.url + reverse("answer", args=[assessment.pk, "1"]))
    page.locator("[data-picker] > summary").click()
    page.get_by_label("Cari dokumen").fill("laporan")
    page.locator(".pick-search button").click()
    expect(page.locator(".pick-item")).to_have_count(1)
    page.get_by_role("checkbox", name="Laporan").check()
    page.locator(".pick-item [name^=hal-]").fill("2-3")
    page.get_by_role("button", name="Lampirkan yang dicentang").click()
    expect(page.locator("#daftar-bukti [data-item]")).to_have_count(1)
    assert Evidence.objects.get(answer__indicator__code="1").pages == "2-3"
    page.locator("[data-picker] > summary").click()
    expect(page.locator(".pick-item").get_by_text("Sudah dilampirkan pada indikator ini.")).to_be_visible()
    page.context.close()
