"""A coordinator fills in for an agency: said beforehand, seen everywhere, and never reviewed by the same person."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from assessments import snapshot, workflow
from assessments.models import Answer, Evidence
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services import reviews as review_services
from conftest import fill, make_person


@pytest.fixture
def helper(city):
    return make_person("koordinator-bantu", (Role.COORDINATOR, city.diskominfo), name="Ratna Pembantu")


def page_of(person, name: str, *args) -> str:
    client = Client()
    client.force_login(person)
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def save(assessment, code, user, **changes):
    version = Answer.objects.get(assessment=assessment, indicator__code=code).version
    return answer_services.save_answer(
        assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes
    )


def link(assessment, code, user):
    return evidence_services.add_link(assessment_id=assessment.pk, code=code, user=user, url=f"https://a.id/{code}")


WRITES = {
    "answer": lambda assessment, user: save(assessment, "5", user, self_level=2),
    "evidence": lambda assessment, user: link(assessment, "5", user),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_wrote_on_behalf_cannot_review_it_and_is_told_before(assessment, city, helper, write):
    for page in (page_of(helper, "answer", assessment.pk, "5"), page_of(helper, "sheet", assessment.pk)):
        assert "Anda mengisi atas nama Dinas Kesehatan. Tercatat." in page
        assert "Anda tidak dapat memverifikasi penilaian ini" in page
    write(assessment, helper)
    fill(assessment, city.operator)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    for act in (
        lambda: review_services.decide(assessment_id=assessment.pk, code="6", user=helper, decision="accept"),
        lambda: workflow.return_assessment(assessment_id=assessment.pk, user=helper),
        lambda: workflow.approve(assessment_id=assessment.pk, user=helper),
    ):
        with pytest.raises(PermissionDenied):
            act()
    review_services.decide(assessment_id=assessment.pk, code="6", user=city.coordinator, decision="accept")


def test_who_handed_in_on_behalf_cannot_review_it_either(assessment, city, helper):
    fill(assessment, city.operator)
    assert "atas nama Dinas Kesehatan" in page_of(helper, "submit", assessment.pk)
    workflow.submit(assessment_id=assessment.pk, user=helper)
    with pytest.raises(PermissionDenied):
        review_services.decide(assessment_id=assessment.pk, code="6", user=helper, decision="accept")


def test_it_is_seen_on_the_answer_the_sheet_the_check_and_the_evidence(assessment, city, helper):
    save(assessment, "5", helper, self_level=2)
    link(assessment, "5", helper)
    page = page_of(city.operator, "answer", assessment.pk, "5")
    assert "Diisi atas nama OPD" in page
    assert "dilampirkan atas nama OPD oleh" in page
    assert "Ratna Pembantu" in page
    assert "diisi atas nama OPD" in page_of(city.operator, "sheet", assessment.pk)
    assert "<dt>Diisi atas nama OPD</dt>" in page_of(city.operator, "submit", assessment.pk)
    assert "Diisi atas nama OPD" not in page_of(city.operator, "answer", assessment.pk, "6")


def test_the_reviewer_sees_it_of_answer_and_evidence(assessment, city, helper):
    fill(assessment, city.operator)
    save(assessment, "5", helper, self_level=2)
    link(assessment, "5", helper)
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    page = page_of(city.verifier, "review", assessment.pk, "5")
    assert "Diisi atas nama OPD" in page
    assert "Dilampirkan atas nama OPD" in page
    assert page.count("Ratna Pembantu") == 2


def test_what_the_operator_attaches_is_the_agencys_own(assessment, city, helper):
    link(assessment, "5", city.operator)
    link(assessment, "6", helper)
    kept = dict(Evidence.objects.values_list("answer__indicator__code", "on_behalf"))
    assert kept == {"5": False, "6": True}


def test_the_report_says_what_was_done_for_the_agency_and_by_whom(assessment, city, helper):
    save(assessment, "5", helper, self_level=2)
    link(assessment, "7", helper)
    link(assessment, "8", city.operator)
    taken = snapshot.take(assessment, snapshot.answers_for_snapshot([assessment])[assessment.pk])
    rows = {row["code"]: row for row in taken["indicators"]}
    assert (rows["5"]["filled_by"], rows["8"]["filled_by"]) == ("Ratna Pembantu", "")
    assert rows["7"]["evidence"][0]["attached_for_agency_by"] == "Ratna Pembantu"
    assert rows["8"]["evidence"][0]["attached_for_agency_by"] == ""
