"""Writes to people and memberships: what they change, refuse, tell the audit trail, and whose sessions they end."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import Invalid, Refused
from accounts.models import Membership, Role, User
from accounts.permissions import rights_of
from accounts.services import people
from audit.models import Event
from conftest import make_person

pytestmark = pytest.mark.django_db


def fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def rights(person: User):
    return rights_of(fresh(person))


def membership_of(person: User) -> Membership:
    return Membership.objects.get(user=person)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def inside(city) -> Client:
    """Dinkes's operator, logged in."""
    client = Client()
    client.force_login(city.operator)
    assert client.get("/sandi/").status_code == 200
    return client


def is_out(client: Client) -> bool:
    response = client.get("/sandi/")
    return response.status_code == 302 and response.url.startswith("/masuk/")


# --- Accounts --------------------------------------------------------------------------------------------


def test_a_new_person_has_a_role_and_no_password(city, today):
    person = people.create_person(
        actor=city.coordinator,
        username="baru",
        name="Orang Baru",
        position="Staf",
        email="baru@contoh.go.id",
        agency=city.dinsos,
        role=Role.OPERATOR,
        valid_from=today,
    )
    assert not person.has_usable_password()
    assert not person.is_superuser
    assert rights(person).operator_of == {city.dinsos.pk}
    made, joined = Event.objects.filter(stream=f"user:{person.pk}")
    assert (made.action, made.actor, made.after) == (
        "user.create",
        city.coordinator,
        {"username": "baru", "name": "Orang Baru", "position": "Staf", "email": "baru@contoh.go.id"},
    )
    assert (joined.action, joined.after) == (
        "membership.add",
        {"agency": "dinsos", "role": "operator", "valid_from": today.isoformat(), "valid_until": None},
    )


def test_a_refused_first_role_leaves_no_person(city, today):
    with pytest.raises(Invalid):
        people.create_person(
            actor=city.coordinator,
            username="baru",
            name="Orang Baru",
            agency=city.dinsos,
            role="raja",
            valid_from=today,
        )
    assert not User.objects.filter(username="baru").exists()
    assert not Event.objects.exists()


def test_a_username_is_taken_in_any_case(city, today):
    with pytest.raises(Invalid) as refused:
        people.create_person(
            actor=city.coordinator,
            username="Operator-Dinkes",
            name="Lain",
            agency=city.dinkes,
            role=Role.OPERATOR,
            valid_from=today,
        )
    assert list(refused.value.errors) == ["username"]
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("OPERATOR-DINKES")


def test_editing_writes_what_changed_only(city):
    details = {"username": "operator-dinkes", "name": "Nama Baru", "position": "", "email": ""}
    people.edit_person(actor=city.coordinator, person_id=city.operator.pk, details=details)
    event = Event.objects.get()
    assert event.action == "user.edit"
    assert (event.before, event.after) == ({"name": "Operator-Dinkes"}, {"name": "Nama Baru"})
    people.edit_person(actor=city.coordinator, person_id=city.operator.pk, details=details)
    assert Event.objects.count() == 1


@pytest.mark.parametrize("field", ["is_superuser", "password", "is_active", "session_serial"])
def test_editing_reaches_no_other_field(city, field):
    with pytest.raises(KeyError):
        people.edit_person(actor=city.coordinator, person_id=city.operator.pk, details={field: True})
    assert fresh(city.operator).is_superuser is False


def test_deactivating_ends_sessions_at_once_and_keeps_them_ended(city, inside):
    people.deactivate_person(actor=city.coordinator, person_id=city.operator.pk, reason=" Pensiun. ")
    assert is_out(inside)
    event = Event.objects.get()
    assert (event.action, event.before, event.after, event.reason) == (
        "user.deactivate",
        {"is_active": True},
        {"is_active": False},
        "Pensiun.",
    )
    assert rights(city.operator).operator_of == frozenset()
    people.activate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Keliru.")
    assert rights(city.operator).operator_of == {city.dinkes.pk}
    assert is_out(inside)


def test_a_session_put_aside_before_deactivating_does_not_come_back(city, inside):
    """Even one that makes no request while the account is closed."""
    people.deactivate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Pensiun.")
    people.activate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Keliru.")
    assert is_out(inside)


def test_deactivating_needs_a_reason_and_cannot_be_done_to_oneself(city):
    with pytest.raises(Invalid, match="alasan"):
        people.deactivate_person(actor=city.coordinator, person_id=city.operator.pk, reason="  ")
    with pytest.raises(Refused, match="akun sendiri"):
        people.deactivate_person(actor=city.coordinator, person_id=city.coordinator.pk, reason="Lelah.")
    with pytest.raises(Refused, match="akun sendiri"):
        people.deactivate_person(actor=city.admin, person_id=city.admin.pk, reason="Lelah.")
    assert not User.objects.filter(is_active=False).exists()
    assert not Event.objects.exists()


