"""Follow-ups for screens and reports: the list, one of them, those beside an indicator. (Where they come from:
`followup_sources`.)"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from accounts.models import Agency
from accounts.permissions import Rights
from accounts.queries import Act
from assessments import permissions
from assessments.models import FollowUp, Period
from audit.models import Event
from indicators.models import Indicator
from spbe_portal.formatting import date_id

Level = int | Decimal
Status = FollowUp.Status

PER_PAGE = 50
SOON_DAYS = 7
ACTIVE = (Status.OPEN, Status.REPORTED)

ACTIVE_, OPEN, LATE, REPORTED, DONE, DROPPED, ALL = (
    "",
    "terbuka",
    "lewat",
    "diperiksa",
    "selesai",
    "dihentikan",
    "semua",
)
STATES = {
    ACTIVE_: "Belum selesai",
    LATE: "Lewat tenggat",
    OPEN: "Terbuka",
    REPORTED: "Menunggu pemeriksaan",
    DONE: "Selesai",
    DROPPED: "Dihentikan",
    ALL: "Semua",
}
#: State -> what it is called, its icon and its kind.
_BADGES = {
    Status.OPEN: ("Terbuka", "circle-dot", "info"),
    Status.REPORTED: ("Menunggu pemeriksaan", "hourglass", "warn"),
    Status.DONE: ("Selesai", "circle-check", "ok"),
    Status.DROPPED: ("Dihentikan", "ban", "neutral"),
}


def visible(rights: Rights) -> QuerySet[FollowUp]:
    """Those this person may know of (`permissions.can_see_follow_up` as a filter)."""
    if permissions.can_see_pemda(rights):
        return FollowUp.objects.all()
    return FollowUp.objects.filter(agency_id__in=rights.operator_of)


def due_text(due_on: date, today: date) -> str:
    """ "hari ini", "3 hari lagi", "lewat 2 hari"."""
    days = (due_on - today).days
    if days == 0:
        return "hari ini"
    return f"{days} hari lagi" if days > 0 else f"lewat {-days} hari"


# --- Rows --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FollowUpRow:
    """One follow-up in a list. `is_late`: open and past its day; what waits for the coordinator is not late."""

    pk: int
    text: str
    code: str  # of the indicator; empty: none
    indicator: str
    agency: str
    agency_short: str
    period: str
    source: str
    aim: Level | None
    due_on: date
    due_text: str  # only while open
    status: str
    is_late: bool
    is_soon: bool
    progress: int
    has_proof: bool

    @property
    def badge(self) -> tuple[str, str, str]:
        """The state as text, icon and kind."""
        return ("Lewat tenggat", "triangle-alert", "danger") if self.is_late else _BADGES[Status(self.status)]


def row_of(follow_up: FollowUp, today: date) -> FollowUpRow:
    """`follow_up` with its agency, indicator and period."""
    indicator = follow_up.indicator
    is_open = follow_up.status == Status.OPEN
    return FollowUpRow(
        pk=follow_up.pk,
        text=follow_up.text,
        code=indicator.code if indicator else "",
        indicator=indicator.short_name if indicator else "",
        agency=follow_up.agency.name,
        agency_short=follow_up.agency.short_name,
        period=follow_up.period.name,
        source=follow_up.get_source_display(),
        aim=follow_up.aim,
        due_on=follow_up.due_on,
        due_text=due_text(follow_up.due_on, today) if is_open else "",
        status=follow_up.status,
        is_late=is_open and follow_up.due_on < today,
        is_soon=is_open and today <= follow_up.due_on <= today + timedelta(days=SOON_DAYS),
        progress=follow_up.progress,
        has_proof=follow_up.proof_id is not None,
    )


# --- The list ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FollowUpFilter:
    """What is asked for; empty fields do not narrow. `state` is a key of `STATES`."""

    state: str = ACTIVE_
    text: str = ""
    agency_id: int | None = None
    indicator: str = ""  # its code
    period_id: int | None = None
    source: str = ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.agency_id or self.indicator or self.period_id or self.source)


@dataclass(frozen=True)
class FollowUpList:
    page: Page
    rows: list[FollowUpRow]
    chips: list[tuple[str, str, int]]  # value, title, how many
    wanted: FollowUpFilter

    @property
    def has_any(self) -> bool:
        """Whether any state has one."""
        return any(count for _, _, count in self.chips)


def _conditions(today: date) -> dict[str, Q]:
    return {
        ACTIVE_: Q(status__in=ACTIVE),
        LATE: Q(status=Status.OPEN, due_on__lt=today),
        OPEN: Q(status=Status.OPEN),
        REPORTED: Q(status=Status.REPORTED),
        DONE: Q(status=Status.DONE),
        DROPPED: Q(status=Status.DROPPED),
        ALL: Q(),
    }


def follow_up_list(rights: Rights, wanted: FollowUpFilter, page_number: str | int | None = 1) -> FollowUpList:
    """A page of what this person may see, next due first, what is closed latest first. Two queries."""
    today = timezone.localdate()
    found = _narrowed(visible(rights), wanted)
    conditions = _conditions(today)
    counts = found.order_by().aggregate(
        **{f"n{number}": Count("pk", filter=condition) for number, condition in enumerate(conditions.values())}
    )
    numbers = {state: counts[f"n{number}"] for number, state in enumerate(conditions)}
    order = ["-closed_at"] if wanted.state in (DONE, DROPPED) else ["due_on"]
    rows = found.filter(conditions[wanted.state]).select_related("agency", "indicator", "period")
    # The count is known already: the paginator need not ask again.
    paginator = Paginator(rows.order_by(*order, "pk"), PER_PAGE)
    paginator.count = numbers[wanted.state]
    page = paginator.get_page(page_number)
    chips = [(state, title, numbers[state]) for state, title in STATES.items()]
    return FollowUpList(page, [row_of(each, today) for each in page], chips, wanted)


def _narrowed(found: QuerySet[FollowUp], wanted: FollowUpFilter) -> QuerySet[FollowUp]:
    if wanted.text:
        found = found.filter(
            Q(text__icontains=wanted.text)
            | Q(agency__name__icontains=wanted.text)
            | Q(agency__short_name__icontains=wanted.text)
        )
    if wanted.agency_id:
        found = found.filter(agency_id=wanted.agency_id)
    if wanted.indicator:
        found = found.filter(indicator__code=wanted.indicator)
    if wanted.period_id:
        found = found.filter(period_id=wanted.period_id)
    return found.filter(source=wanted.source) if wanted.source else found


@dataclass(frozen=True)
class Choices:
    """What the list can be narrowed to: what occurs in it."""

    agencies: list[tuple[int, str]]
    indicators: list[tuple[str, str]]
    periods: list[tuple[int, str]]


def choices_of(rights: Rights) -> Choices:
    """Three queries."""
    found = visible(rights).order_by()
    names: dict[str, str] = {}
    indicators = Indicator.objects.filter(pk__in=found.values("indicator")).order_by("order", "instrument")
    for code, name in indicators.values_list("code", "short_name"):
        names.setdefault(code, f"{code}. {name}")
    return Choices(
        list(Agency.objects.filter(pk__in=found.values("agency")).order_by("name").values_list("pk", "name")),
        list(names.items()),
        list(Period.objects.filter(pk__in=found.values("period")).values_list("pk", "name")),
    )


@dataclass(frozen=True)
class Standing:
    """How things stand, in numbers."""

    active: int
    open: int
    late: int
    soon: int  # due in the next seven days, today included
    reported: int
    next_due: date | None
    first_reported: int | None  # its id

    @property
    def text(self) -> str:
        """ "2 jatuh tempo dalam 7 hari, 1 lewat tenggat"; empty where nothing is open."""
        if not self.open:
            return ""
        parts = []
        if self.soon:
            parts.append(f"{self.soon} jatuh tempo dalam {SOON_DAYS} hari")
        if self.late:
            parts.append(f"{self.late} lewat tenggat")
        if not parts:
            parts.append(f"{self.open} terbuka, tenggat terdekat {date_id(self.next_due)}")
        return ", ".join(parts)

    @property
    def tone(self) -> str:
        return "is-late" if self.late else "is-warn" if self.soon else ""


def standing_of(found: QuerySet[FollowUp]) -> Standing:
    """One query."""
    today = timezone.localdate()
    is_open = Q(status=Status.OPEN)
    row = found.order_by().aggregate(
        active=Count("pk", filter=Q(status__in=ACTIVE)),
        open=Count("pk", filter=is_open),
        late=Count("pk", filter=is_open & Q(due_on__lt=today)),
        soon=Count("pk", filter=is_open & Q(due_on__gte=today, due_on__lte=today + timedelta(days=SOON_DAYS))),
        reported=Count("pk", filter=Q(status=Status.REPORTED)),
        next_due=Min("due_on", filter=is_open),
        first_reported=Min("pk", filter=Q(status=Status.REPORTED)),
    )
    return Standing(**row)


def of_agencies(agency_ids: Iterable[int]) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(agency_id__in=list(agency_ids))


def first_open_of(agency_ids: Iterable[int]) -> FollowUpRow | None:
    """What is due next. One query."""
    found = of_agencies(agency_ids).filter(status=Status.OPEN).select_related("agency", "indicator", "period").first()
    return row_of(found, timezone.localdate()) if found else None


# --- Beside an indicator -----------------------------------------------------------------------------


def beside(agency_id: int, indicator: Indicator, period: Period) -> list[FollowUpRow]:
    """The agency's unfinished ones on this indicator, from this period or an earlier one. One query.

    The same instrument and code are the same row of `Indicator`.
    """
    found = FollowUp.objects.filter(
        agency_id=agency_id, indicator=indicator, status__in=ACTIVE, period__year__lte=period.year
    ).select_related("agency", "indicator", "period")
    today = timezone.localdate()
    return [row_of(each, today) for each in found.order_by("due_on", "pk")]


# --- In a report -------------------------------------------------------------------------------------


def concerning(period: Period) -> QuerySet[FollowUp]:
    """What arose in `period`, and what earlier ones left unfinished; with agency, indicator and period."""
    found = FollowUp.objects.filter(Q(period=period) | Q(period__year__lt=period.year, status__in=ACTIVE))
    return found.select_related("agency", "indicator", "period")


# --- One of them -------------------------------------------------------------------------------------

_ACTS = {
    "followup.create": "Tindak lanjut dibuat",
    "followup.edit": "Diubah",
    "followup.progress": "Kemajuan disimpan",
    "followup.report": "Dilaporkan selesai",
    "followup.confirm": "Dinyatakan selesai",
    "followup.return": "Dikembalikan ke OPD",
    "followup.drop": "Dihentikan",
    "followup.reopen": "Dibuka kembali",
    "followup.download": "Bukti diunduh",
}


def one(rights: Rights, pk: int) -> FollowUp | None:
    """One follow-up with all its page shows. One query."""
    return (
        visible(rights)
        .select_related(
            "period__instrument",
            "agency",
            "indicator",
            "review__answer",
            "plan",
            "proof__document",
            "created_by",
            "reported_by",
            "closed_by",
        )
        .filter(pk=pk)
        .first()
    )


def history_of(follow_up: FollowUp, limit: int = 50) -> list[Act]:
    """What happened to it, newest first. One query."""
    events = Event.objects.filter(stream=f"followup:{follow_up.pk}").select_related("actor").order_by("-id")
    return [
        Act(
            event.at,
            str(event.actor) if event.actor else "Sistem",
            _ACTS.get(event.action, event.action),
            _about(event),
            event.reason,
        )
        for event in events[:limit]
    ]


def _about(event: Event) -> str:
    """What changed, as far as it is worth a line."""
    if event.action == "followup.create":
        return ""
    before, after = event.before, event.after
    parts = []
    if "due_on" in before and "due_on" in after:
        parts.append(f"tenggat {_day(before['due_on'])} menjadi {_day(after['due_on'])}")
    if "agency" in before and "agency" in after:
        parts.append(f"dari {before['agency']} ke {after['agency']}")
    if "text" in after:
        parts.append("rekomendasi diubah")
    if "progress" in after and "status" not in after:
        parts.append(f"kemajuan {after['progress']} %")
    if after.get("file") and event.action != "followup.edit":
        parts.append(f"berkas {after['file']}")
    return ", ".join(parts)


def _day(text: str | None) -> str:
    return date_id(date.fromisoformat(text)) if text else "–"
