"""Handing in and taking back, as pages."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment, Evidence, Status
from assessments.services import reviews as review_services
from conftest import PASSWORD, fill


def url(assessment, name="submit"):
    return reverse(name, args=[assessment.pk])


def text(answer) -> str:
    return answer.content.decode()


def test_everything_that_is_missing_is_listed_and_linked(login, assessment, city):
    fill(assessment, city.operator)
    Evidence.objects.filter(answer__indicator__code__in=["7", "9"]).delete()
    answer = login(city.operator).get(url(assessment))
    assert "2 hal perlu dilengkapi" in text(answer)
    assert [row.code for _, _, _, rows in answer.context["groups"] for row in rows] == ["7", "9"]
    assert reverse("answer", args=[assessment.pk, "9"]) + "#bukti" in text(answer)
    assert 'type="submit" class="btn btn-primary"' not in text(answer)


def test_an_incomplete_hand_in_changes_nothing_and_lists_the_same(login, assessment, city):
    answer = login(city.operator).post(url(assessment))
    assert answer.status_code == 409
    assert "Belum diajukan: 47 hal perlu dilengkapi" in text(answer)
    assessment.refresh_from_db()
    assert assessment.status == Status.DRAFT


def test_a_complete_one_says_what_happens_and_is_handed_in(login, assessment, city):
    fill(assessment, city.operator)
    client = login(city.operator)
    before = text(client.get(url(assessment)))
    assert "Isian dan bukti dukung terkunci." in before
    assert "47 dari 47 indikator terisi" in before
    answer = client.post(url(assessment), follow=True)
    assert answer.redirect_chain == [(url(assessment, "sheet"), 302)]
    assert "Penilaian Dinas Kesehatan diajukan." in text(answer)
    assessment.refresh_from_db()
    assert (assessment.status, assessment.submitted_by) == (Status.SUBMITTED, city.operator)


def test_a_form_sent_twice_is_told_that_it_is_done(login, assessment, city):
    fill(assessment, city.operator)
    client = login(city.operator)
    client.post(url(assessment))
    answer = client.post(url(assessment), follow=True)
    assert "Penilaian ini sudah diajukan pada" in text(answer)
    assert "Tidak ada yang berubah." in text(answer)
    assessment.refresh_from_db()
    assert assessment.round == 1


def test_after_the_deadline_it_is_refused_with_the_way_out(login, assessment, city):
    fill(assessment, city.operator)
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(minutes=1))
    answer = login(city.operator).post(url(assessment))
    assert answer.status_code == 409
    assert "Minta perpanjangan kepada koordinator penilaian." in text(answer)


def test_who_may_open_the_page(login, assessment, submitted, city):
    assert login(city.verifier).get(url(submitted)).status_code == 403
    assert login(city.leader).post(url(submitted)).status_code == 403
    assert login(city.other_operator).get(url(submitted)).status_code == 404
    assert login(city.verifier).post(url(submitted, "withdraw")).status_code == 403


@pytest.mark.parametrize("name, status", [("submit", Status.DRAFT), ("withdraw", Status.SUBMITTED)])
def test_a_page_opened_by_somebody_else_moves_nothing(login, assessment, city, name, status):
    fill(assessment, city.operator)
    client = login(city.operator)
    if name == "withdraw":
        client.post(url(assessment))
    answer = client.post(url(assessment, name), headers={"X-Portal-User": str(city.operator2.pk)})
    assert (answer.status_code, answer.json()["code"]) == (401, "other_user")
    assessment.refresh_from_db()
    assert assessment.status == status


@pytest.mark.parametrize("name", ["submit", "withdraw", "reply"])
def test_a_form_opened_before_another_person_logged_in_is_refused(returned, city, name):
    """Plain forms carry no name: the token in them, which every log-in changes, tells them apart."""
    client = Client(enforce_csrf_checks=True)

    def token() -> str:
        return client.get(reverse("session_state")).json()["csrf"]

    def enter(person):
        body = {"login": person.username, "password": PASSWORD, "csrfmiddlewaretoken": token()}
        assert client.post(reverse("account_login"), body).status_code == 302

    enter(city.operator)
    before = token()
    client.post(reverse("account_logout"), {"csrfmiddlewaretoken": before})
    enter(city.operator2)
    where = url(returned, name) if name != "reply" else reverse("reply", args=[returned.pk, "1"])
    assert client.post(where, {"reply": "x", "csrfmiddlewaretoken": before}).status_code == 403
    assert client.post(where, {"reply": "x", "csrfmiddlewaretoken": token()}).status_code != 403


def test_a_coordinator_hands_in_for_the_agency(login, assessment, city):
    fill(assessment, city.operator)
    client = login(city.coordinator)
    assert "atas nama Dinas Kesehatan" in text(client.get(url(assessment)))
    client.post(url(assessment))
    assessment.refresh_from_db()
    assert assessment.submitted_by == city.coordinator


def test_taking_back_asks_first_and_opens_the_answers(login, submitted, city):
    client = login(city.operator)
    assert "Tarik kembali pengajuan?" in text(client.get(url(submitted, "withdraw")))
    answer = client.post(url(submitted, "withdraw"), follow=True)
    assert "Pengajuan ditarik kembali dan isian terbuka lagi." in text(answer)
    submitted.refresh_from_db()
    assert submitted.status == Status.DRAFT


def test_taking_back_is_refused_once_the_review_has_begun(login, submitted, city):
    review_services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    client = login(city.operator)
    assert client.get(url(submitted, "withdraw")).status_code == 302
    answer = client.post(url(submitted, "withdraw"), follow=True)
    assert "Verifikasi sudah dimulai" in text(answer)
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED
