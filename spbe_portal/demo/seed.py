"""Fills an empty database with the demo city: two final years and one that runs.

Levels come from a seeded generator around the means of `city.json`, so every start gives the same
city. Periods are opened and finalised by the workflow itself; what lies between (answers,
evidence, decisions) is written in bulk as a state, because 40 agencies times 47 indicators
times three years of single acts would take minutes.
"""

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from assessments import announcements, workflow
from assessments.calendar import end_of_working_day
from assessments.models import Assessment, Assignment, Period, Status
from assessments.services import periods as period_services
from audit.services import record_all
from indicators.models import Instrument
from spbe_portal.demo import followups, pemda, people
from spbe_portal.demo.answers import Answering
from spbe_portal.demo.applications import seed_applications
from spbe_portal.demo.carried import Carried
from spbe_portal.demo.city import PAST_YEARS, RUNNING_YEAR, load_city
from spbe_portal.demo.decisions import Deciding
from spbe_portal.demo.library import Library
from spbe_portal.demo.rows import Rows

PASSWORD = "Arunika-2026"

#: How far the agencies are in the running year: (state, share of indicators filled or decided).
#: Agencies not named here take a state in turn from `REST`.
NAMED = {
    "dinkes": ("draft", 0.15),
    "diskominfo": ("draft", 0.20),
    "bappeda": ("approved", 1.0),
    "inspektorat": ("submitted", 0.0),
    "kec-muara-kasturi": ("cancelled", 0.4),
    "damkar": ("draft", 0.0),
}
REST = (
    ("submitted", 0.0),
    ("approved", 1.0),
    ("draft", 0.55),
    ("submitted", 0.4),
    ("returned", 1.0),
    ("draft", 0.9),
    ("submitted", 1.0),
)


