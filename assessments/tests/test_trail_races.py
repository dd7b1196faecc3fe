"""More pairs at the same moment (see `test_races`): each ends with one truth, and with a trail that verifies."""

import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from assessments import workflow
from assessments.errors import Refused, TooLate, WrongState
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, Period, Result, Review, Status
from assessments.services import answers as answer_services
from assessments.services import evidence as evidence_services
from assessments.services import reading
from assessments.services import reviews as review_services
from assessments.tests.files import pdf
from audit.anchors import make_anchor
from audit.models import Anchor, Chain, Event
from audit.services import prepare, record, record_all
from audit.verification import verify
from conftest import accept_all, attach, fill, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _whole_trail(transactional_db):
    yield
    assert verify().problems == ()


def save(assessment, user, version=1, code="1", **changes):
    return lambda: answer_services.save_answer(
        assessment_id=assessment.pk, code=code, user=user, version=version, changes=changes
    )


def decide(assessment, user, decision="accept", code="1", **more):
    return lambda: review_services.decide(
        assessment_id=assessment.pk, code=code, user=user, decision=decision, note="Lihat.", **more
    )


def order(assessment, *actions):
    events = Event.objects.filter(stream=f"assessment:{assessment.pk}", action__in=actions).order_by("position")
    return list(events.values_list("action", flat=True))


# --- Moves ------------------------------------------------------------------------------------------------------


def test_handing_in_beside_an_extension_keeps_what_came_first(assessment, city, period):
    fill(assessment, city.operator)
    later = period.deadline + timedelta(days=5)
    submitted, extended = together(
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator),
        lambda: workflow.extend(assessment_id=assessment.pk, user=city.coordinator, until=later, reason="Libur."),
    )
    assessment.refresh_from_db()
    assert isinstance(submitted, Assessment)
    assert assessment.status == Status.SUBMITTED
    if isinstance(extended, WrongState):
        assert (assessment.extended_until, order(assessment, "assessment.extend")) == (None, [])
    else:
        assert assessment.extended_until == later
        assert order(assessment, "assessment.extend", "assessment.submit") == [
            "assessment.extend",
            "assessment.submit",
        ]


def test_handing_in_beside_a_cancellation_ends_cancelled(assessment, city):
    fill(assessment, city.operator)
    submitted, cancelled = together(
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator),
        lambda: workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Bergabung."),
    )
    assessment.refresh_from_db()
    assert (assessment.status, isinstance(cancelled, Assessment)) == (Status.CANCELLED, True)
    moves = order(assessment, "assessment.submit", "assessment.cancel")
    if isinstance(submitted, WrongState):
        assert (moves, assessment.round) == (["assessment.cancel"], 0)
    else:
        assert (moves, assessment.round) == (["assessment.submit", "assessment.cancel"], 1)


def test_approving_beside_reopening_happens_in_the_tables_order(submitted, city):
    accept_all(submitted, city.verifier)
    approved, reopened = together(
        lambda: workflow.approve(assessment_id=submitted.pk, user=city.verifier),
        lambda: workflow.reopen(assessment_id=submitted.pk, user=city.coordinator, reason="Bukti baru."),
    )
    submitted.refresh_from_db()
    assert isinstance(approved, Assessment)
    if isinstance(reopened, WrongState):
        assert submitted.status == Status.APPROVED
        assert submitted.verified_exact
    else:
        assert (submitted.status, submitted.verified_exact) == (Status.SUBMITTED, "")
    assert Review.objects.filter(is_current=True).count() == 47


def test_returning_beside_a_withdrawal_does_one_of_them(submitted, city):
    decide(submitted, city.verifier, "return", reason="other")()
    returned, withdrawn = together(
        lambda: workflow.return_assessment(assessment_id=submitted.pk, user=city.verifier),
        lambda: workflow.withdraw(assessment_id=submitted.pk, user=city.operator),
    )
    submitted.refresh_from_db()
    assert isinstance(returned, Assessment)
    assert isinstance(withdrawn, WrongState)
    assert submitted.status == Status.RETURNED


def test_a_withdrawal_beside_a_decision_and_a_second_hand_in_stays_in_the_table(submitted, city):
    withdrawn, decided, again = together(
        lambda: workflow.withdraw(assessment_id=submitted.pk, user=city.operator),
        decide(submitted, city.verifier),
        lambda: workflow.submit(assessment_id=submitted.pk, user=city.operator2),
    )
    submitted.refresh_from_db()
    moves = order(submitted, "assessment.submit", "assessment.withdraw", "review.decide")[1:]
    allowed = {
        (): Status.SUBMITTED,
        ("review.decide",): Status.SUBMITTED,
        ("assessment.withdraw",): Status.DRAFT,
        ("assessment.withdraw", "assessment.submit"): Status.SUBMITTED,
        ("assessment.withdraw", "assessment.submit", "review.decide"): Status.SUBMITTED,
    }
    assert submitted.status == allowed[tuple(moves)]
    assert [isinstance(each, Refused) for each in (withdrawn, decided, again)] == [
        name not in moves for name in ("assessment.withdraw", "review.decide", "assessment.submit")
    ]


