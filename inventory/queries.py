"""Reads of the list of applications, each with a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import Agency
from accounts.permissions import Rights
from audit.models import Event
from indicators.models import Indicator
from inventory import overlaps
from inventory.imports import HEADINGS
from inventory.models import Application, Category, Status, is_idle_now, is_unchecked_now, lacks_contact_now

#: How many rows the lists beside the overlaps show before they lead to the whole.
SHORT = 15

# --- The list --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """How many applications match the filters, by what needs attention."""

    every: int
    idle: int
    without_contact: int
    unchecked: int
    candidates: int

    @property
    def of(self) -> dict[str, int]:
        """By the value of the chip."""
        return {
            "": self.every,
            "tidak-aktif": self.idle,
            "tanpa-kontak": self.without_contact,
            "lama": self.unchecked,
            "calon": self.candidates,
        }


def applications(
    rights: Rights,
    *,
    search: str = "",
    agency: Agency | None = None,
    category: str = "",
    kind: str = "",
    status: str = "",
    hosting: str = "",
    indicator: str = "",
) -> QuerySet[Application]:
    """Those that `rights` may see and that match, with their agency."""
    found = Application.objects.visible_to(rights).select_related("agency")
    exact = {"agency": agency, "category": category, "kind": kind, "status": status, "hosting": hosting}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    for word in search.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(purpose__icontains=word)
            | Q(users__icontains=word)
            | Q(agency__short_name__icontains=word)
        )
    if indicator:
        found = found.filter(same_question([indicator])).distinct()
    return found


def with_attention(found: QuerySet[Application], wanted: str) -> QuerySet[Application]:
    """Those of `applications` that need one kind of attention (values of `Counts.of`); "" is all."""
    match wanted:
        case "tidak-aktif":
            return found.filter(is_idle_now())
        case "tanpa-kontak":
            return found.filter(lacks_contact_now())
        case "lama":
            return found.filter(is_unchecked_now())
        case "calon":
            return found.filter(is_candidate=True)
        case _:
            return found


def with_indicators(found: QuerySet[Application]) -> QuerySet[Application]:
    """With `linked`: the indicators of each, in order."""
    return found.prefetch_related(Prefetch("indicators", Indicator.objects.order_by("order"), to_attr="linked"))


def counts(found: QuerySet[Application]) -> Counts:
    return Counts(
        **found.order_by().aggregate(
            every=Count("pk", distinct=True),
            idle=Count("pk", filter=is_idle_now(), distinct=True),
            without_contact=Count("pk", filter=lacks_contact_now(), distinct=True),
            unchecked=Count("pk", filter=is_unchecked_now(), distinct=True),
            candidates=Count("pk", filter=Q(is_candidate=True), distinct=True),
        )
    )


def alike_by_name(application: Application) -> list[str]:
    """Names of the same agency's other applications that differ only in spelling and common words. One query."""
    others = Application.objects.filter(agency=application.agency_id).exclude(pk=application.pk)
    wanted = overlaps.name_words(application.name)
    return [
        name for name in others.order_by("name").values_list("name", flat=True) if overlaps.name_words(name) == wanted
    ]


# --- Indicators ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coverage:
    """What serves one indicator: active applications, the agencies that have them, and all that are linked."""

    applications: int = 0
    agencies: int = 0
    listed: int = 0


def same_question(codes: Iterable[str], names: Mapping[str, str] | None = None) -> Q:
    """Applications linked to the indicators of these codes.

    Links lead to the default instrument. Other instruments may use a code for another question: give `names`
    (official name by code) to find only what asks the same; without, the default instrument's codes are meant.
    """
    wanted = list(codes)
    if names is None:
        return Q(indicators__code__in=wanted, indicators__instrument__is_default=True)
    asked = Q(pk__in=[])
    for code in wanted:
        asked |= Q(indicators__code=code, indicators__name=names[code])
    return asked


def coverage(codes: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, Coverage]:
    """Per code what serves the indicator, with one query; every code has an entry. `names` as in `same_question`."""
    wanted = list(codes)
    active = Q(status=Status.ACTIVE)
    rows = (
        Application.objects.filter(same_question(wanted, names))
        .order_by()
        .values("indicators__code")
        .annotate(
            applications=Count("pk", filter=active, distinct=True),
            agencies=Count("agency", filter=active, distinct=True),
            listed=Count("pk", distinct=True),
        )
    )
    found = {row["indicators__code"]: Coverage(row["applications"], row["agencies"], row["listed"]) for row in rows}
    return {code: found.get(code, Coverage()) for code in wanted}


