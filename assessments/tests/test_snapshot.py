import json

from assessments import snapshot, workflow
from assessments.models import Assessment, Result
from assessments.services import reviews as review_services
from conftest import accept_all, fill


def loaded(assessment: Assessment) -> Assessment:
    return Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk)


def live(assessment: Assessment) -> dict:
    assessment = loaded(assessment)
    return snapshot.take(assessment, snapshot.answers_for_snapshot([assessment])[assessment.pk])


def test_a_result_holds_the_snapshot_its_digest_is_taken_of(final):
    result = Result.objects.get(assessment=final)
    assert result.digest == snapshot.digest(result.snapshot)
    assert result.snapshot["verified"]["index"] == "3/1" == result.verified_exact
    assert len(result.snapshot["indicators"]) == 47
    assert result.snapshot["indicators"][0]["evidence"][0]["sha256"] == "0" * 64


def test_a_changed_result_no_longer_fits_its_digest(final):
    result = Result.objects.get(assessment=final)
    result.snapshot["indicators"][0]["verified_level"] = "5"
    assert snapshot.digest(result.snapshot) != result.digest


def test_open_decisions_are_left_out_and_not_counted(submitted, city):
    review_services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="adjust", verified_level=2, note="Kurang."
    )
    submitted.refresh_from_db()
    assert submitted.decided_count == 1
    taken = live(submitted)
    assert (taken["indicators"][0]["reviews"], taken["decided_count"], taken["verified"]) == ([], 0, None)


def test_a_decision_that_is_being_changed_stands_as_it_was_published(approved, period, city):
    workflow.reopen(assessment_id=approved.pk, user=city.coordinator, reason="Ada bukti baru.")
    review_services.decide(
        assessment_id=approved.pk,
        code="1",
        user=city.verifier,
        decision="adjust",
        verified_level=2,
        note="Kurang.",
        version=1,
    )
    first = live(approved)["indicators"][0]
    assert (first["decision"], first["verified_level"]) == ("accept", "3")
    assert [(review["decision"], review["is_current"]) for review in first["reviews"]] == [("accept", True)]
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    frozen = Result.objects.get(assessment=approved, superseded_at=None)
    assert frozen.is_complete is False
    assert frozen.snapshot["indicators"][0]["decision"] == "accept"
    assert frozen.snapshot["decided_count"] == 47


def test_a_snapshot_is_plain_json(approved):
    taken = live(approved)
    assert json.loads(snapshot.canonical(taken)) == taken


def test_an_accepted_not_relevant_leaves_the_weights_to_the_others(assessment, city):
    fill(assessment, city.operator, level=2, i1=5)
    assessment.answers.filter(indicator__code="1").update(
        not_applicable=True, self_level=None, not_applicable_reason="Bukan urusan kami."
    )
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    accept_all(assessment, city.verifier)
    approved = workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    assert approved.verified_index == 2
    assert live(approved)["self"]["index"] == "1987/1000"
    assert live(approved)["verified"]["assigned"] == 46


def test_reading_for_many_takes_as_many_queries_as_for_one(period, city, django_assert_num_queries):
    assessments = list(Assessment.objects.filter(period=period))
    with django_assert_num_queries(4):
        snapshot.answers_for_snapshot(assessments)
    for assessment in assessments:
        fill(assessment, city.coordinator)
    with django_assert_num_queries(4):
        snapshot.answers_for_snapshot(assessments)
    with django_assert_num_queries(4):
        snapshot.answers_for_snapshot(assessments[:1])
