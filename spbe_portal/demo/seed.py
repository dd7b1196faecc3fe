"""Fills an empty database with the demo city: two final years and one that runs.

Levels come from a seeded generator around the means of `city.json`, so every start gives the same
city. Periods are opened and finalised by the workflow itself; what lies between (answers,
evidence, decisions) is written in bulk as a state, because 40 agencies times 47 indicators
times three years of single acts would take minutes.
"""

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Agency, User
from assessments import announcements, totals, workflow
from assessments.calendar import end_of_working_day
from assessments.models import (
    Answer,
    Assessment,
    Assignment,
    Contributor,
    DecisionKind,
    Document,
    DocumentVersion,
    Evidence,
    Period,
    Review,
    Status,
)
from assessments.services import periods as period_services
from assessments.services._base import TOTALS
from assessments.specs import spec_of
from audit.models import Event
from audit.services import record_all
from indicators.models import Indicator, Instrument
from spbe_portal.demo import followups, pemda, people
from spbe_portal.demo.applications import seed_applications
from spbe_portal.demo.carried import Carried
from spbe_portal.demo.events import events_of
from spbe_portal.demo.library import Library

PASSWORD = "Arunika-2026"
PAST_YEARS = (2024, 2025)
RUNNING_YEAR = 2026
CITY_FILE = Path(__file__).with_name("city.json")

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
#: A PIC is further in its own indicators than an agency is in most: so many levels, by year.
PIC_AHEAD = {2024: 0.2, 2025: 0.45}
#: What `_mark` sets.
MARKED = ["status", "round", "submitted_at", "submitted_by", "returned_at", "mend_by", "approved_at", "approved_by"]
ANSWER_FIELDS = (
    "self_level",
    "fact",
    "analysis",
    "not_applicable",
    "not_applicable_reason",
    "version",
    "changed_at",
    "changed_by",
)


@dataclass
class Rows:
    """Rows collected for bulk writing."""

    answers: list[Answer] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    contributors: list[Contributor] = field(default_factory=list)


