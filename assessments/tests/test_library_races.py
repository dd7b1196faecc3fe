"""Two people at one library at once, on PostgreSQL."""

import pytest
from django.core.files.storage import default_storage

from assessments import workflow
from assessments.errors import Refused
from assessments.models import Document, DocumentVersion, Evidence
from assessments.services import documents as services
from assessments.services import evidence as evidence_services
from assessments.tests.files import pdf
from assessments.tests.test_library import file_of, keep
from conftest import fill, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_two_new_versions_get_two_numbers(city):
    document = keep(city.dinkes, city.operator).version.document

    def renew(user, pages):
        return services.add_file_version(
            document_id=document.pk, user=user, file=file_of(pdf(pages)), name="Baru.pdf"
        ).version.number

    numbers = together(lambda: renew(city.operator, 2), lambda: renew(city.operator2, 3))
    assert sorted(numbers) == [2, 3]


def test_the_same_content_twice_at_once_is_stored_once(city):
    outcomes = together(
        lambda: keep(city.dinkes, city.operator, pdf(2)), lambda: keep(city.dinkes, city.operator2, pdf(2))
    )
    assert sorted(outcome.was_known for outcome in outcomes) == [False, True]
    assert outcomes[0].version == outcomes[1].version
    assert len(default_storage.listdir(f"evidence/{city.dinkes.pk}")[1]) == 1


def test_what_is_attached_is_not_removed_and_what_is_removed_is_not_attached(assessment, city):
    version = keep(city.dinkes, city.operator).version
    outcomes = together(
        lambda: services.remove_document(document_id=version.document_id, user=city.operator),
        lambda: _attached(assessment, city.operator2, version),
    )
    is_there = DocumentVersion.objects.filter(pk=version.pk).exists()
    assert Evidence.objects.filter(version=version).exists() == is_there
    assert isinstance(outcomes[0], Refused) == is_there
    assert (outcomes[1] == "gone") == (not is_there)


def _attached(assessment, user, version) -> str:
    try:
        evidence_services.reuse(assessment_id=assessment.pk, code="1", user=user, version_id=version.pk)
    except (Document.DoesNotExist, DocumentVersion.DoesNotExist):
        return "gone"
    return "attached"


def test_an_edit_during_the_hand_in_is_before_it_or_refused(assessment, city):
    version = keep(city.dinkes, city.operator).version
    evidence_services.reuse(assessment_id=assessment.pk, code="1", user=city.operator, version_id=version.pk)
    fill(assessment, city.operator)
    edited, handed_in = together(
        lambda: services.edit_document(
            document_id=version.document_id, user=city.operator2, details={"title": "Lain"}, version=1
        ),
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator),
    )
    assert handed_in.status == "submitted"
    title = Document.objects.get(pk=version.document_id).title
    assert (title == "Lain") == (not isinstance(edited, Refused))


def test_a_version_moves_while_the_answer_is_handed_in(assessment, city):
    version = keep(city.dinkes, city.operator).version
    evidence = evidence_services.reuse(
        assessment_id=assessment.pk, code="1", user=city.operator, version_id=version.pk
    )
    fill(assessment, city.operator)
    done, _ = together(
        lambda: services.add_file_version(
            document_id=version.document_id,
            user=city.operator2,
            file=file_of(pdf(2)),
            name="Baru.pdf",
            evidence_ids=[evidence.pk],
        ),
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator),
    )
    evidence.refresh_from_db()
    assert evidence.version.number == (2 if done.moved else 1)
    assert len(done.moved) + len(done.kept) == 1
