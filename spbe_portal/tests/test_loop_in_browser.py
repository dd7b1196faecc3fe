"""The whole loop as people do it: in Chromium, from the first level to the figure in the PDF."""

import io
import zipfile
from datetime import timedelta
from decimal import Decimal

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from assessments import workflow
from assessments.models import Answer, Assessment, Evidence, Result, Status
from assessments.services.followups import create_follow_up
from conftest import PASSWORD, fill
from indicators.scoring import round_display
from inventory.services import create_application
from reports.models import ReportJob
from reports.services import request_agency_report
from spbe_portal.celery import app
from spbe_portal.demo import files
from spbe_portal.formatting import decimal_id

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _worker_in_place(settings):
    """The worker's tasks run at once; that it is a process of its own is proved by `test_serve`."""
    settings.CELERY_TASK_ALWAYS_EAGER = True
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


class Person:
    """Somebody at a browser of their own."""

    def __init__(self, browser, live_server, username: str, width: int = 1280):
        self.context = browser.new_context(
            viewport={"width": width, "height": 860}, locale="id-ID", timezone_id="Asia/Jakarta", accept_downloads=True
        )
        self.page: Page = self.context.new_page()
        self.base = live_server.url
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.go("account_login")
        self.page.get_by_label("Nama pengguna").fill(username)
        self.page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Masuk").click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        assert "/masuk/" not in self.page.url

    def go(self, name: str, *args) -> Page:
        self.page.goto(self.base + reverse(name, args=args))
        return self.page

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button).first.click()

    def done(self) -> None:
        assert self.errors == []
        self.context.close()


def docx() -> bytes:
    """The smallest DOCX that Word opens."""
    out = io.BytesIO()
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Target="word/document.xml" Type='
            '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            "<w:body><w:p><w:r><w:t>Notula</w:t></w:r></w:p></w:body></w:document>",
        )
    return out.getvalue()


def jpg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 400), "#b0c4de").save(out, "JPEG")
    return out.getvalue()


