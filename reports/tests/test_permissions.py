"""Who may have whose report: role x own or other x state."""

import pytest

from accounts.permissions import Rights
from assessments.models import Assessment, Period
from assessments.models import Status as AssessmentStatus
from reports import permissions
from reports.kinds import KINDS
from reports.models import OF_THE_GOVERNMENT, ReportJob

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


SEES_PEMDA = {"verifier of the agency", "verifier", "coordinator", "leader"}


@pytest.mark.parametrize("person", PEOPLE)
def test_who_may_have_reports_of_the_government(person):
    for state in Period.Status.values:
        may = person in SEES_PEMDA and state in ("open", "final")
        assert (state, permissions.can_request_period(PEOPLE[person], Period(status=state))) == (state, may)
        assert (state, permissions.can_request_minutes(PEOPLE[person], Period(status=state))) == (state, may)
    assert not permissions.can_request_minutes(PEOPLE[person], Period(status="final", is_imported=True))
    assert permissions.can_request_periods(PEOPLE[person]) == (person in SEES_PEMDA)
    for kind in OF_THE_GOVERNMENT:
        assert permissions.can_open(PEOPLE[person], ReportJob(kind=kind)) == (person in SEES_PEMDA)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_national_package_is_the_coordinators(person):
    is_coordinator = PEOPLE[person].is_coordinator
    for state in Period.Status.values:
        may = is_coordinator and state in ("open", "final")
        assert (state, permissions.can_request_package(PEOPLE[person], Period(status=state))) == (state, may)
    imported = Period(status="final", is_imported=True)
    assert not permissions.can_request_package(PEOPLE[person], imported)
    package = ReportJob(kind=ReportJob.Kind.PACKAGE, requested_by_id=PEOPLE[person].user_id)
    assert permissions.can_open(PEOPLE[person], package) == is_coordinator
    assert permissions.can_cancel(PEOPLE[person], package) == is_coordinator


@pytest.mark.parametrize("person", PEOPLE)
def test_a_batch_is_its_requesters_and_the_coordinators(person):
    rights = PEOPLE[person]
    mine, others = (ReportJob(kind="batch", requested_by_id=user) for user in (rights.user_id, 77))
    assert permissions.can_open(rights, mine) == (person in SEES_PEMDA)
    assert permissions.can_open(rights, others) == (person == "coordinator")


@pytest.mark.parametrize("person", PEOPLE)
def test_who_asked_or_coordinates_may_stop(person):
    rights = PEOPLE[person]
    for job in (
        ReportJob(kind="batch", requested_by_id=rights.user_id),
        ReportJob(kind="pemda", requested_by_id=rights.user_id),
    ):
        assert permissions.can_cancel(rights, job) == (person in SEES_PEMDA)
    others = ReportJob(kind="agency", assessment=Assessment(agency_id=OWN, status="final"), data_status="final")
    others.requested_by_id = 77
    assert permissions.can_cancel(rights, others) == (person == "coordinator")


def test_every_kind_has_a_rule_and_the_database_knows_the_same():
    assert {*KINDS, "batch", "package"} == set(ReportJob.Kind.values)
    assert set(OF_THE_GOVERNMENT) == {kind.value for kind in KINDS.values() if not kind.of_assessment}
    assert len({kind.prefix for kind in KINDS.values()}) == len(KINDS)
    for kind in KINDS.values():
        for name in ("sources", "document", "render_pdf", "write_xlsx"):
            assert callable(getattr(kind.maker, name))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", OF_THE_GOVERNMENT)
def test_reports_of_the_government_are_seen_by_those_who_see_its_figures(period, city, kind):
    from accounts.permissions import rights_of

    ReportJob.objects.create(
        code="LKP-2026-AAAA-AAAA", kind=kind, period=period, key="k", is_draft=True, queued_at=period.opened_at
    )
    seen = {
        name
        for name, person in vars(city).items()
        if hasattr(person, "username") and ReportJob.objects.visible_to(rights_of(person)).exists()
    }
    assert seen == {"verifier", "verifier2", "coordinator", "leader"}
