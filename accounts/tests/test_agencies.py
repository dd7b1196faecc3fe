"""Writes to agencies: rings, ends, successors and the roles that end with them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import Invalid, Refused
from accounts.models import Agency, Membership, Role, User
from accounts.permissions import rights_of
from accounts.services import agencies
from audit.models import Event
from conftest import make_person

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def end(city, agency, last_day, successor=None, actor=None, reason="Perda 5 Tahun 2026."):
    return agencies.end_agency(
        actor=actor or city.coordinator, agency_id=agency.pk, last_day=last_day, successor=successor, reason=reason
    )


def edit(city, agency, **details):
    return agencies.edit_agency(actor=city.coordinator, agency_id=agency.pk, details=details)


def test_creating_writes_the_agency_and_its_event(city):
    made = agencies.create_agency(
        actor=city.coordinator,
        slug="bag-org",
        name="Bagian Organisasi",
        short_name="Bag. Organisasi",
        kind="bagian",
        parent=city.diskominfo,
        valid_from=date(2025, 1, 1),
    )
    event = Event.objects.get()
    assert (event.action, event.stream) == ("agency.create", f"agency:{made.pk}")
    assert event.after == {
        "slug": "bag-org",
        "name": "Bagian Organisasi",
        "short_name": "Bag. Organisasi",
        "kind": "bagian",
        "parent": city.diskominfo.pk,
        "valid_from": "2025-01-01",
    }


@pytest.mark.parametrize(("name", "slug", "field"), [("dinas KESEHATAN", "lain", "name"), ("Lain", "dinkes", "slug")])
def test_name_and_code_are_taken_once(city, name, slug, field):
    with pytest.raises(Invalid) as refused:
        agencies.create_agency(
            actor=city.coordinator, slug=slug, name=name, short_name="X", kind="dinas", valid_from=date(2025, 1, 1)
        )
    assert list(refused.value.errors) == [field]
    assert Agency.objects.count() == 3


def test_a_short_name_is_given_once_among_agencies_that_last(city, today):
    def create(number: int) -> Agency:
        return agencies.create_agency(
            actor=city.coordinator,
            slug=f"baru-{number}",
            name=f"Dinas Kesehatan {number}",
            short_name="DINKES",
            kind="dinas",
            valid_from=today,
        )

    taken = {"short_name": "Nama singkat ini sudah dipakai Dinas Kesehatan. Pilih yang lain."}
    with pytest.raises(Invalid) as refused:
        create(1)
    assert refused.value.errors == taken
    with pytest.raises(Invalid) as refused:
        edit(city, city.dinsos, short_name="dinkes")
    assert refused.value.errors == taken
    Agency.objects.filter(pk=city.dinkes.pk).update(valid_until=today - DAY)
    assert create(2).short_name == "DINKES"


def test_editing_writes_what_changed_only(city):
    edit(city, city.dinkes, name="Dinas Kesehatan", short_name="Dinkes Kota", kind="dinas", parent=None)
    event = Event.objects.get()
    assert (event.action, event.before, event.after) == (
        "agency.edit",
        {"short_name": "Dinkes"},
        {"short_name": "Dinkes Kota"},
    )


def test_no_ring_of_parents(city):
    edit(city, city.dinsos, parent=city.dinkes)
    edit(city, city.diskominfo, parent=city.dinsos)
    for child in (city.dinkes, city.dinsos, city.diskominfo):
        with pytest.raises(Invalid, match="tidak dapat menjadi induknya"):
            edit(city, city.dinkes, parent=child)
    edit(city, city.diskominfo, parent=city.dinkes)
    assert Agency.objects.get(pk=city.diskominfo.pk).parent == city.dinkes


def test_no_ring_of_successors(city, today):
    end(city, city.dinkes, today + DAY, successor=city.dinsos)
    with pytest.raises(Invalid, match="tidak dapat menjadi penerusnya"):
        end(city, city.dinsos, today + DAY, successor=city.dinkes)
    with pytest.raises(Invalid, match="tidak dapat menjadi penerusnya"):
        end(city, city.dinsos, today + DAY, successor=city.dinsos)


def test_the_database_refuses_an_agency_as_its_own_parent_or_successor(city):
    for field in ("parent", "successor"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agency.objects.filter(pk=city.dinkes.pk).update(**{field: city.dinkes})


def test_an_end_takes_its_roles_and_sessions_along(city, today):
    inside, elsewhere = Client(), Client()
    inside.force_login(city.operator)
    elsewhere.force_login(city.other_operator)
    end(city, city.dinkes, today - DAY, successor=city.dinsos)
    ended = Agency.objects.get(pk=city.dinkes.pk)
    assert (ended.valid_until, ended.successor) == (today - DAY, city.dinsos)
    assert set(Membership.objects.filter(agency=city.dinkes).values_list("valid_until", flat=True)) == {today - DAY}
    assert inside.get("/sandi/").status_code == 302
    assert elsewhere.get("/sandi/").status_code == 200
    assert sorted(Event.objects.values_list("action", "stream")) == sorted(
        [
            ("agency.end", f"agency:{city.dinkes.pk}"),
            ("membership.end", f"user:{city.operator.pk}"),
            ("membership.end", f"user:{city.operator2.pk}"),
        ]
    )
    assert Event.objects.filter(reason__contains="Perda 5 Tahun 2026.").count() == 3


def test_an_end_to_come_keeps_rights_till_then(city, today):
    inside = Client()
    inside.force_login(city.operator)
    end(city, city.dinkes, today + DAY)
    assert inside.get("/sandi/").status_code == 200
    assert rights_of(User.objects.get(pk=city.operator.pk)).is_operator
    assert Membership.objects.get(user=city.operator).valid_until == today + DAY


def test_roles_that_ended_before_stay_as_they_were(city, today):
    Membership.objects.filter(user=city.operator).update(valid_until=today - 10 * DAY)
    end(city, city.dinkes, today - 20 * DAY)
    assert Membership.objects.get(user=city.operator).valid_until == today - 10 * DAY
    assert Membership.objects.get(user=city.operator2).valid_until == today - 20 * DAY


def test_nobody_ends_their_own_last_coordinator_role_with_the_agency(city, today):
    with pytest.raises(Refused, match="Peran koordinator Anda sendiri"):
        end(city, city.diskominfo, today)
    assert Agency.objects.get(pk=city.diskominfo.pk).valid_until is None
    assert not Event.objects.exists()
    end(city, city.diskominfo, today, actor=city.admin)


def test_an_end_is_not_before_the_beginning_and_has_a_reason(city):
    with pytest.raises(Invalid, match="baru berlaku sejak 1 Januari 2000"):
        end(city, city.dinkes, date(1999, 12, 31))
    with pytest.raises(Invalid, match="alasan"):
        end(city, city.dinkes, date(2026, 12, 31), reason=" ")
    Agency.objects.filter(pk=city.dinkes.pk).update(valid_until=date(2026, 1, 31))
    with pytest.raises(Invalid, match="berakhir pada 31 Januari 2026"):
        edit(city, city.dinkes, valid_from=date(2026, 2, 1))


def test_an_end_is_taken_back_without_the_roles(city, today):
    end(city, city.dinkes, today - DAY, successor=city.dinsos)
    agencies.reinstate_agency(actor=city.coordinator, agency_id=city.dinkes.pk, reason="Keliru.")
    agency = Agency.objects.get(pk=city.dinkes.pk)
    assert (agency.valid_until, agency.successor) == (None, None)
    assert not Membership.objects.current().filter(agency=city.dinkes).exists()
    assert Event.objects.last().action == "agency.reinstate"


def test_only_managers_write(city, today):
    member = make_person("campuran", (Role.VERIFIER, city.diskominfo), (Role.LEADER, city.dinkes))
    for actor in (city.operator, city.verifier, city.leader, city.outsider, member):
        for write in (
            lambda actor=actor: edit_as(actor),
            lambda actor=actor: end(city, city.dinkes, today, actor=actor),
            lambda actor=actor: agencies.reinstate_agency(actor=actor, agency_id=city.dinkes.pk, reason="x"),
            lambda actor=actor: agencies.create_agency(
                actor=actor, slug="x", name="X", short_name="X", kind="dinas", valid_from=today
            ),
        ):
            with pytest.raises(PermissionDenied):
                write()
    assert not Event.objects.exists()


def edit_as(actor: User) -> None:
    agencies.edit_agency(actor=actor, agency_id=Agency.objects.get(slug="dinkes").pk, details={"name": "X"})