def test_from_the_first_level_to_the_figure_in_the_pdf(browser, live_server, assessment, city, period):
    # Everything but indicator 12 is there already; 12 is filled as a person does it.
    fill(assessment, city.operator, level=3, i42=5)
    Evidence.objects.filter(answer__indicator__code="12", answer__assessment=assessment).delete()
    Answer.objects.filter(indicator__code="12", assessment=assessment).update(self_level=None, fact="", analysis="")

    operator = Person(browser, live_server, "operator-dinkes")
    page = operator.page
    page.get_by_role("link", name="Indikator 12").first.click()
    page.get_by_role("radio", name="Terpadu dan Terukur").check()
    page.locator("#fakta").fill("Peta Rencana SPBE ditetapkan tahun 2026.")
    page.locator("#analisis").fill("Selaras dengan peta rencana nasional dan direviu.")
    page.locator("#analisis").blur()
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.locator("#berkas").set_input_files(
        [
            {"name": "Peta.pdf", "mimeType": "application/pdf", "buffer": files.pdf("Peta", "1", "X", "2026", 2)},
            {"name": "Rapat.jpg", "mimeType": "image/jpeg", "buffer": jpg()},
            {"name": "Notula.docx", "mimeType": "application/octet-stream", "buffer": docx()},
        ]
    )
    expect(page.locator("#daftar-bukti [data-item]")).to_have_count(3)
    answer = Answer.objects.get(assessment=assessment, indicator__code="12")
    assert (answer.self_level, answer.evidence.count()) == (4, 3)
    operator.go("submit", assessment.pk)
    operator.press("Ajukan penilaian")
    expect(page.get_by_text("diajukan").first).to_be_visible()

    verifier = Person(browser, live_server, "verifikator")
    page = verifier.page
    verifier.go("review", assessment.pk, "1")
    for code in ("1", "2"):
        verifier.go("review", assessment.pk, code)
        page.keyboard.press("k")
        page.get_by_role("radio", name="Belum disahkan").check()
        page.locator("#note").fill("Belum ditandatangani kepala dinas.")
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, code=code: f"/verifikasi/{code}/" not in url)
    for _ in range(45):
        here = page.url
        page.keyboard.press("a")
        page.wait_for_url(lambda url, here=here: url != here)
    verifier.go("return", assessment.pk)
    verifier.press("Kembalikan 2 indikator")
    expect(page.get_by_text("ikembalikan").first).to_be_visible()

    operator.go("home")
    expect(operator.page.get_by_text("Belum ditandatangani kepala dinas.").first).to_be_visible()
    for code in ("1", "2"):
        operator.go("answer", assessment.pk, code)
        operator.page.locator("#fakta").fill("Sudah ditandatangani kepala dinas.")
        operator.page.locator("#fakta").blur()
        expect(operator.page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    operator.go("submit", assessment.pk)
    operator.press("Ajukan kembali penilaian")
    expect(operator.page.get_by_text("diajukan").first).to_be_visible()

    verifier.go("review", assessment.pk, "1")
    page.keyboard.press("a")
    page.wait_for_url(lambda url: "/verifikasi/2/" in url)
    page.keyboard.press("s")
    page.keyboard.press("2")
    page.locator("#note").fill("Baru sebagian.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/verifikasi/2/" not in url)
    verifier.go("approve", assessment.pk)
    verifier.press("Setujui penilaian")
    expect(page.get_by_text("isetujui").first).to_be_visible()

    coordinator = Person(browser, live_server, "koordinator")
    coordinator.go("period_finalise", period.pk)
    coordinator.page.get_by_label("Alasan").fill("Batas waktu sudah lewat.")
    coordinator.press("Finalkan periode")
    expect(coordinator.page.get_by_text("Final").first).to_be_visible()
    assessment.refresh_from_db()
    assert assessment.status == Status.FINAL

    # All at 3 but 12 at 4, 42 at 5 and 2 adjusted to 2.
    expected = (Decimal(300) + Decimal("2.50") + 2 * Decimal("3.00") - Decimal("1.30")) / 100
    assert round_display(assessment.verified_index) == Decimal("3.07")
    assert assessment.verified_index == expected

    leader = Person(browser, live_server, "pimpinan")
    leader.go("results")
    row = leader.page.get_by_role("row").filter(has_text="Dinas Kesehatan")
    expect(row).to_contain_text("3,07")
    row.get_by_role("button", name="PDF").click()
    with leader.page.expect_download() as download:
        leader.page.get_by_role("link", name="Unduh laporan").click()
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(download.value.path()).pages)
    assert decimal_id(Result.objects.get(assessment=assessment).assessment.verified_index) == "3,07"
    assert "3,07" in text
    assert "Dinas Kesehatan" in text
    assert "DRAF" not in text
    for person in (operator, verifier, coordinator, leader):
        person.done()


