"""The daily watch over the audit trail."""

import logging

import pytest
from django.db import connection

from accounts.models import Notification
from audit import triggers
from audit.models import Anchor, Event, Verification
from audit.services import record
from spbe_portal import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(city):
    return [record("agency.edit", city.dinkes, actor=city.coordinator, reason=f"{n}") for n in range(3)]


def test_a_whole_trail_is_anchored_and_nobody_is_bothered(written):
    tasks.watch_the_trail()
    tasks.watch_the_trail()
    assert Anchor.objects.count() == 1
    assert [(kept.events, kept.problem_count) for kept in Verification.objects.all()] == [(3, 0), (3, 0)]
    assert not Notification.objects.exists()


def test_what_is_wrong_is_told_to_coordinators_and_administrators_once_a_day(written, city, caplog):
    with triggers.lifted(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id = %s", [written[1].pk])
    with caplog.at_level(logging.ERROR):
        tasks.watch_the_trail()
    tasks.watch_the_trail()
    assert "kejadian nomor 2 dihapus" in caplog.text
    told = Notification.objects.order_by("user__username")
    assert [notification.user for notification in told] == [city.admin, city.coordinator]
    assert told[0].title == "Jejak audit tidak utuh: 1 masalah"
    assert f"agency:{city.dinkes.pk}: kejadian nomor 2 dihapus" in told[0].text
    assert [notification.path for notification in told] == ["", "/jejak-audit/"]  # the trail is not an administrator's
    assert Verification.objects.latest("at").problem_count == 1
    assert Event.objects.count() == 2
