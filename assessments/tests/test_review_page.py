"""Deciding on one answer."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, PagePreview, Review
from assessments.queries.review import cited_pages
from assessments.services import answers as answer_services
from assessments.services import periods as period_services
from assessments.services import reviews as services
from audit.models import Event
from conftest import accept_all, attach, fill, hand_in


def url(assessment, code="1"):
    return reverse("review", args=[assessment.pk, code])


def form(assessment, **values):
    return {"round": assessment.round, "version": "", "note": "", **values}


def current(assessment, code="1"):
    return Review.objects.filter(answer__assessment=assessment, answer__indicator__code=code, is_current=True).first()


@pytest.fixture
def client_of(submitted, city, login):
    """Logged in as the verifier, with a submitted assessment."""
    return login(city.verifier)


# --- Saving ----------------------------------------------------------------------------------------


def test_accepting_takes_the_agencys_level_and_goes_to_the_next_undecided(client_of, submitted, city):
    services.decide(assessment_id=submitted.pk, code="2", user=city.verifier, decision="accept")
    response = client_of.post(url(submitted), form(submitted, accept="1"))
    assert (response.status_code, response.url) == (302, url(submitted, "3") + "#isi")
    review = current(submitted)
    assert (review.decision, review.verified_level, review.reviewer) == ("accept", 3, city.verifier)
    assert "Indikator 1 diterima di level 3" in client_of.get(url(submitted, "3")).content.decode()


def test_accepting_counts_whatever_else_is_chosen(client_of, submitted):
    client_of.post(
        url(submitted), form(submitted, accept="1", decision="return", reason="other", verified_level="5", note="Ya.")
    )
    review = current(submitted)
    assert (review.decision, review.verified_level, review.reason, review.note) == ("accept", 3, "", "Ya.")


def test_adjusting_stores_level_and_note(client_of, submitted):
    client_of.post(url(submitted), form(submitted, decision="adjust", verified_level="2", note="Sebagian saja."))
    review = current(submitted)
    assert (review.decision, review.verified_level, review.note) == ("adjust", 2, "Sebagian saja.")


def test_returning_stores_reason_and_note(client_of, submitted):
    client_of.post(url(submitted), form(submitted, decision="return", reason="illegible", note="Pindai ulang."))
    review = current(submitted)
    assert (review.decision, review.verified_level, review.reason) == ("return", None, "illegible")


def test_a_decision_can_be_changed_before_it_is_published(client_of, submitted):
    client_of.post(url(submitted), form(submitted, accept="1"))
    client_of.post(url(submitted), form(submitted, version=1, decision="adjust", verified_level="1", note="Nihil."))
    assert list(Review.objects.filter(answer__assessment=submitted).values_list("decision", "version")) == [
        ("adjust", 2)
    ]


def changed_mind(submitted, city, **values):
    """The form of somebody who sees a return with its note and decides otherwise."""
    services.decide(
        assessment_id=submitted.pk,
        code="1",
        user=city.verifier,
        decision="return",
        reason="not_signed",
        note="Belum\nditandatangani.",
    )
    loaded = {"note": "Belum\r\nditandatangani.", "note_loaded": "Belum\nditandatangani.", "note_of": "return"}
    return form(submitted, version="1", **{**loaded, **values})


def test_the_note_of_a_return_is_not_carried_to_an_accepted_answer(client_of, submitted, city):
    client_of.post(url(submitted), changed_mind(submitted, city, accept="1", decision="return", reason="not_signed"))
    review = current(submitted)
    assert (review.decision, review.reason, review.note) == ("accept", "", "")


def test_a_note_typed_anew_is_kept_when_the_mind_changes(client_of, submitted, city):
    client_of.post(url(submitted), changed_mind(submitted, city, accept="1", note="Sudah jelas."))
    assert (current(submitted).decision, current(submitted).note) == ("accept", "Sudah jelas.")


def test_the_note_of_a_return_stays_with_the_return(client_of, submitted, city):
    values = changed_mind(submitted, city, decision="return", reason="other")
    client_of.post(url(submitted), values)
    assert (current(submitted).reason, current(submitted).note) == ("other", "Belum\nditandatangani.")


def test_an_adjustment_asks_for_a_note_of_its_own(client_of, submitted, city):
    values = changed_mind(submitted, city, decision="adjust", verified_level="2")
    response = client_of.post(url(submitted), values)
    assert response.status_code == 422
    choice = response.context["choice"]
    assert (choice["note"], choice["note_loaded"], choice["note_of"]) == ("", "", "")


def test_after_the_last_decision_comes_the_overview(client_of, submitted, city):
    for code in range(2, 48):
        services.decide(assessment_id=submitted.pk, code=str(code), user=city.verifier, decision="accept")
    response = client_of.post(url(submitted), form(submitted, accept="1"))
    assert response.url == reverse("review_overview", args=[submitted.pk])


def test_next_undecided_begins_again_at_the_top(client_of, submitted):
    assert client_of.post(url(submitted, "47"), form(submitted, accept="1")).url == url(submitted, "1") + "#isi"


def test_sending_the_same_form_twice_decides_once(client_of, submitted):
    for _ in range(2):
        assert client_of.post(url(submitted), form(submitted, accept="1")).status_code == 302
    assert Review.objects.filter(answer__assessment=submitted).count() == 1
    assert Event.objects.filter(action="review.decide").count() == 1


# --- What cannot be stored ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values, message",
    [
        ({}, "Pilih terima, sesuaikan, atau kembalikan."),
        ({"decision": "hapus"}, "Pilih terima, sesuaikan, atau kembalikan."),
        ({"decision": "adjust", "note": "Kurang."}, "Pilih level hasil verifikasi."),
        ({"decision": "adjust", "verified_level": "3", "note": "Sama."}, "Level sama dengan nilai mandiri."),
        ({"decision": "adjust", "verified_level": "6", "note": "Di luar."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "0", "note": "Di luar."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "-1", "note": "Di luar."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "2,5", "note": "Pecahan."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "1e999", "note": "Besar."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "dua", "note": "Kata."}, "Pilih level 1 sampai 5."),
        ({"decision": "adjust", "verified_level": "2"}, "Tulis catatan: mengapa levelnya disesuaikan."),
        ({"decision": "adjust", "verified_level": "2", "note": " \n "}, "Tulis catatan"),
        ({"decision": "return", "note": "Perbaiki."}, "Pilih alasan pengembalian."),
        ({"decision": "return", "reason": "iseng", "note": "Perbaiki."}, "Pilih alasan pengembalian."),
        ({"decision": "return", "reason": "other"}, "Tulis catatan: apa yang harus diperbaiki."),
        ({"accept": "1", "note": "x" * 4001}, "Teks terlalu panjang: 4.001 karakter"),
        ({"accept": "1", "note": "x" * 1_000_000}, "Teks terlalu panjang"),
        ({"accept": "1", "round": ""}, "Formulir tidak lengkap."),
        ({"accept": "1", "round": "satu"}, "bilangan"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(values, message, client_of, submitted):
    response = client_of.post(url(submitted), form(submitted, **values))
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert current(submitted) is None
    if values.get("note", "").strip():
        assert values["note"] in page
    if values.get("decision") in ("adjust", "return"):
        assert f'value="{values["decision"]}" checked' in page


def test_a_note_with_a_nul_character_is_refused(client_of, submitted):
    assert client_of.post(url(submitted), form(submitted, accept="1", note="a\x00b")).status_code == 422


def test_what_is_not_answered_cannot_be_accepted(client_of, submitted):
    Answer.objects.filter(assessment=submitted, indicator__code="1").update(self_level=None)
    assert "data-accept" not in client_of.get(url(submitted)).content.decode()
    response = client_of.post(url(submitted), form(submitted, accept="1"))
    assert (response.status_code, current(submitted)) == (422, None)


def test_not_relevant_is_accepted_without_a_level(client_of, submitted):
    Answer.objects.filter(assessment=submitted, indicator__code="1").update(
        self_level=None, not_applicable=True, not_applicable_reason="Tidak punya pusat data."
    )
    page = client_of.get(url(submitted)).content.decode()
    assert "Terima: tidak relevan" in page
    assert "Tidak punya pusat data." in page
    client_of.post(url(submitted), form(submitted, accept="1"))
    review = current(submitted)
    assert (review.decision, review.verified_level) == ("accept", None)


# --- Two people, two rounds ----------------------------------------------------------------------------


def test_a_stale_decision_shows_theirs_beside_mine_and_can_then_be_saved(client_of, submitted, city):
    services.decide(
        assessment_id=submitted.pk,
        code="1",
        user=city.verifier2,
        decision="adjust",
        verified_level=1,
        note="Punya dia.",
    )
    mine = form(submitted, decision="adjust", verified_level="2", note="Punya saya.")
    response = client_of.post(url(submitted), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Punya dia." in page
    assert page.count("Punya saya.") == 2  # beside theirs, and in the form
    assert current(submitted).note == "Punya dia."
    assert '<input type="hidden" name="version" value="1">' in page
    client_of.post(url(submitted), {**mine, "version": "1"})
    assert (current(submitted).note, current(submitted).version) == ("Punya saya.", 2)


def test_an_answer_handed_in_anew_is_not_accepted_unseen(client_of, submitted, city):
    before = form(submitted, accept="1")
    workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    answer_services.save_answer(
        assessment_id=submitted.pk, code="1", user=city.operator, version=2, changes={"self_level": 5}
    )
    workflow.submit(assessment_id=submitted.pk, user=city.operator)
    response = client_of.post(url(submitted), before)
    assert response.status_code == 409
    assert "diajukan kembali sejak Anda membukanya" in response.content.decode()
    assert current(submitted) is None


def test_a_decision_after_the_whole_was_returned_keeps_the_note(returned, city, login):
    response = login(city.verifier).post(
        url(returned, "3"), form(returned, version=1, decision="return", reason="other", note="Terlambat saya kirim.")
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert "Keputusan Anda tidak disimpan" in page
    assert "Terlambat saya kirim." in page
    assert current(returned, "3").decision == "accept"


def test_a_coordinators_note_is_kept_when_the_agency_withdrew(submitted, city, login):
    client = login(city.coordinator)
    workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    response = client.post(url(submitted), form(submitted, decision="return", reason="other", note="Catatan panjang."))
    assert response.status_code == 409
    assert "Catatan panjang." in response.content.decode()


def test_what_came_back_shows_why_it_was_returned_and_the_reply(returned, city, login):
    answer_services.reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah kami tanda tangani.")
    answer_services.save_answer(
        assessment_id=returned.pk, code="2", user=city.operator, version=2, changes={"fact": "Baru."}
    )
    workflow.submit(assessment_id=returned.pk, user=city.operator)
    client = login(city.verifier)
    page = client.get(url(returned, "1")).content.decode()
    assert "Diperbaiki OPD" in page
    assert "Belum ditandatangani." in page
    assert "Sudah kami tanda tangani." in page
    assert "Diperbaiki OPD" not in client.get(url(returned, "3")).content.decode()


def test_locked_states_show_the_decision_without_a_form(approved, city, login):
    page = login(city.verifier).get(url(approved)).content.decode()
    assert "data-decision" not in page
    assert "Penilaian sudah disetujui" in page


def test_a_reopened_assessment_can_be_decided_again_and_keeps_history(approved, city, login):
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada bukti baru.")
    client = login(city.verifier)
    assert (
        client.post(
            url(approved), form(approved, version=1, decision="adjust", verified_level="4", note="Bukti baru.")
        ).status_code
        == 302
    )
    decisions = Review.objects.filter(answer__assessment=approved, answer__indicator__code="1")
    assert list(decisions.values_list("decision", "is_current", "version")) == [
        ("accept", False, 1),
        ("adjust", True, 2),
    ]


# --- What is shown ---------------------------------------------------------------------------------------


def test_the_page_shows_answer_criteria_and_last_years(period, submitted, city, login, instrument):
    earlier = period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2025",
        year=2025,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=5),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=earlier.pk, user=city.coordinator)
    old = hand_in(Assessment.objects.get(period=earlier), city.operator, level=4)
    services.decide(
        assessment_id=old.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Catatan 2025."
    )
    accept_all(old, city.verifier)
    workflow.approve(assessment_id=old.pk, user=city.verifier)
    workflow.finalise_period(period_id=earlier.pk, user=city.coordinator)
    response = login(city.verifier).get(url(submitted))
    shown = response.context["shown"]
    assert (shown.last.year, shown.last.self_level, shown.last.level) == (2025, 4, 2)
    page = response.content.decode()
    assert "Catatan 2025." in page
    assert "(mandiri 4, 2025)" in page
    assert all(row.text in page for row in shown.indicator.ladder)
    assert response.context["place"].following == "2"


def test_typed_text_is_escaped_everywhere(submitted, city, login):
    bad = "<script>alert(1)</script>"
    answer = submitted.answers.get(indicator__code="1")
    Answer.objects.filter(pk=answer.pk).update(fact=bad, analysis=bad)
    document = Document.objects.create(agency=city.dinkes, title=bad, number=bad, created_by=city.operator)
    version = DocumentVersion.objects.create(
        document=document, file="evidence/x.zip", original_name=bad, size=1, sha256="2" * 64, uploaded_by=city.operator
    )
    Evidence.objects.create(answer=answer, version=version, pages=bad, added_by=city.operator)
    services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="return", reason="other", note=bad
    )
    client = login(city.verifier)
    for page in (
        client.get(url(submitted)),
        client.get(reverse("review_overview", args=[submitted.pk])),
        client.get(reverse("return", args=[submitted.pk])),
        client.post(url(submitted), form(submitted, decision="adjust", verified_level=bad, note=bad, reason=bad)),
    ):
        assert bad not in page.content.decode()


def test_a_change_made_for_the_agency_is_marked(submitted, city, login):
    Answer.objects.filter(assessment=submitted, indicator__code="1").update(
        on_behalf=True, changed_by=city.coordinator
    )
    assert "Diisi atas nama OPD" in login(city.verifier).get(url(submitted)).content.decode()


def version_of(assessment, code="1", **fields):
    evidence = Evidence.objects.filter(answer__assessment=assessment, answer__indicator__code=code).first()
    DocumentVersion.objects.filter(pk=evidence.version_id).update(**fields)
    return evidence


def test_pages_are_shown_as_pictures_that_load_when_reached(client_of, submitted):
    evidence = version_of(submitted, preview="ready", page_count=3)
    PagePreview.objects.bulk_create(
        PagePreview(version=evidence.version, page=page, file=f"p{page}.png", width=1000, height=1414)
        for page in (1, 2)
    )
    Evidence.objects.filter(pk=evidence.pk).update(pages="2")
    page = client_of.get(url(submitted)).content.decode()
    assert page.count('loading="lazy"') == 2
    assert reverse("evidence_page", args=[evidence.pk, 2]) in page
    assert f'data-cited="bukti-{evidence.pk}-hal-2"' in page
    assert "Pratinjau memuat 2 dari 3 halaman" in page


@pytest.mark.parametrize(
    "preview, said",
    [
        ("none", "Berkas jenis ini tidak dapat ditampilkan"),
        ("failed", "Pratinjau tidak dapat dibuat"),
        ("pending", "Pratinjau sedang dibuat"),
    ],
)
def test_what_has_no_pictures_says_so_and_can_be_downloaded(preview, said, client_of, submitted):
    evidence = version_of(submitted, preview=preview)
    page = client_of.get(url(submitted)).content.decode()
    assert said in page
    assert reverse("evidence_download", args=[evidence.pk]) in page


def test_a_preview_in_the_making_asks_for_itself_until_it_is_there(client_of, submitted):
    evidence = version_of(submitted, preview="pending")
    fragment = client_of.get(url(submitted), {"bukti": evidence.pk, "coba": 3}, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "coba=4" in fragment.content.decode()
    DocumentVersion.objects.filter(pk=evidence.version_id).update(preview="ready")
    done = client_of.get(url(submitted), {"bukti": evidence.pk}, headers={"HX-Request": "true"})
    assert "hx-get" not in done.content.decode()


@pytest.mark.parametrize("wanted", ["abc", "999999", "", "-1", "9" * 40])
def test_evidence_that_is_not_there_is_not_found(wanted, client_of, submitted):
    assert client_of.get(url(submitted), {"bukti": wanted}, headers={"HX-Request": "true"}).status_code == 404


def test_evidence_of_another_assessment_is_not_found(client_of, submitted, period, city):
    other = fill(period.assessments.get(agency=city.dinsos), city.other_operator)
    foreign = Evidence.objects.filter(answer__assessment=other).first()
    assert client_of.get(url(submitted), {"bukti": foreign.pk}, headers={"HX-Request": "true"}).status_code == 404


def test_links_open_apart_from_the_portal(client_of, submitted, city):
    answer = submitted.answers.get(indicator__code="1")
    document = Document.objects.create(agency=city.dinkes, title="Perwali", created_by=city.operator)
    version = DocumentVersion.objects.create(
        document=document, url="https://jdih.example.go.id/1?a=1&b=2", uploaded_by=city.operator
    )
    Evidence.objects.create(answer=answer, version=version, added_by=city.operator)
    page = client_of.get(url(submitted)).content.decode()
    assert 'href="https://jdih.example.go.id/1?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in page


@pytest.mark.parametrize(
    "text, pages",
    [
        ("", []),
        ("3", [3]),
        ("3-5, 8", [3, 4, 5, 8]),
        ("hlm. 12 – 13", [12, 13]),
        ("Pasal 4", [4]),
        ("5-3", [3, 4, 5]),
        ("0", []),
        ("lampiran", []),
    ],
)
def test_cited_pages_are_read_from_what_people_type(text, pages):
    assert cited_pages(text) == pages


def test_cited_pages_do_not_run_away():
    assert len(cited_pages("1-99999, 5-99999")) == 500


def test_the_reviewer_reads_what_is_doubtful_and_not_what_the_agency_could_do(client_of, submitted, city):
    evidence = attach(submitted.answers.get(indicator__code="1"), city.operator, "Laporan lama")
    evidence.version.document.kind = "laporan"
    evidence.version.document.date = date(2019, 3, 1)
    evidence.version.document.save()
    page = client_of.get(url(submitted)).content.decode()
    assert "Tanggal dokumen 1 Maret 2019 lebih lama daripada yang diharapkan periode ini" in page
    assert "Lampirkan yang lebih baru" not in page


def test_the_page_names_no_picture_of_another_indicator(client_of, submitted, city):
    own, other = (attach(submitted.answers.get(indicator__code=code), city.operator, code) for code in ("1", "2"))
    PagePreview.objects.bulk_create(
        PagePreview(version=each.version, page=1, file="p.png", width=10, height=10) for each in (own, other)
    )
    page = client_of.get(url(submitted)).content.decode()
    assert reverse("evidence_page", args=[own.pk, 1]) in page
    assert reverse("evidence_page", args=[other.pk, 1]) not in page  # asking for it would be recorded as reading


def test_the_number_of_queries_does_not_grow_with_evidence(client_of, submitted, city):
    client_of.get(url(submitted))  # what is read once per process
    with CaptureQueriesContext(connection) as few:
        client_of.get(url(submitted))
    answer = submitted.answers.get(indicator__code="1")
    for number in range(8):
        evidence = attach(answer, city.operator, f"Dokumen {number}")
        PagePreview.objects.bulk_create(
            PagePreview(version=evidence.version, page=page, file="p.png", width=10, height=10) for page in range(1, 9)
        )
    with CaptureQueriesContext(connection) as many:
        client_of.get(url(submitted))
    # The pictures' query is made only where there is evidence, and there is some either way.
    assert len(many) == len(few)
    assert len(few) <= 21
