"""Events: written with their change, trimmed to what changed, never touched again."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError

from audit.models import Event
from audit.services import record

# Events know nothing of the apps above them; only this test needs something to happen to.
Agency = apps.get_model("accounts", "Agency")
User = get_user_model()


@pytest.fixture
def actor(db) -> AbstractBaseUser:
    return User.objects.create_user("pelaku", name="Pelaku")


@pytest.fixture
def agency(db) -> Model:
    return Agency.objects.create(slug="dinkes", name="Dinas Kesehatan", short_name="Dinkes", kind="dinas")


def test_an_event_holds_who_what_before_after_why(actor, agency):
    event = record(
        "agency.edit",
        agency,
        actor=actor,
        on_behalf_of=agency,
        before={"name": "Lama", "kind": "dinas"},
        after={"name": "Dinas Kesehatan", "kind": "dinas"},
        reason="Perda.",
    )
    event = Event.objects.get(pk=event.pk)
    assert (event.actor, event.on_behalf_of, event.reason) == (actor, agency, "Perda.")
    assert (event.stream, event.subject_type, event.subject_id) == (
        f"agency:{agency.pk}",
        "accounts.agency",
        str(agency.pk),
    )
    assert event.subject_label == "Dinas Kesehatan"
    assert (event.before, event.after) == ({"name": "Lama"}, {"name": "Dinas Kesehatan"})


def test_the_stream_can_be_anothers(actor, agency):
    assert record("x.y", agency, actor=actor, stream="period:7").stream == "period:7"


def test_fields_of_one_side_only_are_kept(actor, agency):
    event = record("x.y", agency, actor=actor, before={"gone": 1, "same": None}, after={"new": 2, "same": None})
    assert (event.before, event.after) == ({"gone": 1}, {"new": 2})


def test_values_become_plain_and_exact(actor, agency):
    event = record(
        "x.y",
        agency,
        actor=actor,
        after={
            "index": Decimal("3.605"),
            "day": date(2026, 11, 30),
            "moment": datetime(2026, 11, 30, 9, tzinfo=UTC),
            "agency": agency,
            "many": (agency, Decimal("1.0")),
            "level": 3,
            "none": None,
        },
    )
    assert Event.objects.get(pk=event.pk).after == {
        "index": "3.605",
        "day": "2026-11-30",
        "moment": "2026-11-30T09:00:00+00:00",
        "agency": agency.pk,
        "many": [agency.pk, "1.0"],
        "level": 3,
        "none": None,
    }


def test_a_long_text_enters_as_digest_and_difference(actor, agency):
    before = "Fakta. " * 100
    event = record("x.y", agency, actor=actor, before={"fact": before}, after={"fact": before + "Tambahan."})
    assert event.after["fact"]["added"] == "Tambahan."
    assert before not in f"{event.before}{event.after}"


def test_a_very_long_label_is_cut(actor):
    agency = Agency(pk=9, name="x" * 400)
    assert len(record("x.y", agency, actor=actor).subject_label) == 300


def test_an_event_goes_with_its_change(actor, agency):
    def change():
        record("agency.create", agency, actor=actor)
        Agency.objects.create(slug="dinkes", name="Lain", short_name="Lain", kind="dinas")

    with pytest.raises(IntegrityError), transaction.atomic():
        change()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        record("x.y", Agency(pk=1, name="X"), actor=None)
    assert not Event.objects.exists()


def test_an_event_is_never_changed_or_deleted_through_its_row(actor, agency):
    event = record("x.y", agency, actor=actor)
    event.reason = "lain"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    assert Event.objects.get().reason == ""


def test_events_outlive_people_and_agencies(actor, agency):
    record("x.y", actor, actor=actor, on_behalf_of=agency)
    for thing in (actor, agency):
        with pytest.raises(ProtectedError):
            thing.delete()
