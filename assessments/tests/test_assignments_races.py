"""Assigning beside other work, on two real connections. Row locks exist on PostgreSQL only."""

import pytest

from accounts.models import Agency
from assessments.errors import NotReady, Refused, Stale
from assessments.models import Answer, Assessment, Assignment
from assessments.services import answers as answer_services
from assessments.services import periods as period_services
from assessments.services.assignments import Plan, set_assignments
from conftest import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def assign(period, city, *changes, **more):
    return lambda: set_assignments(period_id=period.pk, user=city.coordinator, changes=changes, **more)


def test_what_is_saved_is_never_taken_away_and_what_is_taken_away_is_not_saved(assessment, period, city):
    def save():
        try:
            return answer_services.save_answer(
                assessment_id=assessment.pk, code="1", user=city.operator, version=1, changes={"fact": "Ada."}
            )
        except Answer.DoesNotExist:
            return None

    removed, saved = together(assign(period, city, (city.dinkes.pk, "1", None)), save)
    stored = Answer.objects.filter(assessment=assessment, indicator__code="1")
    if isinstance(removed, Plan):
        assert saved is None
        assert not stored.exists()
    else:
        assert isinstance(removed, NotReady)
        assert stored.get().fact == "Ada."
    assessment.refresh_from_db()
    assert assessment.assigned_count == assessment.answers.count()
    assert Assignment.objects.filter(period=period, agency=city.dinkes).count() == assessment.assigned_count


def test_two_people_on_one_cell_keep_one_and_tell_the_other(assessment, period, city):
    cell = (city.dinkes.pk, "1")
    outcomes = together(
        assign(period, city, (*cell, "pic"), expected={cell: "support"}),
        assign(period, city, (*cell, None), expected={cell: "support"}),
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Plan", "Stale"]


def test_an_agency_that_joins_twice_gets_one_assessment(period, city):
    late = Agency.objects.create(slug="bappeda", name="Badan Perencanaan", short_name="Bappeda", kind="badan")
    present = list(Agency.objects.filter(assignments__period=period).distinct())
    outcomes = together(
        assign(period, city, (late.pk, "13", "pic")),
        lambda: period_services.edit_period(
            period_id=period.pk, user=city.coordinator, details={}, agencies=[*present, late]
        ),
    )
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) <= 1
    assert all(isinstance(outcome, Stale) for outcome in outcomes if isinstance(outcome, Refused))
    made = Assessment.objects.get(period=period, agency=late)
    assert made.assigned_count == made.answers.count() == Assignment.objects.filter(agency=late).count()
