"""The indicator page: reading, saving by script and by form, replying."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.models import Answer, Assessment, Contributor, DocumentVersion, Evidence, PagePreview, Review
from assessments.queries import fill as queries
from assessments.services import periods as period_services
from assessments.services import reviews as review_services
from conftest import accept_all, attach
from spbe_portal.formatting import clock_id, short_datetime_id

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


def url(name, assessment, code="1"):
    return reverse(name, args=[assessment.pk, code])


def save(client, assessment, code="1", script=True, **fields):
    return client.post(
        url("answer_save", assessment, code), {"version": 1, **fields}, headers=SCRIPT if script else None
    )


def stored(assessment, code="1") -> Answer:
    return Answer.objects.get(assessment=assessment, indicator__code=code)


def text(answer) -> str:
    return answer.content.decode()


class TestSavingByScript:
    def test_a_level_is_saved_and_the_figures_come_back(self, login, assessment, city):
        answer = save(login(city.operator), assessment, choice="3")
        body = answer.json()
        assert answer.status_code == 200
        assert (stored(assessment).self_level, body["version"]) == (3, 2)
        assert (body["index"], body["coverage"]) == ("1,03", {"answered": 1, "assigned": 47})
        assert body["gaps"] == ["no_explanation", "no_evidence"]
        assert body["gap_text"] == "Masih perlu: tulis fakta atau analisis dan lampirkan bukti dukung."
        assert "Belum lengkap" in body["state_html"]

    def test_only_what_is_sent_changes(self, login, assessment, city):
        client = login(city.operator)
        save(client, assessment, choice="3", fact="Ada.")
        save(client, assessment, version=2, analysis="Memenuhi.")
        answer = stored(assessment)
        assert (answer.self_level, answer.fact, answer.analysis, answer.version) == (3, "Ada.", "Memenuhi.", 3)

    def test_not_relevant_takes_the_level_away_and_a_level_takes_it_back(self, login, assessment, city):
        client = login(city.operator)
        save(client, assessment, choice="3")
        save(client, assessment, version=2, choice="tidak-relevan", not_applicable_reason="Bukan tugas kami.")
        answer = stored(assessment)
        assert (answer.self_level, answer.not_applicable, answer.not_applicable_reason) == (
            None,
            True,
            "Bukan tugas kami.",
        )
        save(client, assessment, version=3, choice="2")
        assert (stored(assessment).self_level, stored(assessment).not_applicable) == (2, False)

    def test_a_choice_can_be_taken_away(self, login, assessment, city):
        client = login(city.operator)
        save(client, assessment, choice="3")
        assert save(client, assessment, version=2, choice="").json()["coverage"]["answered"] == 0
        assert stored(assessment).self_level is None

    def test_json_is_understood_too(self, login, assessment, city):
        answer = login(city.operator).post(
            url("answer_save", assessment),
            json.dumps({"version": 1, "self_level": 4, "fact": "Ada."}),
            content_type="application/json",
            headers=SCRIPT,
        )
        assert (answer.status_code, stored(assessment).self_level) == (200, 4)

    def test_the_same_save_twice_does_no_harm(self, login, assessment, city):
        client = login(city.operator)
        first, second = (save(client, assessment, choice="3").json() for _ in range(2))
        assert (first["version"], second["version"], second["changed"]) == (2, 2, False)

    @pytest.mark.parametrize(
        "fields, name",
        [
            ({"choice": "6"}, "self_level"),
            ({"choice": "0"}, "self_level"),
            ({"choice": "-1"}, "self_level"),
            ({"choice": "2.5"}, "self_level"),
            ({"choice": "1e999999999"}, "self_level"),
            ({"choice": "abc"}, "self_level"),
            ({"fact": "x" * 1_000_000}, "fact"),
            ({"analysis": "a\x00b"}, "analysis"),
            ({"not_applicable_reason": "x" * 2_001}, "not_applicable_reason"),
            ({"version": "x", "fact": "a"}, "version"),
            ({"version": "", "fact": "a"}, "version"),
            ({"version": "-1", "fact": "a"}, "version"),
        ],
    )
    def test_what_cannot_be_stored_is_refused_by_field(self, login, assessment, city, fields, name):
        answer = save(login(city.operator), assessment, **fields)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
        assert stored(assessment).version == 1

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "[]",
            "nol",
            '{"version": 1, "assessment": 3}',
            '{"version": true}',
            "[" * 200_000,
            '{"version": 1, "fact": ' + "[" * 200_000,
            '{"version": 1, "self_level": ' + "[" * 90 + "]" * 90 + "}",
            '{"version": 1, "\\ud800": 3}',
            "\x00",
        ],
        ids=range(10),
    )
    def test_broken_json_is_refused(self, login, assessment, city, body):
        answer = login(city.operator).post(
            url("answer_save", assessment), body, content_type="application/json", headers=SCRIPT
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    @pytest.mark.parametrize("name", ["fact", "analysis", "not_applicable_reason", "self_level"])
    def test_half_a_character_is_refused_by_field(self, login, assessment, city, name):
        answer = login(city.operator).post(
            url("answer_save", assessment),
            f'{{"version": 1, "{name}": "a\\ud800b"}}',
            content_type="application/json",
            headers=SCRIPT,
        )
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
        assert stored(assessment).version == 1

    def test_more_than_a_form_may_hold_is_413(self, login, assessment, city):
        answer = save(login(city.operator), assessment, fact="x" * 6_000_000)
        assert answer.status_code == 413
        assert answer.json()["detail"].startswith("Isian terlalu besar")

    def test_a_stale_save_shows_theirs_and_writes_nothing(self, login, assessment, city):
        save(login(city.operator2), assessment, fact="Dari rekan.")
        answer = save(login(city.operator), assessment, fact="Dari saya.")
        body = answer.json()
        assert (answer.status_code, body["code"]) == (409, "stale")
        assert (body["current"]["fact"], body["current"]["version"]) == ("Dari rekan.", 2)
        assert body["current"]["changed_by"] == str(city.operator2)
        assert stored(assessment).fact == "Dari rekan."

    def test_after_the_hand_in_it_is_locked(self, login, submitted, city):
        answer = save(login(city.operator), submitted, version=2, fact="Lain.")
        assert (answer.status_code, answer.json()["code"]) == (409, "locked")
        assert stored(submitted).fact == "Ada."

    def test_after_the_deadline_it_is_late(self, login, assessment, city):
        Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(seconds=1))
        answer = save(login(city.operator), assessment, fact="Lain.")
        assert (answer.status_code, answer.json()["code"]) == (409, "late")
        assert stored(assessment).fact == ""

    def test_without_a_session_a_script_gets_401(self, client, assessment):
        assert save(client, assessment, fact="x").status_code == 401

    def test_a_page_opened_by_somebody_else_is_not_written_by_me(self, login, assessment, city):
        answer = login(city.operator).post(
            url("answer_save", assessment),
            {"version": 1, "fact": "Dari operator lain."},
            headers={**SCRIPT, "X-Portal-User": str(city.operator2.pk)},
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "other_user")
        assert stored(assessment).fact == ""

    def test_an_unknown_indicator_is_404(self, login, assessment, city):
        assert save(login(city.operator), assessment, code="99", fact="x").status_code == 404

    def test_who_may_save(self, login, assessment, city):
        expected = {
            city.operator: 200,
            city.operator2: 200,
            city.coordinator: 200,
            city.other_operator: 404,
            city.verifier: 404,
            city.leader: 404,
            city.admin: 404,
            city.outsider: 404,
        }
        found = {who: save(login(who), assessment, fact="Sama.").status_code for who in expected}
        assert found == expected

    def test_a_verifier_of_the_agency_reads_but_does_not_write(self, login, period, city):
        own = Assessment.objects.get(period=period, agency=city.dinsos)
        client = login(city.verifier2)
        assert client.get(url("answer", own)).status_code == 200
        assert save(client, own, fact="x").status_code == 403

    def test_a_coordinator_writes_for_the_agency_and_it_is_noted(self, login, assessment, city):
        client = login(city.coordinator)
        assert "Anda mengisi atas nama Dinas Kesehatan. Tercatat." in text(client.get(url("answer", assessment)))
        save(client, assessment, fact="Diisikan.")
        assert stored(assessment).on_behalf is True
        assert Contributor.objects.filter(assessment=assessment, user=city.coordinator).exists()


class TestSavingWithoutScript:
    def test_the_form_saves_and_comes_back(self, login, assessment, city):
        answer = login(city.operator).post(
            url("answer_save", assessment),
            {"version": 1, "choice": "3", "fact": "Ada.\r\nDua.", "analysis": "Ya.", "not_applicable_reason": ""},
            follow=True,
        )
        assert answer.redirect_chain == [(url("answer", assessment), 302)]
        assert "Indikator 1 tersimpan pukul" in text(answer)
        assert stored(assessment).fact == "Ada.\nDua."

    @pytest.mark.parametrize(
        "following, target", [("2", "2"), ("", "1"), ("99", "1"), ("\0", "1"), ("//a.example", "1")]
    )
    def test_it_goes_on_to_an_indicator_of_this_assessment_only(self, login, assessment, city, following, target):
        answer = save(login(city.operator), assessment, script=False, fact="Ada.", next=following)
        assert (answer.status_code, answer.headers["Location"]) == (302, url("answer", assessment, target))

    def test_json_with_an_impossible_name_comes_back_as_a_page(self, login, assessment, city):
        body = '{"version": 1, "\\ud800": 3}'
        answer = login(city.operator).post(url("answer_save", assessment), body, content_type="application/json")
        assert answer.status_code == 400
        assert "Kiriman tidak dapat dibaca." in text(answer)

    def test_a_choice_can_be_taken_away(self, login, assessment, city):
        client = login(city.operator)
        save(client, assessment, choice="3")
        save(client, assessment, script=False, version=2, choice="3", clear="1")
        assert stored(assessment).self_level is None

    def test_a_stale_form_comes_back_with_both_texts(self, login, assessment, city):
        save(login(city.operator2), assessment, fact="Dari rekan.")
        client = login(city.operator)
        answer = save(client, assessment, script=False, choice="4", fact="Dari saya.")
        page = text(answer)
        assert answer.status_code == 409
        assert ">\nDari saya.</textarea>" in page
        assert "Dari rekan." in page
        assert 'name="version" value="2"' in page
        save(client, assessment, script=False, version=2, choice="4", fact="Dari saya.")
        assert stored(assessment).fact == "Dari saya."

    def test_a_late_form_comes_back_with_what_was_typed(self, login, assessment, city):
        Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(seconds=1))
        answer = save(login(city.operator), assessment, script=False, fact="Ditulis semalaman.")
        assert answer.status_code == 409
        assert "Isian Anda yang belum tersimpan" in text(answer)
        assert "Ditulis semalaman.</textarea>" in text(answer)

    def test_a_form_replayed_after_the_hand_in_comes_back_with_what_was_typed(self, login, submitted, city):
        answer = save(login(city.operator), submitted, script=False, version=2, fact="Ditulis sesudahnya.")
        assert answer.status_code == 409
        assert "berstatus Diajukan, jadi isian terkunci" in text(answer)
        assert "Ditulis sesudahnya.</textarea>" in text(answer)

    def test_too_long_a_text_comes_back_whole_with_its_message(self, login, assessment, city):
        answer = save(login(city.operator), assessment, script=False, fact="x" * 20_001)
        assert answer.status_code == 400
        assert "Teks terlalu panjang: 20.001 karakter" in text(answer)
        assert "x" * 20_001 + "</textarea>" in text(answer)

    def test_what_was_typed_is_shown_as_text(self, login, assessment, city):
        client = login(city.operator)
        save(client, assessment, fact="</textarea><script>alert(1)</script>")
        assert "<script>alert(1)" not in text(client.get(url("answer", assessment)))


class TestReading:
    def test_who_may_read_a_draft(self, login, assessment, city):
        expected = {
            city.operator: 200,
            city.coordinator: 200,
            city.other_operator: 404,
            city.verifier: 404,
            city.leader: 404,
            city.admin: 404,
            city.outsider: 404,
        }
        assert {who: login(who).get(url("answer", assessment)).status_code for who in expected} == expected

    def test_a_leader_reads_answers_only_from_approval_on(self, login, submitted, city):
        assert login(city.leader).get(url("answer", submitted)).status_code == 403
        accept_all(submitted, city.verifier)
        workflow.approve(assessment_id=submitted.pk, user=city.verifier)
        assert login(city.leader).get(url("answer", submitted)).status_code == 200

    def test_the_ladder_shows_every_criterion_and_marks_the_chosen(self, login, assessment, city):
        save(login(city.operator), assessment, choice="3")
        page = text(login(city.operator).get(url("answer", assessment)))
        content = stored(assessment).indicator
        assert all(criterion.text in page for criterion in content.criteria.all())
        assert page.count("ladder-row is-met") == 2
        assert page.count("ladder-row is-chosen") == 1
        assert page.count("ladder-row is-next") == 1

    def test_a_locked_page_has_no_form_and_says_why(self, login, submitted, city):
        page = text(login(city.operator).get(url("answer", submitted)))
        assert 'id="isian"' not in page
        assert "Isian terkunci selama diverifikasi." in page

    def test_decisions_are_hidden_until_they_are_published(self, login, submitted, city):
        review_services.decide(
            assessment_id=submitted.pk,
            code="1",
            user=city.verifier,
            decision="adjust",
            verified_level=2,
            note="Baru sebagian.",
        )
        assert "Baru sebagian." not in text(login(city.operator).get(url("answer", submitted)))
        assert "Baru sebagian." in text(login(city.verifier).get(url("answer", submitted)))
        accept_all(submitted, city.verifier)
        workflow.approve(assessment_id=submitted.pk, user=city.verifier)
        assert "Baru sebagian." in text(login(city.operator).get(url("answer", submitted)))

    def test_a_returned_indicator_says_why_and_leads_only_to_the_others_that_came_back(self, login, returned, city):
        client = login(city.operator)
        page = text(client.get(url("answer", returned)))
        assert "Dikembalikan: Belum disahkan atau ditandatangani" in page
        assert "Belum ditandatangani." in page
        assert "Perbaikan 1/2" in page
        assert f'rel="next" href="{url("answer", returned, "2")}"' in page
        locked = text(client.get(url("answer", returned, "3")))
        assert "Indikator ini tidak dikembalikan" in locked
        assert 'id="isian"' not in locked

    def test_last_years_answer_stands_beside_this_years(self, login, final, city, instrument):
        again = period_services.create_period(
            user=city.coordinator,
            name="Penilaian 2027",
            year=2027,
            instrument=instrument,
            starts_on=timezone.localdate(),
            deadline=timezone.now() + timedelta(days=9),
            agencies=[city.dinkes],
        )
        workflow.open_period(period_id=again.pk, user=city.coordinator)
        now = Assessment.objects.get(period=again)
        client = login(city.operator)
        page = text(client.get(url("answer", now)))
        assert "Penilaian 2026" in page
        assert "Pakai lagi" in page
        old = Evidence.objects.get(answer__assessment=final, answer__indicator__code="1")
        client.post(url("evidence_reuse", now), {"evidence": old.pk})
        assert Evidence.objects.get(answer__assessment=now).version == old.version
        assert "Pakai lagi" not in text(client.get(url("answer", now)))

    def test_kinds_of_agency_are_told_where_it_is_often_not_relevant(self, login, assessment, city):
        city.dinkes.kind = "kecamatan"
        city.dinkes.save()
        page = text(login(city.operator).get(url("answer", assessment)))
        assert "Untuk kecamatan hal ini sering terjadi" in page

    def test_the_number_of_queries_does_not_grow_with_evidence(
        self, login, assessment, city, django_assert_max_num_queries
    ):
        client = login(city.operator)
        client.get(url("answer", assessment))
        with django_assert_max_num_queries(30) as queries_then:
            client.get(url("answer", assessment))
        few = len(queries_then)
        answer = stored(assessment)
        for number in range(6):
            evidence = attach(answer, city.operator, f"Dokumen {number}")
            PagePreview.objects.create(version=evidence.version, page=1, file="x.png", width=1, height=1)
        DocumentVersion.objects.update(preview="ready")
        with django_assert_max_num_queries(few + 2) as queries_then:  # the pictures, other uses of the files
            client.get(url("answer", assessment))
        many = len(queries_then)
        answer = stored(assessment)
        for number in range(6, 19):
            attach(answer, city.operator, f"Dokumen {number}")
        with django_assert_max_num_queries(many):
            client.get(url("answer", assessment))


def test_pages_the_file_does_not_have_are_told_and_not_refused(login, assessment, city):
    evidence = attach(stored(assessment), city.operator)
    DocumentVersion.objects.filter(pk=evidence.version_id).update(page_count=1)
    Evidence.objects.filter(pk=evidence.pk).update(pages="1-3")
    warning = "Berkas ini hanya 1 halaman, jadi halaman 3 tidak ada. Periksa halamannya."
    client = login(city.operator)
    assert warning in text(client.get(url("answer", assessment)))
    Evidence.objects.filter(pk=evidence.pk).update(pages="1")
    assert warning not in text(client.get(url("answer", assessment)))


class TestReplying:
    def test_a_reply_is_stored_once_and_shown(self, login, returned, city):
        client = login(city.operator)
        answer = client.post(url("reply", returned), {"reply": "Sudah ditandatangani."}, follow=True)
        assert "Tanggapan terkirim." in text(answer)
        assert "Sudah ditandatangani." in text(answer)
        again = client.post(url("reply", returned), {"reply": "Sekali lagi."})
        assert again.status_code == 409
        assert Review.objects.get(answer=stored(returned), is_current=True).reply == "Sudah ditandatangani."

    def test_an_empty_or_too_long_reply_comes_back(self, login, returned, city):
        client = login(city.operator)
        assert client.post(url("reply", returned), {"reply": "  "}).status_code == 400
        answer = client.post(url("reply", returned), {"reply": "y" * 2_001})
        assert answer.status_code == 400
        assert "y" * 2_001 + "</textarea>" in text(answer)

    def test_a_page_opened_by_somebody_else_does_not_reply_for_me(self, login, returned, city):
        opened_by = {"X-Portal-User": str(city.operator2.pk)}
        answer = login(city.operator).post(url("reply", returned), {"reply": "Bukan saya."}, headers=opened_by)
        assert (answer.status_code, answer.json()["code"]) == (401, "other_user")
        assert Review.objects.get(answer=stored(returned), is_current=True).reply == ""

    def test_there_is_nothing_to_reply_to_elsewhere(self, login, returned, city):
        assert login(city.operator).post(url("reply", returned, "3"), {"reply": "x"}).status_code == 404
        assert login(city.verifier).post(url("reply", returned), {"reply": "x"}).status_code == 403
        assert login(city.other_operator).post(url("reply", returned), {"reply": "x"}).status_code == 404


class TestGaps:
    @pytest.mark.parametrize(
        "gaps, said",
        [
            ((), ""),
            (("unanswered",), ""),
            (("no_evidence",), "Masih perlu: lampirkan bukti dukung."),
            (("no_explanation", "no_evidence"), "Masih perlu: tulis fakta atau analisis dan lampirkan bukti dukung."),
        ],
    )
    def test_what_is_missing_is_one_sentence(self, gaps, said):
        assert queries.gap_text(gaps) == said


class TestSession:
    def test_it_says_who_is_here_and_gives_a_token(self, login, city):
        body = login(city.operator).get(reverse("session_state")).json()
        assert (body["authenticated"], body["user"], len(body["csrf"])) == (True, city.operator.pk, 64)

    def test_it_answers_without_a_session(self, client, db):
        answer = client.get(reverse("session_state"))
        assert (answer.json()["authenticated"], answer.json()["user"]) == (False, None)
        assert "no-store" in answer["Cache-Control"]


def test_a_save_of_another_day_is_said_with_its_date(login, assessment, city):
    client = login(city.operator)
    save(client, assessment, fact="Ada.")
    now = stored(assessment).changed_at
    assert f"Tersimpan {clock_id(now)}<" in text(client.get(url("answer", assessment)))
    then = now - timedelta(days=3)
    Answer.objects.filter(assessment=assessment).update(changed_at=then)
    assert f"Tersimpan {short_datetime_id(then)}<" in text(client.get(url("answer", assessment)))
