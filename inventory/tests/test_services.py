"""Writing applications: what is stored, what is refused, what the events say."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import Invalid, Refused, Stale
from audit.models import Event
from conftest import together
from inventory import services
from inventory.models import Application

FACTS = {
    "name": "e-Surat",
    "purpose": "Surat masuk",
    "kind": "administrasi",
    "category": "kearsipan",
    "status": "aktif",
    "last_used": 2026,
    "hosting": "server_opd",
}


@pytest.fixture
def asked(instrument):
    return {indicator.code: indicator for indicator in instrument.indicators.all()}


@pytest.fixture
def application(city, asked):
    return services.create_application(
        actor=city.operator, agency=city.dinkes, facts=FACTS, indicators=[asked["37"], asked["18"]]
    )


def last_event():
    return Event.objects.order_by("-id").first()


def test_a_new_application_and_its_event(application, city):
    event = last_event()
    assert (event.action, event.stream, event.actor, event.on_behalf_of) == (
        "application.create",
        f"application:{application.pk}",
        city.operator,
        None,
    )
    assert event.after["indicators"] == ["18", "37"]  # in the instrument's order
    assert event.after["last_used"] == 2026
    assert application.version == 1


def test_a_coordinator_acts_on_the_agencys_behalf(application, city):
    services.edit_application(actor=city.coordinator, application_id=application.pk, facts={"users": "Pegawai"})
    event = last_event()
    assert (event.action, event.on_behalf_of) == ("application.edit", city.dinkes)
    assert (event.before, event.after) == ({"users": ""}, {"users": "Pegawai"})


def test_an_edit_counts_the_version_and_says_what_changed(application, city, asked):
    edited = services.edit_application(
        actor=city.operator,
        application_id=application.pk,
        facts={**FACTS, "status": "tidak_aktif"},
        indicators=[asked["37"]],
        version=1,
    )
    assert (edited.version, edited.changed_by) == (2, city.operator)
    event = last_event()
    assert event.before == {"status": "aktif", "indicators": ["18", "37"]}
    assert event.after == {"status": "tidak_aktif", "indicators": ["37"]}
    assert list(edited.indicators.values_list("code", flat=True)) == ["37"]


def test_a_save_over_an_older_version_is_refused_and_the_same_save_sent_twice_is_not(application, city):
    for _ in range(2):
        services.edit_application(
            actor=city.operator, application_id=application.pk, facts={"users": "Pegawai"}, version=1
        )
    with pytest.raises(Stale) as refused:
        services.edit_application(
            actor=city.operator2, application_id=application.pk, facts={"users": "Warga"}, version=1
        )
    assert refused.value.current.users == "Pegawai"
    assert Event.objects.filter(action="application.edit").count() == 1


@pytest.mark.parametrize("name", ["e-Surat", "E-SURAT"])
def test_a_name_stands_once_in_an_agency_whatever_its_letters(application, city, name):
    with pytest.raises(Invalid) as refused:
        services.create_application(actor=city.operator, agency=city.dinkes, facts={**FACTS, "name": name})
    assert set(refused.value.errors) == {"name"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.create(agency=city.dinkes, changed_by=city.operator, **{**FACTS, "name": name})
    services.create_application(actor=city.other_operator, agency=city.dinsos, facts={**FACTS, "name": name})


@pytest.mark.parametrize(
    "nonsense",
    [
        {"kind": "lain"},
        {"category": "apa saja"},
        {"status": "mungkin"},
        {"hosting": "awan"},
        {"last_used": 26},
        {"name": ""},
        {"purpose": ""},
        {"is_candidate": True},
        {"candidate_note": "Tanpa tanda."},
    ],
)
def test_the_database_refuses_nonsense(city, nonsense):
    Application.objects.create(agency=city.dinkes, changed_by=city.operator, **FACTS).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.create(agency=city.dinkes, changed_by=city.operator, **{**FACTS, **nonsense})


def test_removing_needs_a_reason_and_leaves_all_of_it_in_the_event(application, city):
    with pytest.raises(Invalid):
        services.remove_application(actor=city.operator, application_id=application.pk, reason=" ")
    services.edit_application(actor=city.operator, application_id=application.pk, facts={"users": "Pegawai"})
    with pytest.raises(Stale):
        services.remove_application(actor=city.operator, application_id=application.pk, reason="Salah.", version=1)
    services.remove_application(actor=city.operator, application_id=application.pk, reason="Salah.", version=2)
    assert Application.objects.count() == 0
    event = last_event()
    assert (event.action, event.reason, event.subject_label) == ("application.remove", "Salah.", "e-Surat")
    assert event.before["indicators"] == ["18", "37"]
    with pytest.raises(Refused):
        services.remove_application(actor=city.operator, application_id=application.pk, reason="Salah.")


def test_saying_that_it_is_right_counts_once_a_day(application, city):
    Application.objects.update(checked_at=timezone.now() - timedelta(days=400))
    for _ in range(2):
        services.confirm_application(actor=city.operator, application_id=application.pk)
    application.refresh_from_db()
    assert not application.is_unchecked
    assert application.version == 1
    assert Event.objects.filter(action="application.confirm").count() == 1


def test_saving_without_a_change_says_that_it_is_right(application, city):
    Application.objects.update(checked_at=timezone.now() - timedelta(days=400))
    services.edit_application(actor=city.operator, application_id=application.pk, facts=FACTS, version=1)
    assert last_event().action == "application.confirm"


def test_a_mark_has_a_note_and_can_be_taken_away(application, city):
    with pytest.raises(Invalid):
        services.mark_candidate(actor=city.coordinator, application_id=application.pk, is_candidate=True, note="")
    for _ in range(2):
        marked = services.mark_candidate(
            actor=city.coordinator, application_id=application.pk, is_candidate=True, note="Ke SRIKANDI."
        )
    assert (marked.candidate_by, marked.candidate_note) == (city.coordinator, "Ke SRIKANDI.")
    services.mark_candidate(actor=city.coordinator, application_id=application.pk, is_candidate=False)
    application.refresh_from_db()
    assert (application.is_candidate, application.candidate_note, application.candidate_by) == (False, "", None)
    acts = Event.objects.filter(action__in=["application.mark", "application.unmark"])
    assert [(event.action, event.on_behalf_of) for event in acts] == [
        ("application.mark", None),
        ("application.unmark", None),
    ]


def test_an_unknown_field_is_a_mistake_of_the_caller(application, city):
    with pytest.raises(KeyError):
        services.edit_application(actor=city.operator, application_id=application.pk, facts={"is_candidate": True})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_same_name_at_once_one_is_told(city):
    def add(person):
        return lambda: services.create_application(actor=person, agency=city.dinkes, facts=FACTS)

    outcomes = together(add(city.operator), add(city.operator2))
    assert Application.objects.count() == 1
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Application", "Invalid"]
