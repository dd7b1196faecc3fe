"""The first page: what now, until when."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from assessments import workflow
from assessments.models import Assessment, Evidence
from assessments.queries import home as queries
from assessments.services import answers as answer_services
from conftest import accept_all, fill, make_person


def task(agency) -> queries.Task:
    (only,) = queries.home(frozenset({agency.pk}), timezone.now()).tasks
    return only


def said(task: queries.Task) -> tuple[str, str, str, str]:
    return task.text, task.button, task.page, task.code


def test_an_empty_draft_begins_at_the_first_indicator(assessment, city):
    now = task(city.dinkes)
    assert said(now) == ("47 indikator perlu diisi.", "Mulai: Indikator 1", "answer", "1")
    assert now.until.startswith("Batas waktu ")
    assert now.until.endswith("(10 hari lagi).")


def test_a_draft_goes_on_at_the_first_gap(assessment, city):
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"self_level": 1}
    )
    assert said(task(city.dinkes)) == (
        "46 dari 47 indikator belum diisi.",
        "Lanjutkan: Indikator 2",
        "answer",
        "2",
    )


def test_what_is_answered_but_not_complete_is_named(assessment, city):
    fill(assessment, city.operator)
    Evidence.objects.filter(answer__indicator__code="7").delete()
    assert said(task(city.dinkes)) == (
        "Semua 47 indikator sudah diisi, tetapi 1 masih perlu dilengkapi.",
        "Lengkapi: Indikator 7",
        "answer",
        "7",
    )


def test_a_complete_draft_is_to_be_handed_in(assessment, city):
    fill(assessment, city.operator)
    assert said(task(city.dinkes))[1:] == ("Ajukan penilaian", "submit", "")


def test_the_last_days_and_a_missed_deadline_look_different(assessment, city):
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() + timedelta(hours=5, minutes=1))
    assert (task(city.dinkes).tone, "5 jam lagi" in task(city.dinkes).until) == ("is-warn", True)
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(hours=5))
    late = task(city.dinkes)
    assert (late.tone, late.page) == ("is-late", "sheet")
    assert "sudah lewat" in late.text


def test_what_came_back_is_listed_with_its_reason_until_it_is_mended(returned, city):
    now = task(city.dinkes)
    assert said(now) == (
        "2 indikator dikembalikan dan perlu diperbaiki.",
        "Perbaiki: Indikator 1",
        "answer",
        "1",
    )
    assert [(item.code, item.reason, item.note, item.is_open) for item in now.returned] == [
        ("1", "Belum disahkan atau ditandatangani", "Belum ditandatangani.", True),
        ("2", "Belum disahkan atau ditandatangani", "Belum ditandatangani.", True),
    ]
    answer_services.save_answer(
        assessment_id=returned.pk, code="1", user=city.operator, version=2, changes={"fact": "Sudah."}
    )
    now = task(city.dinkes)
    assert said(now)[0] == "1 dari 2 indikator yang dikembalikan belum diperbaiki."
    assert (now.done, now.total, now.done_word) == (1, 2, "diperbaiki")
    answer_services.reply(assessment_id=returned.pk, code="2", user=city.operator, text="Sudah benar.")
    assert said(task(city.dinkes))[1:] == ("Ajukan kembali", "submit", "")


def test_after_the_hand_in_there_is_nothing_to_do(submitted, city):
    now = task(city.dinkes)
    assert "Tidak ada yang perlu Anda lakukan sekarang." in now.text
    assert now.page == "sheet"


def test_a_final_period_moves_below_as_a_result(final, city):
    home = queries.home(frozenset({city.dinkes.pk}), timezone.now())
    assert home.tasks == []
    assert [agency.slug for agency in home.idle] == ["dinkes"]
    (earlier,) = home.results
    assert (earlier.own, earlier.verified, earlier.result.predicate) == (3, 3, "Baik")


def test_what_is_final_is_no_task_while_the_period_runs_again_for_another_agency(final, period, city):
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    workflow.reopen(assessment_id=other.pk, user=city.coordinator, reason="Ada bukti baru.")
    period.refresh_from_db()
    assert period.status == "open"
    home = queries.home(frozenset({city.dinkes.pk, city.dinsos.pk}), timezone.now())
    (reopened,) = home.tasks
    assert reopened.agency == city.dinsos
    assert [agency.slug for agency in home.idle] == ["dinkes"]
    assert [earlier.result.assessment_id for earlier in home.results] == [final.pk]


def test_what_was_never_handed_in_is_not_said_to_be(login, final, period, city):
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    workflow.reopen(assessment_id=other.pk, user=city.coordinator, reason="Ada bukti baru.")
    now = task(city.dinsos)
    assert now.text.startswith("Penilaian dibuka kembali oleh koordinator dan menunggu verifikasi.")
    assert now.until.startswith("Dibuka kembali ")
    operator, verifier = login(city.other_operator), city.verifier
    sheet = operator.get(reverse("sheet", args=[other.pk])).content.decode()
    assert "Dibuka kembali oleh koordinator" in sheet
    assert reverse("withdraw", args=[other.pk]) not in sheet
    answer = operator.get(reverse("answer", args=[other.pk, "1"])).content.decode()
    assert "Penilaian dibuka kembali oleh koordinator pada" in answer
    review = login(verifier).get(reverse("review_overview", args=[other.pk])).content.decode()
    assert "dibuka kembali oleh koordinator" in review
    assert "diajukan " not in review


def test_the_page_shows_sentence_button_and_reasons(login, returned, city):
    page = login(city.operator).get(reverse("home")).content.decode()
    assert "2 indikator dikembalikan dan perlu diperbaiki." in page
    assert reverse("answer", args=[returned.pk, "2"]) in page
    assert "Belum ditandatangani." in page
    assert "Dinas Sosial" not in page


def test_everybody_else_goes_to_where_their_work_is(login, city):
    expected = {
        city.verifier: reverse("review_queue"),
        city.coordinator: reverse("period_list"),
        city.leader: reverse("pemda"),
        city.admin: reverse("person_list"),
    }
    assert {who: login(who).get(reverse("home"))["Location"] for who in expected} == expected


def test_a_person_without_a_role_is_told_whom_to_ask(login, city):
    answer = login(city.outsider).get(reverse("home"))
    assert "Akun Anda belum mempunyai peran" in answer.content.decode()


def test_without_a_session_one_is_sent_to_log_in(client, db):
    assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))


def test_an_operator_of_several_agencies_sees_each_of_them(login, period, city):
    both = make_person("operator-dua", (Role.OPERATOR, city.dinkes), (Role.OPERATOR, city.dinsos))
    page = login(both).get(reverse("home")).content.decode()
    assert page.count("47 indikator perlu diisi.") == 2
    assert "Dinas Sosial · Penilaian 2026" in page


def test_the_number_of_queries_stays_the_same(login, assessment, period, city, django_assert_max_num_queries):
    client = login(city.operator)
    client.get(reverse("home"))
    with django_assert_max_num_queries(14) as done:
        client.get(reverse("home"))
    few = len(done)
    fill(assessment, city.operator)
    both = make_person("operator-dua", (Role.OPERATOR, city.dinkes), (Role.OPERATOR, city.dinsos))
    client = login(both)
    client.get(reverse("home"))
    with django_assert_max_num_queries(few):
        client.get(reverse("home"))


def test_a_hand_in_by_the_coordinator_is_said_to_be_for_the_agency(assessment, city):
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.coordinator)
    text = task(city.dinkes).text
    assert text.startswith("Penilaian sudah diajukan oleh Koordinator, atas nama Dinas Kesehatan, dan menunggu")
    workflow.withdraw(assessment_id=assessment.pk, user=city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    assert "atas nama" not in task(city.dinkes).text


def test_a_hand_in_can_be_withdrawn_until_somebody_decided(submitted, city):
    assert "pengajuan masih dapat ditarik kembali sampai" in task(city.dinkes).text
    accept_all(submitted, city.verifier)
    assert "ditarik" not in task(city.dinkes).text
