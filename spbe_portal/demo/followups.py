"""What the demo city does about its last result: the year's plan, and follow-ups in every state."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from accounts.models import User
from assessments.models import FollowUp, Period
from assessments.queries import followup_sources as sources
from assessments.queries.roadmap import LAST, ground, mark_of
from assessments.services.followups import Wanted, create_from_plan
from assessments.services.plans import save_plan
from audit.services import prepare, record_all
from indicators.roadmap import Limits, routes

Status = FollowUp.Status
#: How the follow-ups of the last year stand: state, days from today to their due day, share done.
STANDING = (
    (Status.DONE, -60, 100),
    (Status.DONE, -45, 100),
    (Status.DONE, -30, 100),
    (Status.OPEN, -12, 60),
    (Status.OPEN, -3, 80),
    (Status.REPORTED, 4, 100),
    (Status.REPORTED, 9, 100),
    (Status.OPEN, 3, 50),
    (Status.OPEN, 6, 20),
    (Status.OPEN, 13, 0),
    (Status.OPEN, 27, 30),
    (Status.OPEN, 40, 0),
    (Status.DROPPED, 20, 10),
)
#: Agencies whose operators are named in the demo have some in any case.
NAMED = ("dinkes", "diskominfo")
RISES_TAKEN = 4


def make_plan(period: Period, coordinator: User) -> None:
    """The way from last year's index to the year's target, and its first rises as follow-ups."""
    base = ground(period)
    origin = base.start(LAST)
    assert period.target is not None
    limits = Limits(max_step=1)
    route = routes(base.spec, origin.levels, Fraction(period.target), limits)[0]
    save_plan(
        user=coordinator,
        period_id=period.pk,
        start=LAST,
        target=Decimal(period.target),
        limits=limits,
        choice=0,
        mark=mark_of(route),
        name=f"Peta jalan {period.year}",
    )
    due = period.deadline.date() + timedelta(days=14)
    steps = sources.plan_steps(period).steps[:RISES_TAKEN]
    wanted = {(step.rise.pk, step.agency.pk): Wanted(step.text, due) for step in steps}
    create_from_plan(user=coordinator, period_id=period.pk, wanted=wanted)


def make_follow_ups(period: Period, coordinator: User, operators: dict[str, User], now: datetime) -> None:
    """Follow-ups of a year that is over, written as a state with the events the acts would have left."""
    random = Random("tindak lanjut")
    notes = [note for note in sources.notes_of(period) if sources.aim_of_note(note) is not None]
    random.shuffle(notes)
    notes.sort(key=lambda review: review.answer.assessment.agency.slug not in NAMED)
    first = [review for slug in NAMED for review in _of(notes, slug)[:2]]
    seen = {review.pk for review in first}
    chosen = first + [review for review in notes if review.pk not in seen][: len(STANDING) - len(first)]
    standing = list(STANDING)
    random.shuffle(standing)
    made_at = now.replace(month=1, day=27)
    rows = []
    for review, (status, days, progress) in zip(chosen, standing, strict=False):
        agency = review.answer.assessment.agency
        row = FollowUp(
            period=period,
            indicator=review.answer.indicator,
            agency=agency,
            source=FollowUp.Source.REVIEW,
            review=review,
            text=review.note,
            aim=sources.aim_of_note(review),
            due_on=(now + timedelta(days=days)).date(),
            status=status,
            progress=progress,
            created_by=coordinator,
            created_at=made_at,
        )
        if progress > 50:
            row.report = "Dokumen sudah diperbaiki dan disahkan; salinannya disimpan pada pustaka OPD."
        if status in (Status.REPORTED, Status.DONE):
            row.reported_by, row.reported_at = operators[agency.slug], now - timedelta(days=max(2, 4 - days))
        if status in (Status.DONE, Status.DROPPED):
            row.closed_by, row.closed_at = coordinator, now - timedelta(days=1)
        if status == Status.DROPPED:
            row.note = "Digabung dengan tindak lanjut OPD induk."
        rows.append(row)
    record_all(
        [
            prepare("followup.create", row, actor=coordinator, after={"agency": row.agency.short_name}, at=made_at)
            for row in FollowUp.objects.bulk_create(rows)
        ]
    )


def _of(notes: list, slug: str) -> list:
    return [review for review in notes if review.answer.assessment.agency.slug == slug]
