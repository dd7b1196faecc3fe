"""Two people at the same moment, on two real connections. Row locks exist on PostgreSQL only."""

import pytest

from assessments import workflow
from assessments.errors import NotReady, Refused, Stale, WrongState
from assessments.models import Answer, Assessment, Determination, PemdaResult, Period, Result, Review, Status
from assessments.services import answers as answer_services
from assessments.services import determination as determination_services
from assessments.services import reviews as review_services
from audit.models import Event
from audit.verification import verify
from conftest import accept_all, fill, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _whole_trail(transactional_db):
    yield
    assert verify().problems == ()


def save(assessment, user, version, **changes):
    return lambda: answer_services.save_answer(
        assessment_id=assessment.pk, code="1", user=user, version=version, changes=changes
    )


def test_two_saves_of_one_answer_keep_exactly_one_and_show_it_to_the_other(assessment, city):
    first, second = together(
        save(assessment, city.operator, 1, fact="Dari satu."), save(assessment, city.operator2, 1, fact="Dari dua.")
    )
    refused = [outcome for outcome in (first, second) if isinstance(outcome, Stale)]
    kept = [outcome for outcome in (first, second) if not isinstance(outcome, Refused)]
    assert (len(refused), len(kept)) == (1, 1)
    stored = Answer.objects.get(assessment=assessment, indicator__code="1")
    assert stored.fact == kept[0].answer.fact == refused[0].current.fact
    assert Event.objects.filter(action="answer.save").count() == 1


def test_a_save_beside_a_submit_is_in_before_or_refused_never_after(assessment, city):
    fill(assessment, city.operator)
    saved, submitted = together(
        save(assessment, city.operator, 2, fact="Baru saja diubah."),
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator2),
    )
    assert isinstance(submitted, Assessment)
    stored = Answer.objects.get(assessment=assessment, indicator__code="1")
    order = list(
        Event.objects.filter(action__in=["answer.save", "assessment.submit"]).values_list("action", flat=True)
    )
    if isinstance(saved, WrongState):
        assert (stored.fact, order) == ("Ada.", ["assessment.submit"])
    else:
        assert (stored.fact, order) == ("Baru saja diubah.", ["answer.save", "assessment.submit"])


def test_two_submits_hand_in_once(assessment, city):
    fill(assessment, city.operator)
    outcomes = together(
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator),
        lambda: workflow.submit(assessment_id=assessment.pk, user=city.operator2),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Assessment", "WrongState"]
    assessment.refresh_from_db()
    assert (assessment.status, assessment.round) == (Status.SUBMITTED, 1)


def test_a_withdrawal_and_a_first_decision_do_not_both_happen(submitted, city):
    withdrawn, decided = together(
        lambda: workflow.withdraw(assessment_id=submitted.pk, user=city.operator),
        lambda: review_services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept"),
    )
    submitted.refresh_from_db()
    if isinstance(withdrawn, Refused):
        assert (submitted.status, Review.objects.count()) == (Status.SUBMITTED, 1)
    else:
        assert isinstance(decided, WrongState)
        assert (submitted.status, Review.objects.count()) == (Status.DRAFT, 0)