def test_deactivating_twice_is_one_event(city):
    for _ in range(2):
        people.deactivate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Pensiun.")
    assert Event.objects.count() == 1


# --- Who may -----------------------------------------------------------------------------------------------


WRITES = {
    "create": lambda city, actor, person: people.create_person(
        actor=actor, username="x", name="X", agency=city.dinkes, role="operator", valid_from=date(2026, 1, 1)
    ),
    "edit": lambda city, actor, person: people.edit_person(actor=actor, person_id=person.pk, details={"name": "X"}),
    "deactivate": lambda city, actor, person: people.deactivate_person(actor=actor, person_id=person.pk, reason="x"),
    "activate": lambda city, actor, person: people.activate_person(actor=actor, person_id=person.pk, reason="x"),
    "add": lambda city, actor, person: people.add_membership(
        actor=actor, person_id=person.pk, agency=city.dinsos, role="leader", valid_from=date(2026, 1, 1)
    ),
    "end": lambda city, actor, person: people.end_membership(
        actor=actor, membership_id=Membership.objects.filter(user=person).first().pk, last_day=None, reason="x"
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("who", ["operator", "other_operator", "verifier", "leader", "outsider"])
def test_only_managers_write(city, who, write):
    with pytest.raises(PermissionDenied):
        WRITES[write](city, getattr(city, who), city.operator2)
    assert not Event.objects.exists()


@pytest.mark.parametrize("write", [name for name in WRITES if name != "create"])
def test_a_coordinator_does_not_touch_an_administrator_but_another_administrator_does(city, write):
    Membership.objects.create(user=city.admin, agency=city.diskominfo, role="verifier", valid_from=date(2020, 1, 1))
    if write == "activate":
        User.objects.filter(pk=city.admin.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        WRITES[write](city, city.coordinator, city.admin)
    assert not Event.objects.exists()
    WRITES[write](city, User.objects.create_superuser("admin2", name="Admin Dua"), city.admin)
    assert Event.objects.count() == 1


# --- Memberships ---------------------------------------------------------------------------------------------


def test_a_role_counts_from_its_first_to_its_last_day(city, today):
    def given(valid_from, valid_until):
        Membership.objects.filter(user=city.outsider).delete()
        people.add_membership(
            actor=city.coordinator,
            person_id=city.outsider.pk,
            agency=city.dinkes,
            role=Role.VERIFIER,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        return rights(city.outsider).is_verifier

    day = timedelta(days=1)
    assert given(today, None)
    assert given(today, today)
    assert given(today - day, today)
    assert not given(today + day, None)
    assert not given(today - 2 * day, today - day)


def test_the_same_role_is_not_held_twice_at_one_time(city, today):
    def add(valid_from, valid_until=None, role=Role.OPERATOR, agency=city.dinkes):
        return people.add_membership(
            actor=city.coordinator,
            person_id=city.outsider.pk,
            agency=agency,
            role=role,
            valid_from=valid_from,
            valid_until=valid_until,
        )

    add(date(2026, 3, 1), date(2026, 6, 30))
    for valid_from, valid_until in [
        (date(2026, 6, 30), None),
        (date(2026, 1, 1), date(2026, 3, 1)),
        (date(2026, 4, 1), date(2026, 5, 1)),
        (date(2026, 1, 1), None),
    ]:
        with pytest.raises(Invalid, match="sudah dipegang sejak 1 Maret 2026 sampai 30 Juni 2026"):
            add(valid_from, valid_until)
    add(date(2026, 1, 1), date(2026, 2, 28))
    add(date(2026, 7, 1))
    add(date(2026, 4, 1), role=Role.VERIFIER)
    add(date(2026, 4, 1), agency=city.dinsos)
    assert Membership.objects.filter(user=city.outsider).count() == 5


def test_a_role_stays_within_its_agencys_life(city, today):
    city.dinkes.valid_from, city.dinkes.valid_until = date(2020, 1, 1), date(2026, 12, 31)
    city.dinkes.save()

    def add(valid_from, valid_until):
        people.add_membership(
            actor=city.coordinator,
            person_id=city.outsider.pk,
            agency=city.dinkes,
            role=Role.OPERATOR,
            valid_from=valid_from,
            valid_until=valid_until,
        )

    for valid_from, valid_until, field in [
        (date(2019, 12, 31), date(2020, 5, 1), "valid_from"),
        (date(2026, 1, 1), None, "valid_until"),
        (date(2026, 1, 1), date(2027, 1, 1), "valid_until"),
        (date(2027, 1, 1), None, "agency"),
        (date(2026, 2, 1), date(2026, 1, 1), "valid_until"),
    ]:
        with pytest.raises(Invalid) as refused:
            add(valid_from, valid_until)
        assert list(refused.value.errors) == [field]
    add(date(2020, 1, 1), date(2026, 12, 31))


def test_taking_a_role_away_ends_right_and_sessions_at_once(city, inside, today):
    people.end_membership(
        actor=city.coordinator, membership_id=membership_of(city.operator).pk, last_day=None, reason="Mutasi."
    )
    assert is_out(inside)
    assert not rights(city.operator).is_operator
    yesterday = today - timedelta(days=1)
    assert membership_of(city.operator).valid_until == yesterday
    event = Event.objects.get()
    assert (event.action, event.actor, event.stream, event.reason) == (
        "membership.end",
        city.coordinator,
        f"user:{city.operator.pk}",
        "Mutasi.",
    )
    assert (event.before, event.after) == ({"valid_until": None}, {"valid_until": yesterday.isoformat()})


def test_one_persons_end_is_nobody_elses(city, inside):
    people.end_membership(
        actor=city.coordinator, membership_id=membership_of(city.operator2).pk, last_day=None, reason="Mutasi."
    )
    assert not is_out(inside)


def test_a_last_day_to_come_keeps_right_and_session_till_then(city, inside, today):
    membership = membership_of(city.operator)
    people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=today, reason="Mutasi.")
    assert not is_out(inside)
    assert rights(city.operator).is_operator
    later = today + timedelta(days=30)
    people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=later, reason="Diundur.")
    assert membership_of(city.operator).valid_until == later


def test_a_role_taken_away_on_its_first_day_leaves_its_event(city, today):
    person = make_person("sebentar")
    membership = Membership.objects.create(user=person, agency=city.dinkes, role="operator", valid_from=today)
    client = Client()
    client.force_login(person)
    people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=None, reason="Salah pilih.")
    assert not Membership.objects.filter(user=person).exists()
    assert is_out(client)
    event = Event.objects.get()
    assert (event.action, event.reason, event.after) == ("membership.withdraw", "Salah pilih.", {})
    assert event.before == {
        "agency": "dinkes",
        "role": "operator",
        "valid_from": today.isoformat(),
        "valid_until": None,
    }


def test_an_ended_role_is_not_ended_again(city, today):
    membership = membership_of(city.operator)
    people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=None, reason="Mutasi.")
    with pytest.raises(Refused, match="sudah berakhir pada"):
        people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=None, reason="Lagi.")


