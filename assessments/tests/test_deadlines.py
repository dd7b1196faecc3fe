"""Reminders of deadlines: on which days, to whom, never twice, and nothing after the hand-in."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, Notification, Role
from assessments import deadlines, tasks, workflow
from assessments.models import Assessment, Period
from conftest import hand_in, make_person

pytestmark = pytest.mark.django_db

MORNING = datetime.fromisoformat("2026-11-23T07:30:00+07:00")
OPERATORS = ["operator-dinkes", "operator-dinsos", "operator2-dinkes"]


@pytest.fixture
def due(period):
    """The period ends at 16.00 `days` after MORNING's day, and was opened long before."""

    def _due(days: int, hour: int = 16) -> Period:
        period.deadline = MORNING.replace(hour=hour, minute=0) + timedelta(days=days)
        period.opened_at = MORNING - timedelta(days=60)
        period.save(update_fields=["deadline", "opened_at"])
        Notification.objects.all().delete()
        return period

    return _due


def told(start: str = "deadline:") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in Notification.objects.filter(key__startswith=start).select_related("user").order_by("pk"):
        found.setdefault(row.user.username, []).append(row.title)
    return found


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (8, None),
        (7, "7 hari lagi"),
        (6, "6 hari lagi"),  # made up for: nothing ran yesterday
        (3, "3 hari lagi"),
        (2, "2 hari lagi"),
        (1, "Besok pukul 16.00"),
        (0, "Hari ini pukul 16.00"),
        (-1, None),
    ],
)
def test_the_days_before(due, city, days, words):
    due(days)
    deadlines.remind(MORNING)
    expected = {}
    if words:
        expected = {name: [f"{words}: penilaian Dinas Kesehatan belum diajukan"] for name in OPERATORS}
        expected["operator-dinsos"] = [f"{words}: penilaian Dinas Sosial belum diajukan"]
        expected["koordinator"] = [f"{words}: 3 dari 3 OPD belum mengajukan"]
    assert told() == expected


def test_a_whole_course_of_reminders(due, city):
    due(0)
    days = [day for day in range(-10, 3) if deadlines.remind(MORNING + timedelta(days=day))]
    assert days == [-7, -3, -1]


def test_days_that_were_missed_are_made_up_for_by_one(due, city):
    due(0)
    days = [day for day in (-5, -2, 0) if deadlines.remind(MORNING + timedelta(days=day))]
    assert days == [-5, -2, 0]
    assert told()["operator-dinkes"] == [
        "5 hari lagi: penilaian Dinas Kesehatan belum diajukan",
        "2 hari lagi: penilaian Dinas Kesehatan belum diajukan",
        "Hari ini pukul 16.00: penilaian Dinas Kesehatan belum diajukan",
    ]


def test_a_day_before_the_deadline_was_set_was_not_missed(due, period, city):
    due(5)
    Period.objects.update(opened_at=MORNING - timedelta(hours=20))  # its agencies were told then
    days = [day for day in range(6) if deadlines.remind(MORNING + timedelta(days=day))]
    assert days == [2, 4]


def test_it_may_run_again_at_any_time(due, city):
    due(3)
    assert deadlines.remind(MORNING) == 4
    assert deadlines.remind(MORNING + timedelta(hours=1)) == 0


def test_who_handed_in_is_left_alone(due, assessment, city):
    due(3)
    period_end = assessment.period.deadline
    Assessment.objects.filter(pk=assessment.pk).update(
        status="submitted", round=1, submitted_at=period_end - timedelta(days=9)
    )
    deadlines.remind(MORNING)
    assert told() == {
        "operator-dinsos": ["3 hari lagi: penilaian Dinas Sosial belum diajukan"],
        "koordinator": ["3 hari lagi: 2 dari 3 OPD belum mengajukan"],
    }


@pytest.mark.parametrize("state", ["final", "cancelled"])
def test_a_period_that_is_over_reminds_nobody(due, city, state):
    Period.objects.filter(pk=due(3).pk).update(status=state, finalised_at=MORNING)
    assert deadlines.remind(MORNING) == 0
    assert deadlines.tell_passed(MORNING + timedelta(days=9)) == 0


