"""The audit trail of everything: newest first, by key and not by page number, so that a million cost no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.urls import NoReverseMatch, reverse

from accounts.models import Agency, User
from accounts.permissions import Rights
from assessments import permissions
from assessments.models import Assessment, Period
from assessments.queries.history import (
    DECISION,
    Line,
    Wanted,
    narrowed,
    of_indicator,
    readable_events,
    stream_of,
    worded,
)
from audit.models import Event

PAGE_SIZE = 50

#: What an event may be about: key, words, the models. These are what the index of events knows.
THINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "penilaian": (
        "Penilaian OPD",
        ("assessments.assessment", "assessments.answer", "assessments.review", "assessments.evidence"),
    ),
    "periode": (
        "Periode dan nilai Pemda",
        (
            "assessments.period",
            "assessments.determination",
            "assessments.externallevel",
            "assessments.pemdaresult",
            "assessments.plan",
        ),
    ),
    "tindak-lanjut": ("Tindak lanjut", ("assessments.followup",)),
    "pustaka": ("Pustaka dokumen", ("assessments.document", "assessments.documentversion")),
    "aplikasi": ("Aplikasi", ("inventory.application",)),
    "laporan": ("Laporan", ("reports.reportjob",)),
    "pengguna": ("Pengguna dan peran", ("accounts.user", "accounts.membership")),
    "opd": ("OPD", ("accounts.agency",)),
    "instrumen": ("Instrumen", ("indicators.instrument",)),
}


@dataclass(frozen=True)
class Trail:
    """What of the trail to show; `about` is one thing's stream ("user:4")."""

    wanted: Wanted = field(default_factory=Wanted)
    thing: str = ""
    agency: Agency | None = None
    about: str = ""

    @property
    def is_narrowed(self) -> bool:
        return self != Trail()


@dataclass(frozen=True)
class TrailRow:
    line: Line
    thing: str
    url: str


@dataclass(frozen=True)
class TrailPage:
    rows: list[TrailRow]
    older: int | None  # the key to go on from
    is_first: bool


def trail_events(rights: Rights, trail: Trail) -> QuerySet[Event]:
    """The readable events a filter leaves, newest first."""
    return narrowed_trail(readable_events(rights), trail).order_by("-id")


def narrowed_trail(events: QuerySet[Event], trail: Trail) -> QuerySet[Event]:
    events = narrowed(events, trail.wanted)
    if trail.thing in THINGS:
        events = events.filter(subject_type__in=THINGS[trail.thing][1])
    if trail.agency is not None:
        events = events.filter(_of_agency(trail.agency))
    if trail.about:
        events = events.filter(stream=trail.about)
    if trail.wanted.indicator:
        events = of_indicator(events, None, trail.wanted.indicator)
    return events


def _of_agency(agency: Agency) -> Q:
    """What happened to an agency, in its assessments and its library, or in its name."""
    own = [stream_of(pk) for pk in Assessment.objects.filter(agency=agency).values_list("pk", flat=True)]
    return Q(stream__in=[*own, f"agency:{agency.pk}", f"library:{agency.pk}"]) | Q(on_behalf_of=agency)


def trail_page(rights: Rights, trail: Trail, before: int | None) -> TrailPage:
    """One page of rows older than the event `before`."""
    found = trail_events(rights, trail).select_related("actor", "on_behalf_of")
    if before is not None:
        found = found.filter(pk__lt=before)
    events = list(found[: PAGE_SIZE + 1])
    shown = events[:PAGE_SIZE]
    older = shown[-1].pk if len(events) > PAGE_SIZE else None
    return TrailPage(rows_of(rights, shown), older, before is None)


def rows_of(rights: Rights, events: Sequence[Event]) -> list[TrailRow]:
    """Events as rows with what they are about. Nine queries, however many."""
    found = _assessments(events)
    kept_back = {stream_of(each.pk) for each in found.values() if not permissions.can_see_open_decisions(rights, each)}
    lines = worded(events, lambda event: event.action == DECISION and event.stream in kept_back)
    labels = {stream_of(pk): f"{each.agency.short_name}, {each.period.name}" for pk, each in found.items()}
    labels |= _labels(events, "period", Period)
    labels |= _labels(events, "user", User)
    labels |= _labels(events, "agency", Agency) | _labels(events, "library", Agency)
    return [TrailRow(line, labels.get(line.stream, ""), _url(line)) for line in lines]


def _ids(events: Iterable[Event], kind: str) -> set[int]:
    return {
        int(key)
        for model, _, key in (event.stream.partition(":") for event in events)
        if model == kind and key.isdigit()
    }


def _assessments(events: Iterable[Event]) -> dict[int, Assessment]:
    ids = _ids(events, "assessment")
    return {each.pk: each for each in Assessment.objects.filter(pk__in=ids).select_related("agency", "period")}


def _labels(events: Iterable[Event], kind: str, model: type) -> dict[str, str]:
    ids = _ids(events, kind)
    return {f"{kind}:{each.pk}": str(each) for each in model.objects.filter(pk__in=ids)}  # type: ignore[attr-defined]


#: Pages by the first part of a stream; the rest is their argument.
_PAGES = {
    "assessment": "history",
    "period": "period",
    "agency": "agency",
    "user": "person",
    "application": "application",
    "followup": "followup",
}


def _url(line: Line) -> str:
    """The page of what the event is about; empty where there is none, or no longer."""
    kind, _, key = line.stream.partition(":")
    if kind == "assessment" and line.indicator:
        return reverse("answer_history", args=[int(key), line.indicator])
    if kind == "library":
        return f"{reverse('document_list')}?opd={key}"
    if kind not in _PAGES or line.text.startswith("menghapus"):
        return ""
    try:
        return reverse(_PAGES[kind], args=[int(key)])
    except (NoReverseMatch, ValueError):
        return ""