def test_the_last_day_is_not_before_the_first(city):
    with pytest.raises(Invalid, match="baru berlaku sejak 1 Januari 2020"):
        people.end_membership(
            actor=city.coordinator,
            membership_id=membership_of(city.operator).pk,
            last_day=date(2019, 12, 31),
            reason="x",
        )


def test_nobody_ends_their_own_last_coordinator_role(city, today):
    own = membership_of(city.coordinator)
    for last_day in (None, today + timedelta(days=365)):
        with pytest.raises(Refused, match="koordinator Anda satu-satunya"):
            people.end_membership(actor=city.coordinator, membership_id=own.pk, last_day=last_day, reason="Cukup.")
    Membership.objects.create(user=city.coordinator, agency=city.dinsos, role="coordinator", valid_from=today)
    people.end_membership(actor=city.coordinator, membership_id=own.pk, last_day=None, reason="Pindah.")
    assert rights(city.coordinator).coordinator_at == {city.dinsos.pk}


def test_another_coordinator_ends_it(city):
    other = make_person("koordinator2", (Role.COORDINATOR, city.dinsos))
    people.end_membership(
        actor=other, membership_id=membership_of(city.coordinator).pk, last_day=None, reason="Mutasi."
    )
    assert not rights(city.coordinator).is_coordinator


# --- Rights ---------------------------------------------------------------------------------------------------


def test_rights_are_the_union_of_current_roles_and_cost_one_query(city, django_assert_num_queries):
    person = make_person("rangkap", (Role.OPERATOR, city.dinkes), (Role.VERIFIER, city.diskominfo))
    Membership.objects.create(
        user=person, agency=city.dinsos, role="leader", valid_from=date(2020, 1, 1), valid_until=date(2020, 12, 31)
    )
    with django_assert_num_queries(1):
        held = rights_of(person)
        rights_of(person)
    assert (held.operator_of, held.verifier_at) == ({city.dinkes.pk}, {city.diskominfo.pk})
    assert not held.is_leader
    assert held.member_of == {city.dinkes.pk, city.diskominfo.pk}