def linked_to(agency_id: int, code: str, name: str = "") -> list[Application]:
    """One agency's applications of one indicator, by name; `name` as in `same_question`."""
    asked = same_question([code], {code: name} if name else None)
    return list(Application.objects.filter(asked, agency=agency_id).distinct().order_by("name"))


# --- Overlaps --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OverlapGroup:
    """Applications that seem to do the same, the active ones first; `words` are what they share."""

    kind: str  # "function" or "name"
    category: str  # as it is called; empty for names
    words: tuple[str, ...]
    applications: tuple[Application, ...]

    @property
    def active(self) -> int:
        return sum(one.status == Status.ACTIVE for one in self.applications)

    @property
    def agencies(self) -> int:
        return len({one.agency_id for one in self.applications})

    @property
    def candidates(self) -> int:
        return sum(one.is_candidate for one in self.applications)


@dataclass(frozen=True)
class Overlaps:
    groups: tuple[OverlapGroup, ...]
    total: int  # applications looked at
    grouped: int  # how many of them stand in a group
    idle: tuple[Application, ...]
    without_contact: tuple[Application, ...]  # not idle: what runs and nobody answers for

    @property
    def idle_shown(self) -> tuple[Application, ...]:
        return self.idle[:SHORT]

    @property
    def without_contact_shown(self) -> tuple[Application, ...]:
        return self.without_contact[:SHORT]


def overlaps_of(rights: Rights, category: str = "") -> Overlaps:
    """Where the applications that `rights` may see overlap, which are idle, which have no contact; one query."""
    found = Application.objects.visible_to(rights).select_related("agency").order_by("agency__name", "name")
    if category:
        found = found.filter(category=category)
    known = {one.pk: one for one in found}
    entries = [
        overlaps.Entry(
            one.pk, one.name, one.purpose, one.users, one.category, f"{one.agency.name} {one.agency.short_name}"
        )
        for one in known.values()
    ]
    shown = tuple(
        OverlapGroup(
            group.kind,
            str(Category(group.category).label) if group.category else "",
            group.words,
            tuple(sorted((known[pk] for pk in group.members), key=_active_first)),
        )
        for group in overlaps.groups(entries, settings.GOVERNMENT_NAME)
    )
    return Overlaps(
        tuple(sorted(shown, key=lambda group: (-group.active, -len(group.applications)))),
        len(known),
        len({one.pk for group in shown for one in group.applications}),
        tuple(one for one in known.values() if one.is_idle),
        tuple(one for one in known.values() if one.lacks_contact),
    )


def _active_first(one: Application) -> tuple[int, str, str]:
    return (
        [Status.ACTIVE, Status.UNKNOWN, Status.INACTIVE].index(Status(one.status)),
        one.agency.short_name,
        one.name,
    )


# --- History ---------------------------------------------------------------------------------------

_ACTS = {
    "application.create": "Ditambahkan",
    "application.edit": "Diubah",
    "application.confirm": "Dinyatakan masih benar",
    "application.mark": "Ditandai calon konsolidasi",
    "application.unmark": "Tanda calon konsolidasi dicabut",
}


@dataclass(frozen=True)
class Act:
    """One line of a history: when, by whom (for whom), what, why."""

    at: datetime
    by: str
    on_behalf_of: str
    what: str
    about: str
    reason: str


def history(application: Application, limit: int = 20) -> list[Act]:
    """The latest acts on one application, newest first; one query."""
    events = (
        Event.objects.filter(stream=f"application:{application.pk}")
        .select_related("actor", "on_behalf_of")
        .order_by("-id")
    )
    return [
        Act(
            event.at,
            str(event.actor) if event.actor else "Sistem",
            event.on_behalf_of.short_name if event.on_behalf_of else "",
            _ACTS.get(event.action, event.action),
            ", ".join(
                HEADINGS[name].lower() if name != "agency" else "OPD" for name in HEADINGS if name in event.after
            )
            if event.action == "application.edit"
            else "",
            event.reason,
        )
        for event in events[:limit]
    ]