def test_two_reviewers_on_one_answer_leave_one_decision(submitted, city):
    outcomes = together(
        lambda: review_services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept"),
        lambda: review_services.decide(
            assessment_id=submitted.pk,
            code="1",
            user=city.verifier2,
            decision="adjust",
            verified_level=2,
            note="Kurang.",
        ),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Review", "Stale"]
    assert Review.objects.filter(is_current=True).count() == 1


def test_an_approval_beside_a_return_decision_never_approves_a_returned_answer(submitted, city):
    accept_all(submitted, city.verifier)
    approved, decided = together(
        lambda: workflow.approve(assessment_id=submitted.pk, user=city.verifier),
        lambda: review_services.decide(
            assessment_id=submitted.pk,
            code="1",
            user=city.verifier2,
            decision="return",
            reason="other",
            note="Lihat.",
            version=1,
        ),
    )
    submitted.refresh_from_db()
    if submitted.status == Status.APPROVED:
        assert isinstance(decided, WrongState)
        assert submitted.returned_count == 0
    else:
        assert isinstance(approved, NotReady)
        assert (submitted.status, submitted.returned_count) == (Status.SUBMITTED, 1)


def test_approving_and_returning_at_once_does_one_of_them(submitted, city):
    accept_all(submitted, city.verifier)
    Review.objects.filter(answer__indicator__code="1").update(
        decision="return", reason="other", note="Lihat.", verified_level=None
    )
    Assessment.objects.filter(pk=submitted.pk).update(returned_count=1)
    outcomes = together(
        lambda: workflow.return_assessment(assessment_id=submitted.pk, user=city.verifier),
        lambda: workflow.approve(assessment_id=submitted.pk, user=city.verifier2),
    )
    assert isinstance(outcomes[0], Assessment)
    assert isinstance(outcomes[1], Refused)


def test_finalising_beside_an_approval_freezes_one_truth(submitted, period, city):
    accept_all(submitted, city.verifier)
    together(
        lambda: workflow.approve(assessment_id=submitted.pk, user=city.verifier),
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Ditutup."),
    )
    submitted.refresh_from_db()
    result = Result.objects.get(assessment=submitted)
    assert submitted.status == Status.FINAL
    assert result.is_complete == bool(submitted.verified_exact)
    assert result.verified_exact == submitted.verified_exact


def test_finalising_twice_writes_each_result_once(approved, period, city):
    outcomes = together(
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Ditutup."),
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Ditutup."),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Finalised", "WrongState"]
    assert Result.objects.count() == 3


def test_reopening_beside_finalising_does_not_deadlock(final, period, city):
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Bukti baru.")
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    together(
        lambda: workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Sekali lagi."),
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Ditutup."),
    )
    final.refresh_from_db()
    period.refresh_from_db()
    assert (final.status, period.status) in [
        (Status.FINAL, Period.Status.FINAL),
        (Status.SUBMITTED, Period.Status.OPEN),
    ]


def test_a_save_beside_an_extension_is_kept(assessment, city, period):
    later = period.deadline + (period.deadline - period.opened_at)
    together(
        save(assessment, city.operator, 1, self_level=3),
        lambda: workflow.extend(assessment_id=assessment.pk, user=city.coordinator, until=later, reason="Libur."),
    )
    assessment.refresh_from_db()
    stored = Answer.objects.get(assessment=assessment, indicator__code="1")
    assert (stored.self_level, assessment.answered_count, assessment.extended_until) == (3, 1, later)


def determine(period, user, level, version=0):
    return lambda: determination_services.determine(
        period_id=period.pk, code="1", user=user, level=level, reason=f"Level {level}.", version=version
    )


def test_two_coordinators_on_one_indicator_leave_one_determination(period, city):
    outcomes = together(determine(period, city.coordinator, 2), determine(period, city.coordinator, 4))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Determination", "Stale"]
    kept = next(outcome for outcome in outcomes if isinstance(outcome, Determination))
    refused = next(outcome for outcome in outcomes if isinstance(outcome, Stale))
    assert Determination.objects.get() == kept == refused.current
    assert Event.objects.filter(action="determination.set").count() == 1


def test_a_determination_beside_the_governments_freezing_is_in_the_result_or_refused(approved, period, city):
    for code in range(1, 48):
        determination_services.determine(
            period_id=period.pk, code=str(code), user=city.coordinator, level=3, reason="Hasil rapat."
        )
    changed, finalised = together(
        determine(period, city.coordinator, 5, version=1),
        lambda: workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Waktu habis."),
    )
    stored = str(Determination.objects.get(indicator__code="1").level)
    assert PemdaResult.objects.get() == finalised.pemda
    assert finalised.pemda.snapshot["indicators"][0]["level"] == stored
    assert stored == ("3" if isinstance(changed, WrongState) else "5")


def test_two_freezings_of_the_government_write_one_result(final, period, city):
    for code in range(1, 48):
        determination_services.determine(
            period_id=period.pk, code=str(code), user=city.coordinator, level=3, reason="Hasil rapat."
        )
    outcomes = together(*[lambda: workflow.finalise_pemda(period_id=period.pk, user=city.coordinator)] * 2)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PemdaResult", "WrongState"]
    assert PemdaResult.objects.count() == 1
