"""Which earlier year stands beside this one: one rule for all pages (and for reports, see there)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.permissions import rights_of
from assessments import workflow
from assessments.models import Assessment, Period
from assessments.queries.fill import answer_page
from assessments.queries.last_year import answers_in, last_year_of, results_before
from assessments.queries.results import result_rows, with_earlier
from assessments.services import periods as period_services
from conftest import accept_all, hand_in
from indicators.models import Instrument


def run(city, instrument, year: int, level: int, *, approve: bool = True, finalise: bool = True) -> Assessment:
    """Dinkes's assessment of `year`, handed in at `level` throughout."""
    period = period_services.create_period(
        user=city.coordinator,
        name=f"Penilaian {year}",
        year=year,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=5),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=period.pk, user=city.coordinator)
    assessment = hand_in(Assessment.objects.get(period=period), city.operator, level=level)
    if approve:
        accept_all(assessment, city.verifier)
        workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    if finalise:
        workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="" if approve else "Lewat.")
    return assessment


def years(assessment: Assessment, city) -> list[int | None]:
    """The year that stands beside `assessment` on the operator's page, the reviewer's and in the list."""
    assessment = Assessment.objects.select_related("period__instrument", "agency").get(pk=assessment.pk)
    answer = assessment.answers.select_related("indicator").get(indicator__code="1")
    previous = answer_page(assessment, "1", rights_of(city.operator), timezone.now()).previous
    last = last_year_of(assessment, [answer]).get(answer.pk)
    period = assessment.period
    listed = with_earlier(result_rows(period, rights_of(city.coordinator)), period)
    rows = {row.assessment: row for row in listed}
    return [
        previous.period.year if previous else None,
        last.year if last else None,
        rows[assessment].earlier.year if rows[assessment].earlier else None,
    ]


def test_it_is_the_latest_earlier_year_with_a_complete_result(assessment, city, instrument):
    assert years(assessment, city) == [None] * 3
    run(city, instrument, 2023, 2)
    assert years(assessment, city) == [2023] * 3
    run(city, instrument, 2024, 3)
    assert years(assessment, city) == [2024] * 3


@pytest.mark.parametrize("how", [{"approve": False}, {"finalise": False}])
def test_what_is_not_complete_or_not_final_is_passed_over(assessment, city, instrument, how):
    run(city, instrument, 2023, 2)
    run(city, instrument, 2025, 4, **how)
    assert years(assessment, city) == [2023] * 3


def test_a_year_that_runs_again_is_passed_over(assessment, city, instrument):
    run(city, instrument, 2023, 2)
    last = run(city, instrument, 2025, 4)
    assert years(assessment, city) == [2025] * 3
    workflow.reopen(assessment_id=last.pk, user=city.coordinator, reason="Ada bukti baru.")
    assert years(assessment, city) == [2023] * 3


def test_by_another_instrument_the_same_indicators_are_found_by_code_and_name(assessment, city):
    other = Instrument.objects.get(code="permenpanrb-59-2020")
    run(city, other, 2025, 4)
    assert years(assessment, city) == [2025, 2025, 2025]
    Period.objects.filter(year=2025).get().instrument.indicators.filter(code="1").update(name="Hal lain")
    assert years(assessment, city) == [None, None, 2025]


def test_many_assessments_take_as_many_queries_as_one(assessment, period, city, instrument, django_assert_num_queries):
    run(city, instrument, 2024, 2)
    run(city, instrument, 2025, 3)
    many = list(Assessment.objects.filter(period=period).select_related("period"))
    with django_assert_num_queries(1):
        found = results_before(many)
        assert {pk: result.assessment.period.year for pk, result in found.items()} == {assessment.pk: 2025}
    answers = list(assessment.answers.select_related("indicator"))
    with django_assert_num_queries(2):
        assert len(answers_in(found[assessment.pk], answers)) == 47