class Seeder:
    """One filling of an empty database. `now` is the moment the demo is looked at."""

    def __init__(self, now: datetime | None = None):
        self.city: dict[str, Any] = json.loads(CITY_FILE.read_text(encoding="utf-8"))
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
            seed_applications(self.agencies, self.cast.coordinator)
            for year in PAST_YEARS:
                self._past_year(year)
            self._running_year(RUNNING_YEAR)

    def _reviewer_of(self, slug: str) -> User:
        """Nobody reviews an agency they belong to."""
        if slug == "diskominfo":
            return self.cast.verifier2
        if slug == "inspektorat":
            return self.cast.verifier
        return self.random.choice([self.cast.verifier, self.cast.verifier, self.cast.verifier2])

    # --- years ----------------------------------------------------------------------------------

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
            answers = self._answer_all(slug, assessment, year, rows, 1.0, handed_in)
            reviewer = self._decide(slug, answers, rows, decided, share=1.0, published=True)
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
            answers = self._answer_all(slug, assessment, year, rows, filled, handed_in, carries=state == "draft")
            reviewer = None
            if state in ("submitted", "returned", "approved"):
                reviewer = self._decide(
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

    # --- answers and evidence -------------------------------------------------------------------

    @cached_property
    def _noise(self) -> dict[tuple[str, str], float]:
        """How an agency stands in an indicator, beside its mean: the same in every year."""
        return {
            (slug, indicator.code): self.random.gauss(0, 0.75)
            for slug in self.agencies
            for indicator in self.instrument.indicators.all()
        }

    def _level(self, slug: str, code: str, domain: str, year: int) -> int:
        history = self.city["history"][slug]
        key = str(year) if year in PAST_YEARS else max(history)
        mean = history[key]["self_mean"][domain] + (0 if year in PAST_YEARS else 0.25)
        mean += PIC_AHEAD.get(year, 0.45) if slug in self.city["pic"].get(code, ()) else 0
        return max(1, min(5, round(mean + self._noise[slug, code])))

    def _answer_all(
        self,
        slug: str,
        assessment: Assessment,
        year: int,
        rows: Rows,
        share: float,
        at: datetime,
        *,
        carries: bool = False,
    ) -> list[Answer]:
        """Fill `share` of the answers, in the sheet's order with gaps, and collect their evidence.

        With `carries` that is last year's, as far as it is still valid.
        """
        agency, operator = self.agencies[slug], self.cast.operators[slug]
        answers = list(assessment.answers.select_related("indicator__aspect__domain").order_by("indicator__order"))
        wanted = round(len(answers) * share)
        skipped = set(self.random.sample(range(len(answers)), len(answers) - wanted)) if share > 0.5 else set()
        for position, answer in enumerate(answers):
            if position in skipped or (share <= 0.5 and position >= wanted):
                continue
            indicator = answer.indicator
            answer.changed_by, answer.changed_at, answer.version = operator, at - timedelta(hours=3), 2
            is_pic = slug in self.city["pic"].get(indicator.code, ())
            if not is_pic and (hint := self._not_relevant(agency, indicator)):
                answer.not_applicable, answer.not_applicable_reason = True, hint
                continue
            domain = _domain(indicator)
            level = self._level(slug, indicator.code, domain, year)
            texts = self.city["texts"]
            text = (
                texts["level_1_by_domain"][domain] if level == 1 else texts["indicators"][indicator.code][str(level)]
            )
            answer.self_level = level
            answer.fact = text["fact"].format(agency=agency.name)
            answer.analysis = text["analysis"].format(agency=agency.name)
            if carries:
                rows.evidence += self.carried.take(answer, agency, operator, year, answer.changed_at)
            elif level > 1:
                self._attach(answer, agency, operator, year, level, rows)
        if wanted:
            rows.contributors.append(Contributor(assessment=assessment, user=operator))
        rows.answers.extend(answers)
        return answers

    def _not_relevant(self, agency: Agency, indicator: Any) -> str:
        if agency.kind not in (Agency.Kind.KECAMATAN, Agency.Kind.BAGIAN):
            return ""
        kind = agency.get_kind_display().lower()
        for hint in indicator.not_relevant_hints:
            if kind in hint["kind"].lower() and self.random.random() < 0.35:
                return str(hint["reason"])
        return ""

    def _attach(self, answer: Answer, agency: Agency, operator: User, year: int, level: int, rows: Rows) -> None:
        offered = self.city["documents"][answer.indicator.code]
        fitting = [row for row in offered if min(row["levels"]) <= level] or offered[:1]
        seen = set()
        for row in fitting[-3:]:
            if row["title"] in seen:
                continue
            seen.add(row["title"])
            supports = [number for number in row["levels"] if number <= level] or [level]
            version = self.library.version(agency, operator, row, year)
            rows.evidence.append(
                Evidence(
                    answer=answer,
                    version=version,
                    added_by=operator,
                    pages="1" if version.page_count == 1 else f"1-{version.page_count}" if version.page_count else "",
                    level=max(supports),
                )
            )

    # --- decisions ------------------------------------------------------------------------------

    def _decide(
        self,
        slug: str,
        answers: list[Answer],
        rows: Rows,
        at: datetime,
        *,
        share: float,
        published: bool,
        returned: int = 0,
    ) -> User:
        reviewer = self._reviewer_of(slug)
        history = self.city["history"][slug]
        adjusted_share = history[sorted(history)[-1]]["adjusted_share"]
        decided = answers[: round(len(answers) * share)]
        can_return = [answer.pk for answer in decided if answer.self_level and answer.self_level > 1]
        back = set(self.random.sample(can_return, min(returned, len(can_return))))
        for answer in decided:
            review = Review(
                answer=answer,
                round=1,
                reviewer=reviewer,
                decided_at=at,
                is_published=published,
                decision=DecisionKind.ACCEPT,
                verified_level=answer.self_level,
            )
            if answer.pk in back:
                note = self._note("return", answer)
                review.decision, review.verified_level = DecisionKind.RETURN, None
                review.reason, review.note = note["reason"], note["text"]
            elif answer.self_level and self.random.random() < adjusted_share:
                up = self.random.random() < 0.1 and answer.self_level < 5
                level = answer.self_level + (1 if up else -1)
                if level >= 1:
                    review.decision, review.verified_level = DecisionKind.ADJUST, level
                    review.note = self._note("adjust", answer, level, "up" if up else "down")["text"]
            rows.reviews.append(review)
        return reviewer

    def _note(self, kind: str, answer: Answer, level: Any = None, direction: str = "") -> dict[str, str]:
        domain = int(_domain(answer.indicator))
        fitting = [
            note
            for note in self.city["review_notes"][kind]
            if domain in note["domains"] and (not direction or note["direction"] == direction)
        ] or self.city["review_notes"][kind]
        note = self.random.choice(fitting)
        text = note["note"].format(indicator=answer.indicator.short_name, level=level or answer.self_level)
        # "Kebijakan {indicator}" beside an indicator called "Kebijakan ...": once is enough.
        return {"reason": note.get("reason", ""), "text": re.sub(r"\b(\w+) \1\b", r"\1", text)}

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
        """Write what was collected and keep the totals, all with a fixed number of statements."""
        # An upsert: Django's bulk_update takes many times as long for this many rows.
        Answer.objects.bulk_create(
            rows.answers, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=ANSWER_FIELDS
        )
        self.library.save()
        Evidence.objects.bulk_create(rows.evidence, batch_size=1000)
        Review.objects.bulk_create(rows.reviews, batch_size=1000)
        # These times are the moment of writing by default; in the story it was earlier.
        then = min(period.deadline - timedelta(days=14), self.now - timedelta(days=20))
        Document.objects.filter(created_at__gte=self.now).update(created_at=then)
        DocumentVersion.objects.filter(uploaded_at__gte=self.now).update(uploaded_at=then)
        Evidence.objects.filter(added_at__gte=self.now).update(added_at=then)
        Contributor.objects.bulk_create(rows.contributors)
        spec = spec_of(period.instrument)
        answers: dict[int, list[Answer]] = {}
        for answer in rows.answers:
            answers.setdefault(answer.assessment_id, []).append(answer)
        reviews = {review.answer_id: review for review in rows.reviews}
        events: list[Event] = []
        for assessment in assessments.values():
            own = answers[assessment.pk]
            score = totals.self_score(spec, own)
            decided = [reviews[answer.pk] for answer in own if answer.pk in reviews]
            assessment.answered_count = sum(answer.is_answered for answer in own)
            assessment.decided_count = len(decided)
            assessment.returned_count = sum(review.decision == DecisionKind.RETURN for review in decided)
            assessment.self_exact, assessment.self_predicate = totals.fraction_text(score.index), score.predicate or ""
            assessment.self_levels = totals.packed_self(own)
            if assessment.status == Status.APPROVED:
                verified = totals.verified_score(spec, own, reviews)
                assessment.verified_exact = totals.fraction_text(verified.index)
                assessment.verified_predicate = verified.predicate or ""
                assessment.verified_levels = totals.packed_verified(own, reviews)
            events += events_of(assessment, own, reviews)
        Assessment.objects.bulk_update(
            assessments.values(), [*MARKED, *(name for name in TOTALS if name != "assigned_count")]
        )
        if period.year == RUNNING_YEAR:
            events += self.carried.save()
        _know_the_tables()
        record_all(sorted(events, key=lambda event: event.at))


def _domain(indicator: Indicator) -> str:
    """The city's texts and means are by domain; its instrument has them."""
    domain = indicator.aspect.domain
    if domain is None:
        raise ValueError(f"Indikator {indicator.code} tanpa domain tidak dikenal kota peragaan.")
    return domain.code


def _know_the_tables() -> None:
    """Let the planner see what was just written: inside one transaction nothing else tells it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
