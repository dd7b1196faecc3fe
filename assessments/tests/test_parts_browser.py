"""Large files over a bad line in a real browser: what arrived stays, what is stored is what was chosen."""

import hashlib
import io
import os
import re

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect
from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject

from assessments.models import DocumentVersion, Upload
from assessments.services import evidence as evidence_services
from assessments.tests.files import picture

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _alone(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(evidence_services.make_previews, "delay", lambda pk: None)
    settings.UPLOAD_DIR = tmp_path / "uploads"


@pytest.fixture
def opened(live_server, page, context, assessment, city):
    client = Client()
    client.force_login(city.operator)
    session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page.goto(live_server.url + reverse("answer", args=[assessment.pk, "1"]))
    return page


def large_pdf(megabytes: int) -> bytes:
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    filling = StreamObject()
    filling.set_data(os.urandom(megabytes * 512 * 1024).hex().encode())
    page[NameObject("/Isi")] = writer._add_object(filling)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sent_parts(page) -> list[int]:
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: (
            offsets.append(int(found[1])) if (found := re.search(r"\?offset=(\d+)", request.url)) else None
        ),
    )
    return offsets


def until(page, is_so) -> None:
    for _ in range(200):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("It never was.")


def test_a_large_file_survives_a_line_that_breaks_and_a_page_that_is_left(opened, tmp_path):
    page, content = opened, large_pdf(12)
    path = tmp_path / "Laporan besar.pdf"
    path.write_bytes(content)
    parts = sent_parts(page)
    cut: list[str] = []

    def at_times(route):
        if len(parts) in (4, 5):
            cut.append(route.request.url)
            route.abort("connectionreset")
        elif len(parts) < 9:  # the ninth never arrives
            route.continue_()

    page.route("**/unggahan/**", at_times)
    page.set_input_files("#berkas", path)
    line = page.locator(".upload-queue .evidence-meta")
    expect(line).to_have_text(re.compile(r"^\d,\d dari 12,0 MB · sambungan terputus, mencoba lagi dalam 2 detik…$"))
    expect(line).to_have_text(re.compile(r"^[456],\d dari 12,0 MB · \d\d %$"))
    until(page, lambda: len(parts) == 9)
    assert len(cut) == 2

    # Left in the middle, opened anew: the same file goes on where it was.
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/unggahan/**")
    there = Upload.objects.get().received
    assert 0 < there < len(content)
    del parts[:]
    page.set_input_files("#berkas", path)
    expect(page.locator("#daftar-bukti .evidence-item")).to_have_count(1, timeout=20_000)
    assert parts[0] == there
    version = DocumentVersion.objects.get()
    assert (version.size, version.original_name) == (len(content), "Laporan besar.pdf")
    assert version.sha256 == hashlib.sha256(content).hexdigest()
    assert hashlib.sha256(version.file.open().read()).hexdigest() == version.sha256
    assert not Upload.objects.exists()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('spbe-unggahan')).length") == 0


def test_a_small_file_beside_a_large_one_that_is_cancelled(opened, tmp_path):
    page = opened
    large, small = tmp_path / "besar.pdf", tmp_path / "kecil.jpg"
    large.write_bytes(large_pdf(12))
    small.write_bytes(picture())
    parts = sent_parts(page)
    page.route("**/unggahan/*/?offset=*", lambda route: route.continue_() if len(parts) < 4 else None)
    page.set_input_files("#berkas", [large, small])
    expect(page.locator(".upload-queue .evidence-item").first).to_contain_text("dari 12,0 MB")
    until(page, lambda: len(parts) == 4)
    with page.expect_response("**/batal/"):
        page.locator(".upload-queue .evidence-item").first.get_by_role("button", name="Batal").click()
    expect(page.locator(".upload-problem")).to_have_text("Pengunggahan dibatalkan.")
    expect(page.locator("#daftar-bukti .evidence-title")).to_have_text("kecil")
    assert DocumentVersion.objects.get().sha256 == hashlib.sha256(small.read_bytes()).hexdigest()
    assert not Upload.objects.exists()


def test_a_phone_offers_its_camera_and_the_photo_gets_a_name(live_server, browser, opened, assessment, tmp_path):
    expect(opened.get_by_role("button", name="Ambil foto")).to_be_hidden()
    phone = browser.new_context(
        viewport={"width": 390, "height": 800},
        has_touch=True,
        is_mobile=True,
        locale="id-ID",
        timezone_id="Asia/Jakarta",
        storage_state=opened.context.storage_state(),
    )
    page = phone.new_page()
    page.goto(live_server.url + reverse("answer", args=[assessment.pk, "1"]))
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Ambil foto").click()
    photo = tmp_path / "image.jpg"
    photo.write_bytes(picture())
    chooser.value.set_files(photo)
    expect(page.locator("#daftar-bukti .evidence-item")).to_have_count(1)
    name = DocumentVersion.objects.get().original_name
    assert re.fullmatch(r"Foto \d{1,2} [A-Z][a-z]+ \d{4} \d\d\.\d\d\.jpg", name)
    phone.close()
