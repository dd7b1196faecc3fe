"""The indicator page in a real browser: nothing typed is lost, whatever the line or the session does."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from assessments.models import Answer, Assessment, Evidence, Review
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.tests.files import pdf, picture
from assessments.tests.test_last_year import run
from conftest import PASSWORD, fill

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(evidence_services.make_previews, "delay", lambda pk: None)


@pytest.fixture
def enter(live_server, context):
    """`enter(user)` logs the browser in as that person."""

    def _enter(user):
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return _enter


@pytest.fixture
def opened(live_server, page, enter, assessment, city):
    """`opened(code)` opens an indicator of the draft as its operator."""
    enter(city.operator)

    def _open(code="1", tab=None):
        tab = tab or page
        tab.goto(live_server.url + reverse("answer", args=[assessment.pk, code]))
        return tab

    return _open


@pytest.fixture
def down(page, monkeypatch):
    """`with down():` the server refuses all; the page is left and closed there, after its last try to save."""
    refused: list[str] = []

    def refuse(handler, environ, start_response):
        refused.append(environ["PATH_INFO"])
        start_response("502 Bad Gateway", [("Content-Type", "text/plain")])
        return [b"x"]

    @contextmanager
    def _down():
        with monkeypatch.context() as patch:
            patch.setattr(WSGIHandler, "__call__", refuse)
            yield
            tries = len(refused)
            page.goto("about:blank")
            until = time.monotonic() + 10
            while len(refused) == tries and time.monotonic() < until:
                page.wait_for_timeout(50)
            page.close()
        assert len(refused) > tries

    return _down


def stored(assessment, code="1") -> Answer:
    return Answer.objects.get(assessment=assessment, indicator__code=code)


def state(page):
    return page.locator(".bottom-bar [data-save-state]")


def says(page, text):
    expect(state(page)).to_contain_text(text, timeout=10_000)


def put(page, selector, text):
    """Type, and wait for the answer to the save."""
    with page.expect_response("**/simpan/"):
        page.fill(selector, text)


def test_a_level_and_a_text_save_themselves(opened, assessment):
    page = opened()
    with page.expect_response("**/simpan/"):
        page.keyboard.press("3")
    says(page, "Tersimpan")
    expect(page.locator("[data-gaps]")).to_contain_text("lampirkan bukti dukung")
    put(page, "#fakta", "Ada.")
    says(page, "Tersimpan")
    answer = stored(assessment)
    assert (answer.self_level, answer.fact) == (3, "Ada.")


def test_keys_move_on_but_never_out_of_a_text_field(opened, assessment):
    page = opened("2")
    page.keyboard.press("j")
    page.wait_for_url("**/indikator/3/")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/indikator/2/")
    page.focus("#fakta")
    with page.expect_response("**/simpan/"):
        page.keyboard.type("jk 1 2 l ?")
    assert (stored(assessment, "2").fact, stored(assessment, "2").self_level) == ("jk 1 2 l ?", None)


def test_leaving_by_a_link_waits_for_the_last_words(opened, assessment):
    page = opened("1")
    page.fill("#analisis", "Kata terakhir.")
    page.click('[data-go="next"]')
    page.wait_for_url("**/indikator/2/")
    assert stored(assessment).analysis == "Kata terakhir."


def test_what_is_typed_offline_is_sent_when_the_line_is_back(opened, context, assessment):
    page = opened()
    context.set_offline(True)
    page.fill("#fakta", "Ditulis luring.")
    says(page, "Luring")
    expect(page.locator("[data-problem]")).to_contain_text("aman di peramban ini")
    context.set_offline(False)
    says(page, "Tersimpan")
    assert stored(assessment).fact == "Ditulis luring."


def test_what_is_typed_while_the_server_is_down_survives_closing_the_page(opened, context, page, assessment, down):
    page = opened()
    with down():
        page.fill("#fakta", "Server sedang mati.")
        says(page, "Gagal menyimpan")
    assert stored(assessment).fact == ""
    again = opened(tab=context.new_page())
    says(again, "Tersimpan")
    assert again.input_value("#fakta") == "Server sedang mati."
    assert stored(assessment).fact == "Server sedang mati."


def test_a_session_that_ends_loses_nothing(opened, context, enter, assessment, city):
    page = opened()
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill("#fakta", "Ditulis setelah sesi habis.")
    says(page, "Sesi berakhir")
    enter(city.operator)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    says(page, "Tersimpan")
    assert stored(assessment).fact == "Ditulis setelah sesi habis."


def test_another_person_in_the_same_browser_does_not_send_it(opened, context, enter, assessment, city):
    page = opened()
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    enter(city.operator2)
    page.fill("#fakta", "Milik operator pertama.")
    says(page, "Belum tersimpan")
    expect(page.locator("[data-problem]")).to_contain_text("sekarang masuk sebagai")
    assert stored(assessment).fact == ""


def test_two_people_on_one_text_see_both_and_choose(opened, assessment, city):
    page = opened()
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"fact": "Dari rekan."}
    )
    put(page, "#fakta", "Dari saya.")
    dialog = page.locator("#dua-isian")
    expect(dialog).to_be_visible()
    assert [box.input_value() for box in dialog.locator("textarea").all()] == ["Dari saya.", "Dari rekan."]
    dialog.locator("textarea").first.fill("Dari saya dan rekan.")
    with page.expect_response("**/simpan/"):
        page.click("[data-use-mine]")
    says(page, "Tersimpan")
    assert stored(assessment).fact == "Dari saya dan rekan."


def test_taking_theirs_keeps_mine_to_copy(opened, assessment, city):
    page = opened()
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"fact": "Dari rekan."}
    )
    put(page, "#fakta", "Dari saya.")
    page.click("[data-use-theirs]")
    assert page.input_value("#fakta") == "Dari rekan."
    assert page.input_value("#isian-terpisah textarea") == "Dari saya."
    assert stored(assessment).fact == "Dari rekan."


def test_two_people_on_different_fields_are_put_together_and_told(opened, assessment, city):
    page = opened()
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"analysis": "Dari rekan."}
    )
    page.fill("#fakta", "Dari saya.")
    expect(page.locator("#isian-terpisah")).to_contain_text("Kedua perubahan digabung")
    says(page, "Tersimpan")
    assert page.input_value("#analisis") == "Dari rekan."
    assert (stored(assessment).fact, stored(assessment).analysis) == ("Dari saya.", "Dari rekan.")


def test_after_the_hand_in_the_text_stays_to_be_copied(opened, assessment, city):
    page = opened()
    fill(assessment, city.operator)
    assessment.status, assessment.submitted_at = "submitted", assessment.period.opened_at
    assessment.save()
    page.fill("#fakta", "Terlambat.")
    says(page, "Tidak tersimpan")
    expect(page.locator("#isian-terpisah")).to_contain_text("berstatus Diajukan, jadi isian terkunci")
    assert page.input_value("#isian-terpisah textarea >> nth=0") == "Terlambat."
    page.reload()
    assert page.input_value("#isian-terpisah textarea >> nth=0") == "Terlambat."


def test_after_the_deadline_the_text_stays_and_an_extension_lets_it_in(opened, assessment, city):
    page = opened()
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(seconds=1))
    page.fill("#fakta", "Dari detik terakhir.")
    says(page, "Tidak tersimpan")
    expect(page.locator("#isian-terpisah")).to_contain_text("minta perpanjangan kepada koordinator")
    assert page.input_value("#isian-terpisah textarea >> nth=0") == "Dari detik terakhir."
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() + timedelta(hours=1))
    page.reload()
    expect(page.locator("#fakta")).to_have_value("Dari detik terakhir.")
    says(page, "Tersimpan")
    assert stored(assessment).fact == "Dari detik terakhir."


def test_too_long_a_text_is_refused_and_the_level_saved_all_the_same(opened, assessment):
    page = opened()
    page.fill("#fakta", "x" * 20_001)
    says(page, "Belum tersimpan")
    expect(page.locator("[data-error-for=fact]")).to_contain_text("Teks terlalu panjang")
    with page.expect_response("**/simpan/"):
        page.click('input[name="choice"][value="2"]')
    expect(state(page)).to_contain_text("Sebagian belum tersimpan")
    assert (stored(assessment).self_level, stored(assessment).fact) == (2, "")


def test_logging_out_warns_of_what_was_not_sent(opened, context, page):
    page = opened()
    context.set_offline(True)
    page.fill("#fakta", "Belum terkirim.")
    says(page, "Luring")
    page.click(".account summary")
    page.click("form[data-logout] button")
    expect(page.locator("#konfirmasi")).to_contain_text("Indikator 1 Kebijakan Arsitektur SPBE")
    page.locator("#konfirmasi button", has_text="Batal").click()
    assert page.input_value("#fakta") == "Belum terkirim."


def test_files_go_up_one_by_one_and_each_refusal_is_told(opened, assessment, settings):
    settings.EVIDENCE_MAX_BYTES = 100_000
    page = opened()
    page.set_input_files(
        "#berkas",
        [
            {"name": "SK Tim.pdf", "mimeType": "application/pdf", "buffer": pdf(2)},
            {"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": picture()},
            {"name": "palsu.pdf", "mimeType": "application/pdf", "buffer": b"MZ" * 50},
            {"name": "besar.pdf", "mimeType": "application/pdf", "buffer": b"0" * 100_001},
        ],
    )
    expect(page.locator("#daftar-bukti .evidence-title")).to_have_count(2)
    problems = page.locator(".upload-problem")
    expect(problems).to_have_count(2)
    assert {text.split(":")[0] for text in problems.all_inner_texts()} == {
        "Berkas “palsu.pdf” tidak dapat diterima",
        "Berkas terlalu besar",
    }
    assert Evidence.objects.filter(answer=stored(assessment)).count() == 2


def test_evidence_is_described_and_removed_in_place(opened, assessment):
    page = opened()
    page.set_input_files("#berkas", [{"name": "SK Tim.pdf", "mimeType": "application/pdf", "buffer": pdf()}])
    item = page.locator("[data-item]")
    item.locator("details.edit summary").click()
    item.locator("input[name$=number]").fill("188/12/2026")
    item.locator("button", has_text="Simpan keterangan").click()
    expect(item.locator(".evidence-meta").first).to_contain_text("188/12/2026")
    item.locator("button", has_text="Hapus").click()
    page.click("#konfirmasi [data-dialog-ok]")
    expect(item).to_have_count(0)
    assert not Evidence.objects.filter(answer=stored(assessment)).exists()


def test_without_script_the_same_page_saves_and_uploads(live_server, browser, enter, assessment, city):
    client = Client()
    client.force_login(city.operator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("answer", args=[assessment.pk, "1"]))
    page.check('input[name="choice"][value="3"]')
    page.fill("#fakta", "Tanpa skrip.")
    page.click(".save-line button[type=submit]")
    expect(page.locator("#pesan")).to_contain_text("Indikator 1 tersimpan pukul")
    page.set_input_files("#berkas", [{"name": "SK.pdf", "mimeType": "application/pdf", "buffer": pdf()}])
    page.click("[data-upload-button]")
    expect(page.locator("#pesan")).to_contain_text("“SK” dilampirkan.")
    assert (stored(assessment).self_level, stored(assessment).fact) == (3, "Tanpa skrip.")
    context.close()


@pytest.fixture
def sent_back(opened, returned, page):
    """An indicator that came back, open with its reply form."""
    opened("1")
    page.click("details.reply > summary")
    return page


def reply_of(assessment) -> str:
    return Review.objects.get(answer=stored(assessment), is_current=True).reply


def test_a_reply_survives_an_ended_session_a_reload_and_is_sent_on_request(
    sent_back, context, enter, assessment, city
):
    page = sent_back
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill("#tanggapan", "Sudah ditandatangani.")
    page.click("[data-reply] button[type=submit]")
    expect(page.locator("[data-reply-problem]")).to_contain_text("Sesi Anda berakhir")
    assert "sesi=berakhir" in page.locator("[data-reply-problem] a").get_attribute("href")
    enter(city.operator)
    page.reload()
    assert page.input_value("#tanggapan") == "Sudah ditandatangani."
    assert reply_of(assessment) == ""
    page.click("[data-reply] button[type=submit]")
    expect(page.locator(".returned-note")).to_contain_text("Verifikator membacanya saat memeriksa kembali")
    assert reply_of(assessment) == "Sudah ditandatangani."
    page.reload()
    expect(page.locator("#isian-terpisah")).to_be_empty()


def test_a_reply_pressed_without_a_line_is_sent_when_it_is_back(sent_back, context, assessment):
    page = sent_back
    context.set_offline(True)
    page.fill("#tanggapan", "Ditulis luring.")
    page.click("[data-reply] button[type=submit]")
    expect(page.locator("[data-reply-state]")).to_contain_text("Luring")
    context.set_offline(False)
    expect(page.locator(".returned-note")).to_contain_text("Verifikator membacanya saat memeriksa kembali")
    assert reply_of(assessment) == "Ditulis luring."


def test_back_and_forward_at_once_is_no_conflict_with_oneself(opened, context, assessment):
    page = opened("2")
    opened("1")
    page.route("**/simpan/", lambda route: (time.sleep(0.4), route.continue_()))
    page.keyboard.press("3")
    page.locator("#fakta").press_sequentially("Ada.")
    page.go_back()
    page.go_forward()
    says(page, "Tersimpan")
    expect(page.locator("#dua-isian")).to_be_hidden()
    assert (page.input_value("#fakta"), page.is_checked('input[name="choice"][value="3"]')) == ("Ada.", True)
    assert (stored(assessment).fact, stored(assessment).self_level) == ("Ada.", 3)


def test_what_one_saved_in_another_tab_is_not_called_somebody_elses(opened, assessment, city):
    page = opened()
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"fact": "Dari tab lain."}
    )
    put(page, "#fakta", "Dari tab ini.")
    expect(page.locator("[data-their-sentence]")).to_contain_text("Anda menyimpan isian lain dari tab atau perangkat")


def test_a_kept_draft_meets_a_colleagues_text_as_a_conflict(opened, context, page, assessment, city, down):
    page = opened()
    with down():
        page.fill("#fakta", "Dari saya.")
        says(page, "Gagal menyimpan")
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator2, version=1, changes={"fact": "Dari rekan."}
    )
    again = opened(tab=context.new_page())
    dialog = again.locator("#dua-isian")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-their-sentence]")).to_contain_text(str(city.operator2))
    assert [box.input_value() for box in dialog.locator("textarea").all()] == ["Dari saya.", "Dari rekan."]
    assert stored(assessment).fact == "Dari rekan."


def test_without_a_line_a_link_does_not_leave_the_portal(opened, context):
    page = opened()
    context.set_offline(True)
    page.fill("#fakta", "Luring.")
    page.click('[data-go="next"]')
    expect(page.locator(".bar-problem")).to_contain_text("halaman lain belum dapat dibuka")
    assert page.input_value("#fakta") == "Luring."
    context.set_offline(False)
    says(page, "Tersimpan")
    expect(page.locator(".bar-problem")).to_be_hidden()
    page.click('[data-go="next"]')
    page.wait_for_url("**/indikator/2/")


def test_with_a_full_browser_the_older_draft_stays_and_nobody_is_told_it_is_safe(opened, context):
    page = opened()
    context.set_offline(True)
    page.fill("#fakta", "Versi lama.")
    says(page, "aman di peramban ini")
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    page.fill("#fakta", "Versi baru.")
    expect(page.locator(".bar-problem")).to_contain_text("jangan tutup halaman ini", timeout=10_000)
    kept = page.evaluate("() => Object.values(localStorage).join()")
    assert "Versi lama." in kept


def test_what_waited_is_sent_right_after_logging_in_and_the_sheet_shows_it(
    opened, context, page, live_server, assessment, city
):
    page = opened()
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill("#fakta", "Ditulis setelah sesi habis.")
    says(page, "Sesi berakhir")
    page.goto(live_server.url + reverse("sheet", args=[assessment.pk]))
    page.fill("[name=login]", city.operator.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.locator("#pesan")).to_contain_text("1 isian yang tadi belum terkirim sekarang sudah tersimpan")
    assert stored(assessment).fact == "Ditulis setelah sesi habis."


def test_the_first_press_on_next_says_why_an_over_long_text_stays(opened):
    page = opened()
    page.fill("#fakta", "x" * 20_001)
    page.click('[data-go="next"]')
    expect(page.locator(".bar-problem")).to_contain_text("Tekan sekali lagi untuk tetap pindah")
    page.click('[data-go="next"]')
    page.wait_for_url("**/indikator/2/")


def test_a_paste_far_over_the_limit_changes_nothing(opened, assessment):
    page = opened()
    put(page, "#fakta", "Ada.")
    page.evaluate(
        """() => document.getElementById('fakta').dispatchEvent(new InputEvent('beforeinput',
            {inputType: 'insertFromPaste', data: 'x'.repeat(1000000), cancelable: true}))"""
    )
    expect(page.locator("[data-error-for=fact]")).to_contain_text("1.000.000 karakter, paling banyak 20.000")
    assert page.input_value("#fakta") == "Ada."


def test_a_hand_in_elsewhere_locks_the_fields(opened, assessment, city):
    page = opened()
    fill(assessment, city.operator)
    assessment.status, assessment.submitted_at = "submitted", assessment.period.opened_at
    assessment.save()
    page.fill("#fakta", "Terlambat.")
    says(page, "Tidak tersimpan")
    assert (page.is_editable("#fakta"), page.is_enabled('input[name="choice"][value="2"]')) == (False, False)
    expect(page.locator("[data-dropzone]")).to_have_count(0)
    expect(page.locator("#daftar-bukti button", has_text="Hapus")).to_have_count(0)


def test_a_document_of_last_year_can_be_used_again_after_it_was_removed(opened, assessment, city, instrument):
    run(city, instrument, assessment.period.year - 1, 3)
    page = opened()
    panel = page.locator("[data-old-evidence]")
    for _ in range(2):
        panel.locator("button", has_text="Pakai lagi").click()
        expect(panel).to_contain_text("dilampirkan")
        page.locator("[data-item] button", has_text="Hapus").click()
        page.click("#konfirmasi [data-dialog-ok]")
        expect(panel.locator("button", has_text="Pakai lagi")).to_be_visible()


def test_back_shows_what_is_stored_now(opened, page, live_server, assessment, city):
    sheet = live_server.url + reverse("sheet", args=[assessment.pk])
    page.set_default_timeout(8_000)
    opened("1")
    page.goto(sheet)
    page.click('a[href$="/indikator/1/"]')
    page.wait_for_url("**/indikator/1/")
    with page.expect_response("**/simpan/"):
        page.keyboard.press("4")
    put(page, "#fakta", "Ada.")
    page.set_input_files("#berkas", [{"name": "SK Tim.pdf", "mimeType": "application/pdf", "buffer": pdf()}])
    expect(page.locator("#daftar-bukti .evidence-title")).to_have_count(1)
    page.go_back()
    expect(page.locator(".sheet-row", has=page.locator('a[href$="/indikator/1/"]'))).to_contain_text("Lengkap")
    page.go_back()
    assert (page.input_value("#fakta"), page.is_checked('input[name="choice"][value="4"]')) == ("Ada.", True)
    expect(page.locator("#daftar-bukti .evidence-title")).to_have_count(1)
