"""The loop as a table: every move from every state, and what each leaves behind."""

from fractions import Fraction

import pytest
from django.utils import timezone

from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import NotReady, WrongState
from assessments.models import Assessment, Result, Review, Status
from assessments.queries.answers import decisions_for
from assessments.queries.periods import period_rows
from assessments.queries.results import turnout
from assessments.services import answers as answer_services
from assessments.services import reviews as review_services
from audit.models import Event
from conftest import accept_all, hand_in


def test_the_whole_loop_ends_in_an_immutable_result(assessment, period, city):
    assessment = hand_in(assessment, city.operator, level=3, i42=5)
    review_services.decide(
        assessment_id=assessment.pk,
        code="1",
        user=city.verifier,
        decision="return",
        reason="not_signed",
        note="Belum.",
    )
    review_services.decide(
        assessment_id=assessment.pk,
        code="2",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Sebagian.",
    )
    accept_all(assessment, city.verifier)
    workflow.return_assessment(assessment_id=assessment.pk, user=city.verifier)
    answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=city.operator, version=2, changes={"fact": "Sudah ditandatangani."}
    )
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    review_services.decide(assessment_id=assessment.pk, code="1", user=city.verifier, decision="accept", version=None)
    approved = workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    expected = (Fraction(3) * 100 + Fraction("3.00") * 2 - Fraction("1.30")) / 100
    assert approved.verified_index == expected
    done = workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu lewat.")
    assert (done.complete, done.incomplete) == (1, 2)
    result = Result.objects.get(assessment=assessment)
    assert Fraction(result.verified_exact) == expected
    assert result.is_complete
    unfinished = Result.objects.get(assessment__agency=city.dinsos)
    assert (unfinished.is_complete, unfinished.verified_exact, unfinished.answered_count) == (False, "", 0)


def test_only_returned_indicators_are_open_after_a_return(returned, city):
    with pytest.raises(WrongState):
        answer_services.save_answer(
            assessment_id=returned.pk, code="3", user=city.operator, version=2, changes={"fact": "Lain."}
        )


def test_submitting_again_without_mending_lists_each_untouched_indicator(returned, city):
    with pytest.raises(NotReady) as refusal:
        workflow.submit(assessment_id=returned.pk, user=city.operator)
    assert [(problem.code, problem.indicator) for problem in refusal.value.problems] == [
        ("untouched", "1"),
        ("untouched", "2"),
    ]


def test_reopening_supersedes_the_result_and_finalising_again_writes_only_that_one(final, period, city):
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Ada bukti baru.")
    assert Result.objects.get(assessment=final).superseded_at is not None
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator)
    assert list(Result.objects.filter(assessment=final).values_list("revision", flat=True)) == [2, 1]
    assert Result.objects.filter(assessment__agency=city.dinsos).count() == 1


def test_withdrawing_is_refused_after_the_first_decision(submitted, city):
    review_services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    with pytest.raises(WrongState):
        workflow.withdraw(assessment_id=submitted.pk, user=city.operator)
    submitted.refresh_from_db()
    assert submitted.status == Status.SUBMITTED


def test_what_was_never_handed_in_is_not_withdrawn_when_it_is_reopened(final, period, city):
    never = Assessment.objects.select_related("period").get(period=period, agency=city.dinsos)
    workflow.reopen(assessment_id=never.pk, user=city.coordinator, reason="Ada bukti baru.")
    never.refresh_from_db()
    assert (never.status, never.round, never.was_handed_in) == (Status.SUBMITTED, 0, False)
    assert [(row.handed_in, row.agencies) for row in period_rows()] == [(1, 3)]
    assert turnout(period).handed_in == 1
    rights = rights_of(city.other_operator)
    assert workflow.actions(rights, never, wrote=False, now=timezone.now()) == []
    with pytest.raises(WrongState, match="dibuka kembali oleh koordinator"):
        workflow.withdraw(assessment_id=never.pk, user=city.other_operator)


def test_what_was_never_handed_in_but_approved_after_all_keeps_its_decisions(final, period, city):
    """Its round stays 0, as of a past year that was brought in; its decisions were made here all the same."""
    never = Assessment.objects.get(period=period, agency=city.dinsos)
    workflow.reopen(assessment_id=never.pk, user=city.coordinator, reason="Ada bukti baru.")
    review_services.decide(
        assessment_id=never.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Ada SK."
    )
    accept_all(Assessment.objects.get(pk=never.pk), city.verifier)
    workflow.approve(assessment_id=never.pk, user=city.verifier)
    never = Assessment.objects.select_related("period").get(pk=never.pk)
    assert (never.round, never.has_imported_levels) == (0, False)
    shown = decisions_for(rights_of(city.other_operator), never)
    assert shown[never.answers.get(indicator__code="1").pk].note == "Ada SK."
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu lewat.")
    kept = Result.objects.get(assessment=never, superseded_at=None).snapshot
    assert "Ada SK." in str(kept["indicators"][0])
    now = timezone.now()
    never = Assessment.objects.select_related("period").get(pk=never.pk)
    assert workflow.actions(rights_of(city.coordinator), never, wrote=False, now=now) == ["reopen"]


def test_decisions_are_published_with_the_return(returned):
    assert Review.objects.filter(answer__assessment=returned, is_published=False).count() == 0


def test_every_move_writes_its_event(returned):
    actions = list(
        Event.objects.filter(stream=f"assessment:{returned.pk}", action__startswith="assessment.").values_list(
            "action", flat=True
        )
    )
    assert actions == ["assessment.submit", "assessment.return"]