def test_an_agencys_own_deadline_counts(due, assessment, city):
    due(3)
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=MORNING + timedelta(days=20))
    deadlines.remind(MORNING)
    assert "operator-dinkes" not in told()
    assert told()["koordinator"] == ["3 hari lagi: 2 dari 3 OPD belum mengajukan"]
    deadlines.remind(MORNING + timedelta(days=19))
    assert told()["operator-dinkes"] == ["Besok pukul 07.30: penilaian Dinas Kesehatan belum diajukan"]


def test_what_came_back_has_its_mend_by_time(due, returned, city):
    due(-30)
    Assessment.objects.filter(pk=returned.pk).update(
        mend_by=MORNING + timedelta(days=3), returned_at=MORNING - timedelta(days=5)
    )
    Notification.objects.all().delete()
    deadlines.remind(MORNING)
    assert list(told()) == ["operator-dinkes", "operator2-dinkes"]
    assert Notification.objects.first().text.startswith("Penilaian 2026. 2 indikator dikembalikan: perbaiki")


def test_a_deadline_that_passed_is_told_once_with_the_list(due, assessment, city):
    period = due(0)
    assert deadlines.tell_passed(period.deadline - timedelta(seconds=1)) == 0
    assert deadlines.tell_passed(period.deadline) == 4
    assert deadlines.tell_passed(period.deadline + timedelta(days=1)) == 0
    passed = told("deadline.passed")
    assert passed["operator-dinkes"] == ["Batas waktu Dinas Kesehatan sudah lewat"]
    assert passed["koordinator"] == ["Batas waktu lewat: 3 OPD belum mengajukan"]
    row = Notification.objects.get(user=city.coordinator)
    assert row.text.endswith("1. Dinas Kesehatan\n2. Dinas Komunikasi dan Informatika\n3. Dinas Sosial")
    assert row.path == f"/periode/{period.pk}/belum-mengajukan/"


def test_an_extension_that_passes_is_told_on_its_own(due, assessment, city):
    period = due(0)
    workflow.extend(
        assessment_id=assessment.pk,
        user=city.coordinator,
        until=timezone.now() + timedelta(days=30),
        reason="Listrik padam.",
    )
    Assessment.objects.filter(pk=assessment.pk).update(extended_until=period.deadline + timedelta(days=2))
    deadlines.tell_passed(period.deadline)
    assert "operator-dinkes" not in told("deadline.passed")
    deadlines.tell_passed(period.deadline + timedelta(days=2))
    assert told("deadline.passed")["koordinator"] == [
        "Batas waktu lewat: 2 OPD belum mengajukan",
        "Batas waktu lewat: 1 OPD belum mengajukan",
    ]


@pytest.mark.parametrize("act", [deadlines.remind, deadlines.tell_passed])
def test_many_agencies_take_no_more_queries(due, period, city, act):
    due(0 if act is deadlines.tell_passed else 3)
    when = MORNING + timedelta(days=1) if act is deadlines.tell_passed else MORNING
    with CaptureQueriesContext(connection) as few:
        assert act(when) == 4
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"d{n}", name=f"Dinas {n}", short_name=f"D{n}", kind="dinas") for n in range(30)
    )
    Assessment.objects.bulk_create(Assessment(period=period, agency=agency) for agency in agencies)
    for agency in agencies:
        make_person(f"operator-{agency.slug}", (Role.OPERATOR, agency))
    with CaptureQueriesContext(connection) as many:
        assert act(when) == 30
    assert len(many) == len(few)


def test_a_hand_in_the_day_before_ends_it(due, assessment, city):
    due(20)
    Period.objects.update(deadline=timezone.now() + timedelta(days=3), opened_at=timezone.now() - timedelta(days=60))
    hand_in(assessment, city.operator)
    Notification.objects.all().delete()
    deadlines.remind()
    assert list(told()) == ["operator-dinsos", "koordinator"]


def test_they_are_scheduled(settings):
    schedule = settings.CELERY_BEAT_SCHEDULE
    daily, hourly = schedule["deadline-reminders"], schedule["passed-deadlines"]
    assert (daily["task"], hourly["task"]) == (tasks.remind_of_deadlines.name, tasks.tell_of_passed_deadlines.name)
    assert (daily["schedule"].hour, daily["schedule"].minute) == ({0}, {30})
    assert hourly["schedule"].minute == {5}
    tasks.remind_of_deadlines()
    tasks.tell_of_passed_deadlines()
