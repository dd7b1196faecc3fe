"""Who did what: which events a person may read, and how they read.

`readable_events` alone decides what may be read; pages, counts and files all ask it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Max, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.permissions import Rights
from assessments import permissions, sentences
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, Review
from assessments.sentences import Change, Names, tell
from assessments.sentences.answers import folded, saved
from audit.models import Event

DECISION = "review.decide"
BURST = timedelta(minutes=10)
PAGE_SIZE = 30


def readable_events(rights: Rights, assessment: Assessment | None = None) -> QuerySet[Event]:
    """The events of one assessment, or of everything, that this person may know of.

    Who may not see open decisions gets of every decision only what was announced: its last state, once the whole
    was returned or approved. Nothing betrays the others. Acts the portal has no words for are kept back there too.
    Whether the person sees a history at all is asked before (`can_see_history`, `can_see_audit_trail`).
    """
    if assessment is not None:
        events = Event.objects.filter(stream=stream_of(assessment.pk))
        kept_back = [] if permissions.can_see_open_decisions(rights, assessment) else [assessment]
    else:
        events = Event.objects.all()
        own = Assessment.objects.filter(agency__in=rights.member_of)
        kept_back = [each for each in own if not permissions.can_see_open_decisions(rights, each)]
    if not kept_back:
        return events
    announced = Review.objects.filter(is_published=True, answer__assessment__in=kept_back).annotate(
        key=Cast("pk", CharField())
    )
    streams = [stream_of(each.pk) for each in kept_back]
    decisions = Event.objects.filter(stream__in=streams, action=DECISION, subject_id__in=announced.values("key"))
    last = decisions.order_by().values("subject_id").annotate(last=Max("pk")).values("last")
    open_to_all = [action for action in sentences.SENTENCES if action != DECISION]
    allowed = Q(action__in=open_to_all) | Q(action=DECISION, pk__in=last)
    return events.filter(allowed) if assessment is not None else events.filter(~Q(stream__in=streams) | allowed)


def stream_of(assessment_id: int) -> str:
    return f"assessment:{assessment_id}"


# --- Filters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What of a history to show. Empty fields narrow nothing."""

    person: int | None = None
    kind: str = ""
    indicator: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != Wanted()


def narrowed(events: QuerySet[Event], wanted: Wanted) -> QuerySet[Event]:
    """By person, kind of act and days; by indicator see `of_indicator`."""
    if wanted.person is not None:
        events = events.filter(actor=wanted.person)
    if wanted.kind:
        events = events.filter(action__in=sentences.actions_of(wanted.kind))
    if wanted.since:
        events = events.filter(at__gte=_midnight(wanted.since))
    if wanted.until:
        events = events.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return events


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def of_indicator(events: QuerySet[Event], assessment: Assessment | None, code: str) -> QuerySet[Event]:
    """Those about one indicator: its answer, the decisions on it, its evidence, present and past.

    Of all assessments where none is given; then also what was determined for the government.
    """
    answers = Answer.objects.filter(indicator__code=code)
    added = Event.objects.filter(subject_type="assessments.evidence", after__indicator=code)
    if assessment is not None:
        answers, added = answers.filter(assessment=assessment), added.filter(stream=stream_of(assessment.pk))
    reviews = Review.objects.filter(answer__in=answers)
    pieces = Evidence.objects.filter(answer__in=answers)

    def rows(model: str, found: QuerySet[Any]) -> Q:
        keys = found.annotate(key=Cast("pk", CharField())).order_by().values("key")
        return Q(subject_type=f"assessments.{model}", subject_id__in=keys)

    return events.filter(
        Q(after__indicator=code)
        | Q(before__indicator=code)
        | rows("answer", answers)
        | rows("review", reviews)
        | rows("evidence", pieces)
        | Q(subject_type="assessments.evidence", subject_id__in=added.order_by().values("subject_id"))
    )


def people_in(events: QuerySet[Event]) -> list[User]:
    """Who acts in these events, by name. One query."""
    return list(User.objects.filter(pk__in=events.order_by().values("actor")).order_by("name", "username"))


# --- Entries -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One event as it reads."""

    pk: int
    at: datetime
    who: str
    role: str  # "Operator OPD, Dinas Kesehatan"; empty: the portal itself, or no role then
    on_behalf_of: str
    kind: str
    indicator: str
    text: str
    reason: str
    changes: tuple[Change, ...]
    is_open: bool  # a decision the agency has not been told
    stream: str = ""
    subject: tuple[str, str] = ("", "")

    @property
    def kind_label(self) -> str:
        return sentences.KINDS[self.kind]


@dataclass(frozen=True)
class Entry:
    """One event, or several saves in a row that read as one; `lines` newest first."""

    line: Line
    lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def first_at(self) -> datetime:
        return self.lines[-1].at

    @property
    def last_at(self) -> datetime:
        return self.lines[0].at


def grouped(events: QuerySet[Event]) -> list[list[int]]:
    """Ids of these events, newest first; neighbouring saves of one person on one answer together. One query.

    Neighbouring among what this person may read: what is kept back breaks no burst.
    """
    found: list[list[int]] = []
    last: tuple[Any, ...] = ()
    last_at: datetime | None = None
    rows = events.order_by("-id").values_list("pk", "at", "actor", "subject_id", "action", "on_behalf_of")
    for pk, at, actor, subject, action, behalf in rows:
        key = (actor, subject, action, behalf)
        is_next = action == "answer.save" and key == last and last_at is not None and abs(last_at - at) < BURST
        if is_next:
            found[-1].append(pk)
        else:
            found.append([pk])
        last, last_at = key, at
    return found