class Seeder:
    """One filling of an empty database. `now` is the moment the demo is looked at."""

    def __init__(self, now: datetime | None = None):
        self.city = load_city()
        self.now = now or timezone.now()
        self.zone = ZoneInfo(settings.TIME_ZONE)
        self.random = random.Random("arunika")
        today = self.now.astimezone(self.zone).date()
        self.library = Library(self.city["city"]["government"], today)
        self.carried = Carried(self.library, self.city["documents"], today)

    def run(self) -> None:
        """Everything, in one transaction. The caller has checked that there is nobody yet."""
        with transaction.atomic():
            self.instrument = Instrument.objects.get(is_default=True)
            self.agencies = people.make_agencies(self.city["agencies"])
            self.cast = people.make_people(self.agencies, PASSWORD, date(self.now.year - 3, 1, 1))
            self.answering = Answering(
                self.city,
                self.random,
                self.instrument,
                self.agencies,
                self.cast.operators,
                self.library,
                self.carried,
            )
            self.deciding = Deciding(self.city, self.random, self.cast)
            seed_applications(self.agencies, self.cast.coordinator)
            for year in PAST_YEARS:
                self._past_year(year)
            self._running_year(RUNNING_YEAR)

    def _local(self, day: date, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), tzinfo=self.zone)

    def _decision_time(self, handed_in: datetime, least: int, most: int) -> datetime:
        """In office hours, some days after the hand-in."""
        day = handed_in.date() + timedelta(days=self.random.randint(least, most))
        return self._local(day, self.random.randint(8, 15), self.random.randint(1, 59))

    def _period(self, year: int, start: date, deadline: datetime) -> Period:
        target = self.city["city"]["target_index"].get(str(year))
        period = period_services.create_period(
            user=self.cast.coordinator,
            name=f"Penilaian SPBE {year}",
            year=year,
            instrument=self.instrument,
            starts_on=start,
            deadline=deadline,
            agencies=list(self.agencies.values()),
            target=Decimal(target) if target else None,
        )
        indicators = dict(self.instrument.indicators.values_list("code", "pk"))
        for code, slugs in self.city["pic"].items():
            Assignment.objects.filter(
                period=period, indicator_id=indicators[code], agency_id__in=[self.agencies[slug].pk for slug in slugs]
            ).update(kind=Assignment.Kind.PIC)
        _know_the_tables()
        return workflow.open_period(period_id=period.pk, user=self.cast.coordinator, now=self._local(start, 8))

    def _past_year(self, year: int) -> None:
        period = self._period(year, date(year, 8, 1), self._local(date(year, 10, 31), 16))
        rows, assessments = Rows(), self._assessments(period)
        for slug, assessment in assessments.items():
            handed_in = self._local(date(year, 10, self.random.randint(18, 30)), self.random.randint(9, 23))
            decided = self._decision_time(handed_in, 4, 15)
            answers = self.answering.fill(slug, assessment, year, rows, 1.0, handed_in)
            reviewer = self.deciding.decide(slug, answers, rows, decided, share=1.0, published=True)
            self._mark(assessment, Status.APPROVED, handed_in, decided, reviewer)
        self._write(period, rows, assessments)
        if year == max(PAST_YEARS):
            agencies = {assessment.pk: assessment.agency_id for assessment in assessments.values()}
            self.carried.remember(rows.answers, rows.evidence, rows.reviews, agencies)
        coordinator = self.cast.coordinator
        pemda.determine_all(period, coordinator, self.random, self._local(date(year, 12, 8), 14))
        workflow.finalise_period(period_id=period.pk, user=coordinator, now=self._local(date(year, 12, 10), 10))
        if year == max(PAST_YEARS):
            followups.make_follow_ups(period, coordinator, self.cast.operators, self.now)
        pemda.enter_external(period, coordinator, self.random, self._local(date(year + 1, 1, 20), 11))

    def _running_year(self, year: int) -> None:
        today = self.now.astimezone(self.zone).date()
        start = today - timedelta(days=50)
        period = self._period(year, start, self._local(today + timedelta(days=9), 16))
        rows, assessments = Rows(), self._assessments(period)
        turn = 0
        for slug, assessment in assessments.items():
            if slug in NAMED:
                state, share = NAMED[slug]
            else:
                state, share = REST[turn % len(REST)]
                turn += 1
            handed_in = self._local(today - timedelta(days=self.random.randint(6, 16)), self.random.randint(8, 22))
            decided = self._decision_time(handed_in, 2, 5)
            filled = share if state in ("draft", "cancelled") else 1.0
            answers = self.answering.fill(slug, assessment, year, rows, filled, handed_in, carries=state == "draft")
            reviewer = None
            if state in ("submitted", "returned", "approved"):
                reviewer = self.deciding.decide(
                    slug,
                    answers,
                    rows,
                    decided,
                    share=share,
                    published=state != "submitted",
                    returned=self.random.randint(2, 5) if state == "returned" else 0,
                )
            self._mark(assessment, Status(state), handed_in, decided, reviewer)
            if state == "returned":
                assessment.mend_by = end_of_working_day(self.now, period.mend_days, self.zone)
        self._write(period, rows, assessments)
        pemda.determine_some(period, self.cast.coordinator, self.now)
        followups.make_plan(period, self.cast.coordinator)
        self._tell(period, assessments.values())

    def _tell(self, period: Period, assessments: Iterable[Assessment]) -> None:
        """Something behind every bell: what is asked for, handed in, returned and approved last."""
        drafts = [assessment for assessment in assessments if assessment.status == Status.DRAFT]
        announcements.period_opened(period, drafts, self.cast.coordinator)
        said = {Status.SUBMITTED: announcements.submitted, Status.RETURNED: announcements.returned,
                Status.APPROVED: announcements.approved}  # fmt: skip
        for assessment in assessments:
            if assessment.status in said:
                operator = self.cast.operators[assessment.agency.slug]
                by = operator if assessment.status == Status.SUBMITTED else self.cast.coordinator
                said[Status(assessment.status)](assessment, by)

    def _assessments(self, period: Period) -> dict[str, Assessment]:
        found = Assessment.objects.filter(period=period).select_related("agency", "period__instrument")
        by_agency = {assessment.agency.slug: assessment for assessment in found}
        return {slug: by_agency[slug] for slug in self.agencies}

    def _mark(
        self, assessment: Assessment, status: Status, handed_in: datetime, decided: datetime, reviewer: User | None
    ) -> None:
        assessment.status = status
        if status in (Status.SUBMITTED, Status.RETURNED, Status.APPROVED):
            assessment.round = 1
            assessment.submitted_at = handed_in
            assessment.submitted_by = self.cast.operators[assessment.agency.slug]
        if status == Status.RETURNED:
            assessment.returned_at = decided
            assessment.mend_by = decided + timedelta(days=7)
        if status == Status.APPROVED:
            assessment.approved_at, assessment.approved_by = decided, reviewer

    def _write(self, period: Period, rows: Rows, assessments: dict[str, Assessment]) -> None:
        events = rows.save(period, assessments, self.library, self.now)
        if period.year == RUNNING_YEAR:
            events += self.carried.save()
        _know_the_tables()
        record_all(sorted(events, key=lambda event: event.at))


def _know_the_tables() -> None:
    """Let the planner see what was just written: inside one transaction nothing else tells it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
