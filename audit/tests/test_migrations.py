"""Events from before the chain are chained, and the triggers are there whatever a migration does to the tables."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit import triggers
from audit.models import Chain, Event
from audit.verification import verify

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_every_migration_the_triggers_are_there():
    assert triggers.missing(connection) == []


@pytest.fixture
def before_the_chain():
    call_command("migrate", "audit", "0002", verbosity=0)
    yield MigrationExecutor(connection).loader.project_state([("audit", "0002_event_time_can_be_given")]).apps
    call_command("migrate", "audit", verbosity=0)


def test_events_from_before_the_chain_are_linked_in_the_order_they_were_written(before_the_chain):
    actor = get_user_model().objects.create_user("pelaku", name="Pelaku")
    agency = apps.get_model("accounts", "Agency").objects.create(
        slug="dinkes", name="Dinas Kesehatan", short_name="Dinkes", kind="dinas"
    )
    Old = before_the_chain.get_model("audit", "Event")
    Old.objects.bulk_create(
        Old(
            action="x.y",
            actor_id=actor.pk,
            on_behalf_of_id=agency.pk,
            stream=f"agency:{number % 2}",
            subject_type="a.b",
            subject_id=str(number),
            after={"b": number, "a": "é"},
        )
        for number in range(2101)
    )
    call_command("migrate", "audit", verbosity=0)
    verdict = verify()
    assert verdict.problems == ()
    assert (verdict.events, dict(Chain.objects.values_list("stream", "count"))) == (
        2101,
        {"agency:0": 1051, "agency:1": 1050},
    )
    ids = Event.objects.filter(stream="agency:1").order_by("position").values_list("id", flat=True)
    assert list(ids) == sorted(ids)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite alone rebuilds tables")
@pytest.mark.parametrize("name", ["Event", "Chain", "Anchor"])
def test_a_table_that_is_rebuilt_has_its_triggers_again(name):
    with connection.schema_editor() as editor:
        editor._remake_table(apps.get_model("audit", name))
    assert triggers.missing(connection) == sorted(triggers._sqlite(f"audit_{name.lower()}"))
    call_command("migrate", "audit", verbosity=0)
    assert triggers.missing(connection) == []


def test_clearing_the_tables_after_a_test_leaves_the_triggers_in_place():
    with triggers.lifted(connection):
        assert len(triggers.missing(connection)) == 9
    assert triggers.missing(connection) == []