def entries(rights: Rights, assessment: Assessment, groups: Sequence[Sequence[int]]) -> list[Entry]:
    """The groups of one page, worded. Five queries, however many."""
    ids = [pk for group in groups for pk in group]
    events = {event.pk: event for event in Event.objects.filter(pk__in=ids).select_related("actor", "on_behalf_of")}
    shows_open = permissions.can_see_open_decisions(rights, assessment)
    lines = {line.pk: line for line in worded([events[pk] for pk in ids], lambda event: not shows_open)}
    made = []
    for group in groups:
        members = tuple(lines[pk] for pk in group if pk in lines)
        if not members:
            continue
        head = members[0]
        if len(group) > 1:
            what = saved(*folded([events[pk] for pk in reversed(group)])) or "tanpa perubahan akhir"
            head = replace(head, text=f"menyimpan indikator {head.indicator}: {what}", changes=())
        made.append(Entry(head, members))
    return made


def of_document(document: Document, versions: Iterable[DocumentVersion], most: int = 30) -> list[Line]:
    """What happened to a document of a library and to its files, newest first. Five queries."""
    found = Event.objects.filter(stream=f"library:{document.agency_id}").filter(
        Q(subject_type="assessments.document", subject_id=str(document.pk))
        | Q(subject_type="assessments.documentversion", subject_id__in=[str(version.pk) for version in versions])
    )
    return worded(list(found.select_related("actor", "on_behalf_of").order_by("-id")[:most]), lambda event: True)


def worded(events: Sequence[Event], kept_back: Callable[[Event], bool]) -> list[Line]:
    """Events as lines, in the order given; `kept_back(event)`: of this decision only what was announced is told.

    Four queries: codes of answers, decisions and evidence, and roles.
    """
    names, reviews = _names(events)
    roles = _roles(events)
    found = []
    for event in events:
        restricted = event.action == DECISION and kept_back(event)
        review = reviews.get(event.subject_id) if event.action == DECISION else None
        if restricted and (review is None or not review.is_published):
            continue
        told = tell(event, replace(names, published={event.subject_id: review} if restricted and review else {}))
        found.append(
            Line(
                pk=event.pk,
                at=event.at,
                who=str(event.actor) if event.actor else "Portal",
                role=_role(event, roles.get(event.actor_id or 0, [])),
                on_behalf_of=event.on_behalf_of.name if event.on_behalf_of else "",
                kind=sentences.kind_of(event.action),
                indicator=names.code(event),
                text=told.text,
                reason=told.reason,
                changes=told.changes,
                is_open=review is not None and not review.is_published,
                stream=event.stream,
                subject=(event.subject_type, event.subject_id),
            )
        )
    return found


def _names(events: Iterable[Event]) -> tuple[Names, dict[str, Review]]:
    ids: dict[str, set[str]] = {"answer": set(), "review": set(), "evidence": set()}
    for event in events:
        app, _, model = event.subject_type.partition(".")
        if app == "assessments" and model in ids and event.subject_id.isdigit():
            ids[model].add(event.subject_id)
    codes = {
        str(pk): code
        for pk, code in Answer.objects.filter(pk__in=ids["answer"]).order_by().values_list("pk", "indicator__code")
    }
    reviews = {
        str(review.pk): review
        for review in Review.objects.filter(pk__in=ids["review"]).select_related("answer__indicator").order_by()
    }
    pieces = Evidence.objects.filter(pk__in=ids["evidence"]).order_by().values_list("pk", "answer__indicator__code")
    names = Names(
        answers=codes,
        reviews={key: review.answer.indicator.code for key, review in reviews.items()},
        evidence={str(pk): code for pk, code in pieces},
    )
    return names, reviews


def _roles(events: Iterable[Event]) -> dict[int, list[Membership]]:
    """All roles of those who acted, by person. One query."""
    found: dict[int, list[Membership]] = {}
    actors = {event.actor_id for event in events if event.actor_id}
    for role in Membership.objects.filter(user__in=actors).select_related("agency").order_by("id"):
        found.setdefault(role.user_id, []).append(role)
    return found


_ORDER = {
    "verifikasi": (Role.VERIFIER, Role.COORDINATOR, Role.OPERATOR, Role.LEADER),
    "status": (Role.COORDINATOR, Role.VERIFIER, Role.OPERATOR, Role.LEADER),
}
_REVIEWERS = ("assessment.return", "assessment.approve", "evidence.download", "evidence.view")
_USUAL = (Role.OPERATOR, Role.COORDINATOR, Role.VERIFIER, Role.LEADER)


def _role(event: Event, held: list[Membership]) -> str:
    """In which of the roles held that day the person is likeliest to have acted."""
    day = timezone.localtime(event.at).date()
    then = [each for each in held if each.valid_from <= day and (not each.valid_until or each.valid_until >= day)]
    if not then:
        return ""
    kind = sentences.kind_of(event.action)
    if event.on_behalf_of_id:
        order: Sequence[Role] = (Role.COORDINATOR, *_USUAL)
    elif event.action in ("review.reply", "assessment.submit", "assessment.withdraw"):
        order = _USUAL
    elif event.action in _REVIEWERS:
        order = _ORDER["verifikasi"]
    else:
        order = _ORDER.get(kind, _USUAL)
    best = min(then, key=lambda each: list(order).index(Role(each.role)))
    return f"{best.get_role_display()}, {best.agency.short_name}"