PAGES = {
    "operator-dinkes": [
        "home",
        "sheet",
        "answer",
        "carry_over",
        "submit",
        "working_paper",
        "index_breakdown",
        "report_list",
        "own_place",
        "instrument",
        "instrument_list",
        "followup_list",
        "followup",
        "notification_list",
        "notification_settings",
        "application_list",
        "application",
        "application_edit",
        "application_import",
        "document_list",
        "document_add",
    ],
    "verifikator": ["review_queue", "results", "pemda", "heat", "roadmap"],
    "koordinator": [
        "report_list",
        "verify",
        "agency_import",
        "person_import",
        "password_forgotten",
        "period_list",
        "past_import",
        "roadmap_projection",
        "webhook_list",
        "webhook_create",
        "instrument_import",
        "instrument_copy",
        "instrument_edit",
        "instrument_frame",
        "instrument_differences",
        "period_create",
        "period",
        "period_edit",
        "period_finalise",
        "period_cancel",
        "period_copy",
        "not_handed_in",
        "determination",
        "determine",
        "package",
        "external_comparison",
        "external_import",
        "assignments",
        "assignments_preset",
        "assignments_import",
        "extend",
        "cancel",
        "agency_list",
        "agency_create",
        "agency",
        "agency_edit",
        "agency_end",
        "person_list",
        "person_create",
        "person",
        "person_edit",
        "person_deactivate",
        "account_change_password",
        "account_security",
        "account_reauthenticate",
        "two_factor_on",
        "token_list",
        "token_make",
        "person_two_factor_reset",
        "person_identity_unlink",
        "followup_list",
        "followup_create",
        "followup_from_reviews",
        "followup_from_plan",
        "followup",
        "followup_edit",
        "application_list",
        "application_create",
        "application_remove",
        "application_mark",
        "application_overlaps",
        "audit_trail",
        "consistency",
    ],
}
LATER_PAGES = {
    "verifikator": ["review_overview", "review", "return", "approve", "sheet", "answer", "history"],
    "operator-dinkes": ["answer_history", "home", "sheet", "answer", "withdraw", "report", "verify_code"],
    "pimpinan": ["pemda", "heat", "determination", "determine", "results", "sheet", "index_breakdown", "report_list"],
}


def check_pages(browser, live_server, pages, things, width) -> None:
    arguments = {
        "assessment": (
            "sheet carry_over submit withdraw index_breakdown extend cancel review_overview return approve answer"
            " review history answer_history working_paper"
        ),
        "period": (
            "period period_edit period_finalise period_cancel period_copy not_handed_in assignments assignments_preset"
            " assignments_import determine consistency package external_comparison external_import"
        ),
        "code": "answer answer_history review determine",
        "agency": "agency agency_edit agency_end",
        "person": "person person_edit person_deactivate person_two_factor_reset person_identity_unlink",
        "instrument": "instrument instrument_copy instrument_edit instrument_frame instrument_differences",
        "report": "report",
        "report_code": "verify_code",
        "followup": "followup followup_edit",
        "application": "application application_edit application_remove application_mark",
    }
    found: list[str] = []
    for username, names in pages.items():
        person = Person(browser, live_server, username, width)
        for name in names:
            page = person.go(name, *[things[thing] for thing, names in arguments.items() if name in names.split()])
            result = Axe().run(page)
            for hit in result.response["violations"]:
                found.append(f"{username} {name} {width}: {hit['id']} {hit['nodes'][0]['target']}")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append(f"{username} {name} {width}: wider than the window")
        person.done()
    assert found == []


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_accessible_and_fits(browser, live_server, assessment, city, period, width):
    things = {
        "assessment": assessment.pk,
        "code": "12",
        "period": period.pk,
        "agency": city.dinkes.pk,
        "person": city.operator2.pk,
        "instrument": period.instrument.code,
        "followup": create_follow_up(
            user=city.coordinator,
            period_id=period.pk,
            agency_id=city.dinkes.pk,
            indicator_id=assessment.answers.get(indicator__code="12").indicator_id,
            text="Lengkapi SOP pengelolaan data.",
            due_on=timezone.localdate() + timedelta(days=3),
        ).pk,
        "application": create_application(
            actor=city.operator,
            agency=city.dinkes,
            facts={"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"},
        ).pk,
    }
    check_pages(browser, live_server, PAGES, things, width)
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    job = request_agency_report(assessment.pk, city.operator)
    things |= {"report": job.pk, "report_code": job.code}
    check_pages(browser, live_server, LATER_PAGES, things, width)
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    for path in (reverse("account_login"), "/tidak-ada/"):
        page.goto(live_server.url + path)
        assert Axe().run(page).response["violations"] == []
    context.close()
    assert ReportJob.objects.get().status == "done"
    assert Assessment.objects.get(pk=assessment.pk).status == Status.SUBMITTED
