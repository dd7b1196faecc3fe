"""Who may have whose report: role x own or other x state."""

import pytest

from accounts.permissions import Rights
from assessments.models import Assessment
from assessments.models import Status as AssessmentStatus
from reports import permissions
from reports.models import ReportJob

OWN, OTHER = 1, 2
PEOPLE = {
    "operator": Rights(operator_of=frozenset({OWN})),
    "operator of another agency": Rights(operator_of=frozenset({OTHER})),
    "verifier of the agency": Rights(verifier_at=frozenset({OWN})),
    "verifier": Rights(verifier_at=frozenset({OTHER})),
    "coordinator": Rights(coordinator_at=frozenset({OTHER})),
    "leader": Rights(leader_at=frozenset({OTHER})),
    "administrator": Rights(is_superuser=True),
    "nobody": Rights(),
}
ALL = {"draft", "submitted", "returned", "approved", "final", "cancelled"}
HANDED_IN = {"submitted", "returned", "approved", "final"}
MAY = {
    "operator": ALL,
    "operator of another agency": set(),
    "verifier of the agency": ALL,
    "verifier": HANDED_IN,
    "coordinator": ALL,
    "leader": HANDED_IN,
    "administrator": set(),
    "nobody": set(),
}


@pytest.mark.parametrize("person", PEOPLE)
def test_who_may_request_and_open_a_report(person):
    for state in AssessmentStatus.values:
        assessment = Assessment(agency_id=OWN, status=state)
        job = ReportJob(assessment=assessment, data_status=state)
        assert (state, permissions.can_request(PEOPLE[person], assessment)) == (state, state in MAY[person])
        assert (state, permissions.can_open(PEOPLE[person], job)) == (state, state in MAY[person])


@pytest.mark.parametrize("person", ["verifier", "leader"])
def test_a_report_made_of_a_draft_stays_with_the_agency_after_it_was_handed_in(person):
    job = ReportJob(assessment=Assessment(agency_id=OWN, status="submitted"), data_status="draft")
    assert permissions.can_open(PEOPLE[person], job) is False
    assert permissions.can_open(PEOPLE["operator"], job) is True
    assert permissions.can_open(PEOPLE["coordinator"], job) is True


def test_every_state_and_person_is_in_the_table():
    assert set(AssessmentStatus.values) == ALL
    assert set(MAY) == set(PEOPLE)


@pytest.mark.django_db
def test_the_visible_set_is_what_can_be_opened(submitted, city, sent):
    from accounts.permissions import rights_of
    from reports import services

    services.request_agency_report(submitted.pk, city.operator)
    for data_status in AssessmentStatus.values:
        for state in ("draft", "submitted", "approved", "cancelled"):
            ReportJob.objects.update(data_status=data_status)
            Assessment.objects.filter(pk=submitted.pk).update(status=state, approved_at=submitted.submitted_at)
            job = ReportJob.objects.select_related("assessment").get()
            for person in vars(city).values():
                if not hasattr(person, "username"):
                    continue
                rights = rights_of(person)
                seen = ReportJob.objects.visible_to(rights).exists()
                assert (person.username, data_status, state, seen) == (
                    person.username,
                    data_status,
                    state,
                    permissions.can_open(rights, job),
                )
