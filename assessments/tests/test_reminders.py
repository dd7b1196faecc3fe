"""Reminders of follow-ups: on which days, to whom, and never twice."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, Membership, Notification, NotificationChoice, Role
from assessments import reminders
from assessments.models import FollowUp
from assessments.tasks import remind_of_follow_ups
from conftest import make_person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


@pytest.fixture
def addressed(city):
    """Dinkes's two operators and Dinsos's have an address."""
    for person in (city.operator, city.operator2, city.other_operator):
        person.email = f"{person.username}@kota.example"
        person.save(update_fields=["email"])
    return city


def due(period, city, days: int, *, agency=None, **fields) -> FollowUp:
    """Dinkes's open follow-up that is due `days` after TODAY, written past the services."""
    given = {
        "period": period,
        "agency": agency or city.dinkes,
        "indicator": period.instrument.indicators.get(code="12"),
        "text": f"Dalam {days} hari.",
        "due_on": TODAY + timedelta(days=days),
        "created_by": city.coordinator,
        "created_at": period.opened_at,
    }
    return FollowUp.objects.create(**given | fields)


def told() -> list[Notification]:
    return list(Notification.objects.filter(key__startswith="followup.remind").select_related("user"))


def to() -> list[str]:
    return sorted(row.user.username for row in told())


@pytest.mark.parametrize(
    ("days", "is_sent"),
    [(8, False), (7, True), (6, False), (4, False), (3, True), (2, False), (1, True), (0, True), (-1, True)],
)
def test_the_days_before_and_after(period, addressed, days, is_sent):
    due(period, addressed, days)
    assert reminders.send_reminders(TODAY) == (2 if is_sent else 0)
    assert to() == (["operator-dinkes", "operator2-dinkes"] if is_sent else [])


def test_a_whole_course_of_reminders(period, addressed):
    due(period, addressed, 0)
    days = [day for day in range(-9, 16) if reminders.send_reminders(TODAY + timedelta(days=day))]
    assert days == [-7, -3, -1, 0, 7, 14]


def test_a_day_missed_is_made_up_for_once_it_is_late(period, addressed):
    due(period, addressed, -2, reminded_on=TODAY - timedelta(days=3))
    assert reminders.send_reminders(TODAY) == 2


def test_running_it_again_on_the_same_day_sends_nothing(period, addressed):
    due(period, addressed, 1)
    assert reminders.send_reminders(TODAY) == 2
    due(period, addressed, 3)  # new since this morning: it waits for its next day
    assert reminders.send_reminders(TODAY) == 0
    assert reminders.send_reminders(TODAY + timedelta(days=1)) == 2


def test_one_message_a_person_lists_all_that_is_near(period, addressed):
    late, near, next_week = (due(period, addressed, days, text=f"Dalam {days}.") for days in (-3, 5, 30))
    due(period, addressed, 7, agency=addressed.dinsos)
    assert reminders.send_reminders(TODAY) == 3
    assert to() == ["operator-dinkes", "operator-dinsos", "operator2-dinkes"]
    row = next(each for each in told() if each.user == addressed.operator)
    assert row.title == "Tindak lanjut Dinkes: 1 jatuh tempo dalam 7 hari, 1 lewat tenggat"
    assert (row.kind, row.path, row.email_wanted) == ("follow_up", "/tindak-lanjut/", True)
    assert row.text.index(late.text) < row.text.index(near.text)
    assert next_week.text not in row.text
    assert "tenggat 20 November 2026 (lewat 3 hari)" in row.text
    assert "&" not in row.text


def test_a_single_one_is_led_to(period, addressed):
    follow_up = due(period, addressed, 1)
    reminders.send_reminders(TODAY)
    assert told()[0].path == f"/tindak-lanjut/{follow_up.pk}/"


def test_many_agencies_take_no_more_queries(period, addressed):
    due(period, addressed, 1)
    with CaptureQueriesContext(connection) as few:
        assert reminders.send_reminders(TODAY) == 2
    for number in range(12):
        agency = Agency.objects.create(
            slug=f"d{number}", name=f"Dinas {number}", short_name=f"D{number}", kind="dinas"
        )
        make_person(f"operator-{number}", (Role.OPERATOR, agency))
        due(period, addressed, 1, agency=agency)
    with CaptureQueriesContext(connection) as many:
        assert reminders.send_reminders(TODAY) == 12
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("reported", {"report": "Ya."}),
        ("done", {"report": "Ya."}),
        ("dropped", {"note": "Tidak berlaku."}),
    ],
)
def test_what_is_not_open_is_not_reminded_of(period, addressed, status, fields):
    when = period.opened_at
    due(period, addressed, 1, status=status, reported_at=when, closed_at=when, **fields)
    assert reminders.send_reminders(TODAY) == 0


def test_only_active_operators_of_today_are_told(period, addressed):
    due(period, addressed, 1)
    addressed.operator.is_active = False
    addressed.operator.save(update_fields=["is_active"])
    gone = make_person("lama", (Role.OPERATOR, addressed.dinkes), email="lama@kota.example")
    Membership.objects.filter(user=gone).update(valid_until=TODAY - timedelta(days=1))
    make_person("pemeriksa", (Role.VERIFIER, addressed.dinkes), email="pemeriksa@kota.example")
    make_person("tanpa-alamat", (Role.OPERATOR, addressed.dinkes))
    assert reminders.send_reminders(TODAY) == 2
    assert to() == ["operator2-dinkes", "tanpa-alamat"]
    assert [row.email_wanted for row in told() if row.user.username == "tanpa-alamat"] == [False]


def test_who_does_not_want_them_gets_none(period, addressed):
    due(period, addressed, 1)
    NotificationChoice.objects.create(user=addressed.operator, kind="follow_up", in_app=False, by_email=False)
    assert reminders.send_reminders(TODAY) == 1
    assert to() == ["operator2-dinkes"]


def test_an_agency_without_operators_keeps_its_turn(period, city):
    follow_up = due(period, city, 1, agency=city.diskominfo)
    assert reminders.send_reminders(TODAY) == 0
    follow_up.refresh_from_db()
    assert follow_up.reminded_on is None


def test_the_task_on_the_schedule_sends_todays(period, addressed, monkeypatch):
    monkeypatch.setattr(reminders.timezone, "localdate", lambda: TODAY)
    due(period, addressed, 3)
    remind_of_follow_ups()
    remind_of_follow_ups()
    assert to() == ["operator-dinkes", "operator2-dinkes"]


def test_it_is_scheduled_once_a_day(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["follow-up-reminders"]
    assert entry["task"] == remind_of_follow_ups.name
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({0}, {30})
