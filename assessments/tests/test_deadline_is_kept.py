"""The deadline to the second, for everything an agency writes: what arrives in time is in, what does not is not.

The clock that counts is read after the assessment is locked.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.urls import reverse
from django.utils import timezone

from assessments import uploads, workflow
from assessments.errors import TooLate
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, Status
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services._base import locked
from assessments.tests.files import pdf
from audit.models import Event
from conftest import attach, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch) -> Callable[[datetime], None]:
    """`clock(moment)`: it is `moment` from now on."""

    def _set(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return _set


def save(assessment, user, fact="Dari detik terakhir.") -> Any:
    version = Answer.objects.get(assessment=assessment, indicator__code="1").version
    return answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=user, version=version, changes={"fact": fact}
    )


def add_file(assessment, user, name="sk.pdf") -> Any:
    return evidence_services.add_file(
        assessment_id=assessment.pk, code="1", user=user, file=SimpleUploadedFile(name, pdf()), name=name
    )


def _first_evidence(assessment) -> Evidence:
    return Evidence.objects.filter(answer__assessment=assessment, answer__indicator__code="1").first()


def _library_version(assessment, user) -> int:
    other = assessment.answers.get(indicator__code="2")
    return attach(other, user, "Dokumen di pustaka").version_id


#: Everything an operator writes into a draft or into what came back, by name.
WRITERS: dict[str, Callable[[Assessment, Any], Any]] = {
    "save_answer": save,
    "add_file": add_file,
    "require_room": lambda a, user: evidence_services.require_room(assessment_id=a.pk, code="1", user=user),
    "add_link": lambda a, user: evidence_services.add_link(
        assessment_id=a.pk, code="1", user=user, url="https://jdih.example/perwal/1"
    ),
    "reuse": lambda a, user: evidence_services.reuse(
        assessment_id=a.pk, code="1", user=user, version_id=_library_version(a, user)
    ),
    "attach": lambda a, user: evidence_services.attach(
        assessment_id=a.pk, code="1", user=user, wanted={_library_version(a, user): {}}
    ),
    "edit": lambda a, user: evidence_services.edit(
        assessment_id=a.pk, code="1", user=user, evidence_id=_first_evidence(a).pk, details={"pages": "4-7"}
    ),
    "remove": lambda a, user: evidence_services.remove(
        assessment_id=a.pk, code="1", user=user, evidence_id=_first_evidence(a).pk
    ),
    "submit": lambda a, user: workflow.submit(assessment_id=a.pk, user=user),
}


@pytest.fixture
def filled(assessment, city) -> Assessment:
    fill(assessment, city.operator)
    attach(assessment.answers.get(indicator__code="1"), city.operator, "SK tim")
    return assessment


@pytest.mark.parametrize("name", WRITERS)
def test_a_microsecond_before_is_in_time_and_the_second_itself_is_not(filled, city, clock, name):
    due = filled.due_at
    events = Event.objects.filter(stream=f"assessment:{filled.pk}")  # a file is told of in the library besides
    before = events.count()
    clock(due)
    with pytest.raises(TooLate, match="sudah lewat"):
        WRITERS[name](filled, city.operator)
    assert events.count() == before
    clock(due - timedelta(microseconds=1))
    WRITERS[name](filled, city.operator)
    assert events.count() == before + (name != "require_room")


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "submit"])
def test_what_came_back_is_held_to_its_mend_by_time(returned, city, period, clock, name):
    attach(returned.answers.get(indicator__code="1"), city.operator, "SK tim")
    assert returned.due_at == returned.mend_by
    clock(returned.mend_by)
    with pytest.raises(TooLate):
        WRITERS[name](returned, city.operator)
    clock(returned.mend_by - timedelta(microseconds=1))
    WRITERS[name](returned, city.operator)


def test_a_reply_to_a_return_is_held_to_it_too(returned, city, clock):
    def reply():
        return answer_services.reply(assessment_id=returned.pk, code="1", user=city.operator, text="Sudah ada.")

    clock(returned.mend_by)
    with pytest.raises(TooLate):
        reply()
    clock(returned.mend_by - timedelta(microseconds=1))
    assert reply().reply == "Sudah ada."


def test_a_hand_in_is_withdrawn_before_the_deadline_only(submitted, city, clock):
    clock(submitted.due_at)
    with pytest.raises(TooLate):
        workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    clock(submitted.due_at - timedelta(microseconds=1))
    assert workflow.withdraw(assessment_id=submitted.pk, user=city.operator).status == Status.DRAFT


def test_who_writes_on_behalf_has_no_more_time(filled, city, clock):
    clock(filled.due_at)
    with pytest.raises(TooLate):
        save(filled, city.coordinator)


def test_a_file_that_began_a_second_before_and_is_there_after_is_refused_and_gone(filled, city, clock, monkeypatch):
    """It is looked at and written while time goes on: the second check decides."""
    due = filled.due_at
    clock(due - timedelta(seconds=1))
    looked_at = uploads.inspect

    def slowly(*args, **kwargs):
        clock(due)
        return looked_at(*args, **kwargs)

    monkeypatch.setattr(uploads, "inspect", slowly)
    counts = Document.objects.count(), DocumentVersion.objects.count(), Evidence.objects.count()
    with pytest.raises(TooLate):
        add_file(filled, city.operator)
    assert (Document.objects.count(), DocumentVersion.objects.count(), Evidence.objects.count()) == counts
    assert _files(f"evidence/{city.dinkes.pk}") == []


def _files(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def test_an_extension_lets_the_agency_go_on_at_once_and_no_other(filled, city, period, clock):
    now = period.deadline + timedelta(minutes=5)
    clock(now)
    workflow.extend(
        assessment_id=filled.pk, user=city.coordinator, until=now + timedelta(hours=1), reason="Listrik padam."
    )
    assert save(filled, city.operator).changed
    other = Assessment.objects.get(period=period, agency=city.dinsos)
    with pytest.raises(TooLate):
        save(other, city.other_operator)
    clock(now + timedelta(hours=1))
    with pytest.raises(TooLate):
        save(filled, city.operator, "Lagi.")


def test_a_late_save_of_the_script_says_so_and_what_to_do(login, filled, city, clock):
    clock(filled.due_at)
    version = filled.answers.get(indicator__code="1").version
    response = login(city.operator).post(
        reverse("answer_save", args=[filled.pk, "1"]),
        {"fact": "Kalimat panjang.", "version": version},
        headers={"Accept": "application/json"},
    )
    assert (response.status_code, response.json()["code"]) == (409, "late")
    assert "Salin isian Anda, lalu minta perpanjangan" in response.json()["detail"]


def test_a_late_save_without_script_gives_the_text_back(login, filled, city, clock):
    clock(filled.due_at)
    version = filled.answers.get(indicator__code="1").version
    response = login(city.operator).post(
        reverse("answer_save", args=[filled.pk, "1"]), {"fact": "Kalimat panjang.", "choice": "3", "version": version}
    )
    assert response.status_code == 409
    assert "Kalimat panjang." in response.text
    assert "minta perpanjangan" in response.text
    assert Answer.objects.get(assessment=filled, indicator__code="1").fact == "Ada."


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_save_that_waits_for_the_lock_past_the_deadline_is_refused(filled, city):
    """Another write holds the assessment while time runs out: the clock is read once the lock is there."""
    has_lock, outcome = threading.Event(), []

    def hold():
        try:
            with transaction.atomic():
                locked(filled.pk, city.operator2)
                has_lock.set()
                time.sleep(2)
        finally:
            connections.close_all()

    def write():
        try:
            save(filled, city.operator)
            outcome.append("saved")
        except TooLate:
            outcome.append("late")
        finally:
            connections.close_all()

    Assessment.objects.filter(pk=filled.pk).update(extended_until=timezone.now() + timedelta(seconds=1))
    threads = [threading.Thread(target=hold), threading.Thread(target=write)]
    threads[0].start()
    has_lock.wait(timeout=5)
    threads[1].start()
    for thread in threads:
        thread.join(timeout=20)
    assert outcome == ["late"]
    assert Answer.objects.get(assessment=filled, indicator__code="1").fact == "Ada."