def test_a_save_beside_finalising_is_frozen_with_it_or_refused(assessment, period, city):
    fill(assessment, city.operator)
    saved, _ = together(
        save(assessment, city.operator, 2, self_level=5),
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Waktu habis."),
    )
    frozen = Result.objects.get(assessment=assessment)
    stored = Answer.objects.get(assessment=assessment, indicator__code="1").self_level
    assert stored == (3 if isinstance(saved, Refused) else 5)
    assessment.refresh_from_db()
    assert frozen.self_exact == assessment.self_exact


def test_saves_around_the_deadline_are_in_before_it_or_refused(assessment, city):
    deadline = timezone.now() + timedelta(seconds=0.7)
    Period.objects.filter(pk=assessment.period_id).update(deadline=deadline)

    def typing(user, code):
        def act():
            kept, version = 0, 1
            while True:
                try:
                    save(assessment, user, version, code, fact=f"Kalimat {version}.")()
                except TooLate:
                    return kept
                kept, version = kept + 1, version + 1
                time.sleep(0.01)

        return act

    first, second = together(typing(city.operator, "1"), typing(city.operator2, "2"))
    assert first > 1
    assert second > 1
    events = Event.objects.filter(action="answer.save")
    assert events.count() == first + second
    for code, kept in (("1", first), ("2", second)):
        stored = Answer.objects.get(assessment=assessment, indicator__code=code)
        assert (stored.fact, stored.version) == (f"Kalimat {kept}.", kept + 1)
        assert stored.changed_at < deadline


def test_a_reply_beside_reopening_is_kept_or_refused(submitted, city):
    decide(submitted, city.verifier, "adjust", verified_level=2)()
    submitted.refresh_from_db()
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    replied, reopened = together(
        lambda: answer_services.reply(assessment_id=submitted.pk, code="1", user=city.operator, text="Ada buktinya."),
        lambda: workflow.reopen(assessment_id=submitted.pk, user=city.coordinator, reason="Bukti baru."),
    )
    assert isinstance(reopened, Assessment)
    kept = Review.objects.get(answer__assessment=submitted, answer__indicator__code="1", is_current=True).reply
    assert kept == ("" if isinstance(replied, Refused) else "Ada buktinya.")
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED


# --- Evidence -----------------------------------------------------------------------------------------------------


def test_two_uploads_of_one_content_are_one_document_and_two_pieces_of_evidence(assessment, city):
    content = pdf(2)

    def upload(user, code):
        return lambda: evidence_services.add_file(
            assessment_id=assessment.pk,
            code=code,
            user=user,
            file=SimpleUploadedFile("Laporan.pdf", content),
            name="Laporan.pdf",
        )

    first, second = together(upload(city.operator, "1"), upload(city.operator2, "2"))
    assert first.evidence.version_id == second.evidence.version_id
    assert {first.was_known, second.was_known} == {False, True}
    assert (Document.objects.count(), DocumentVersion.objects.count(), Evidence.objects.count()) == (1, 1, 2)
    assert len(order(assessment, "evidence.add")) == 2


def test_reading_evidence_beside_a_save_holds_nobody_up(assessment, city):
    evidence = attach(Answer.objects.get(assessment=assessment, indicator__code="1"), city.operator)
    outcomes = together(
        save(assessment, city.operator, 1, fact="Baru."),
        lambda: reading.note_download(evidence=evidence, user=city.coordinator),
        lambda: reading.note_view(evidence=evidence, user=city.verifier),
        lambda: reading.note_view(evidence=evidence, user=city.verifier),
    )
    assert not any(isinstance(outcome, Refused) for outcome in outcomes)
    assert sorted(order(assessment, "answer.save", "evidence.download", "evidence.view")) == [
        "answer.save",
        "evidence.download",
        "evidence.view",
    ]


# --- The chain itself -----------------------------------------------------------------------------------------------


def note(stream, subject):
    def act():
        with transaction.atomic():
            return record("x.y", subject, actor=None, stream=stream)

    return act


def test_first_events_of_a_new_stream_stand_one_after_the_other(city):
    made = together(*[note("baru:1", city.dinkes)] * 6)
    assert sorted(event.position for event in made) == [1, 2, 3, 4, 5, 6]
    assert Chain.objects.get(stream="baru:1").count == 6


def test_events_of_several_streams_in_any_order_do_not_wait_for_each_other_in_a_ring(city):
    def write(*streams):
        def act():
            for _ in range(10):
                with transaction.atomic():
                    record_all([prepare("x.y", city.dinkes, actor=None, stream=stream) for stream in streams])

        return act

    together(write("a", "b", "c"), write("c", "b", "a"), write("b", "d", "a"), write("d", "c"))
    assert dict(Chain.objects.filter(stream__in="abcd").values_list("stream", "count")) == {
        "a": 30,
        "b": 30,
        "c": 30,
        "d": 20,
    }


def test_verifying_while_people_write_is_no_false_alarm(assessment, city):
    def writing():
        for version in range(1, 30):
            save(assessment, city.operator, version, fact=f"Kalimat {version}.")()

    def reading_through():
        return [verify().problems for _ in range(10)]

    _, found, anchored = together(writing, reading_through, make_anchor)
    assert found == [()] * 10
    assert anchored == Anchor.objects.get()


def test_two_anchors_on_one_day_are_one(city):
    note("agency:1", city.dinkes)()
    outcomes = together(*[make_anchor] * 4)
    assert {anchor.pk for anchor in outcomes} == {Anchor.objects.get().pk}
    call_command("verify_chain", stdout=StringIO())
