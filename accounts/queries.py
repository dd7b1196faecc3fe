"""Reads of people and agencies, each with a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Agency, Membership, Role, User
from audit.models import Event

# --- Agencies --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AgencyCounts:
    """How many agencies match the filters, by state today."""

    valid: int
    without_operator: int
    ended: int
    every: int


def agencies(*, search: str = "", kind: str = "") -> QuerySet[Agency]:
    """Agencies with `people` and `operators`: how many active people hold a role (that role) there today."""
    found = Agency.objects.select_related("successor")
    found = found.annotate(people=_people(), operators=_people(role=Role.OPERATOR))
    if search:
        found = found.filter(Q(name__icontains=search) | Q(short_name__icontains=search) | Q(slug__icontains=search))
    return found.filter(kind=kind) if kind else found


def with_state(found: QuerySet[Agency], state: str) -> QuerySet[Agency]:
    """Those of `agencies` in one state: "" valid or yet to begin, "tanpa-operator", "berakhir" or "semua"."""
    today = timezone.localdate()
    match state:
        case "semua":
            return found
        case "berakhir":
            return found.filter(valid_until__lt=today)
        case "tanpa-operator":
            return found.filter(_without_operator(today))
        case _:
            return found.filter(_not_ended(today))


def agency_counts(found: QuerySet[Agency]) -> AgencyCounts:
    today = timezone.localdate()
    counted = found.order_by().aggregate(
        valid=Count("pk", filter=_not_ended(today)),
        without_operator=Count("pk", filter=_without_operator(today)),
        every=Count("pk"),
    )
    return AgencyCounts(ended=counted["every"] - counted["valid"], **counted)


def _not_ended(today: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=today)


def _without_operator(today: date) -> Q:
    """Nobody could fill in for it today."""
    return Q(valid_from__lte=today) & _not_ended(today) & Q(operators=0)


def _people(**held: str) -> Coalesce:
    counted = (
        Membership.objects.current()
        .filter(agency=OuterRef("pk"), user__is_active=True, **held)
        .order_by()
        .values("agency")
        .annotate(number=Count("user", distinct=True))
        .values("number")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# --- People ----------------------------------------------------------------------------------------


_WITHOUT_PASSWORD = Q(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)


@dataclass(frozen=True)
class PersonCounts:
    """How many people match the filters, by account."""

    active: int
    without_password: int
    inactive: int
    every: int


def people(*, search: str = "", role: str = "", agency: Agency | None = None) -> QuerySet[User]:
    """People with `current_memberships` (their agencies with them). `role` is a `Role` or "tanpa": none held today."""
    held = Membership.objects.current()
    found = User.objects.prefetch_related(
        Prefetch(
            "memberships",
            held.select_related("agency").order_by("agency__short_name", "role"),
            to_attr="current_memberships",
        )
    )
    for word in search.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(username__icontains=word)
            | Q(position__icontains=word)
            | Q(email__icontains=word)
        )
    mine = held.filter(user=OuterRef("pk"))
    if agency:
        mine = mine.filter(agency=agency)
    if role == "tanpa":
        return found.filter(~Exists(mine))
    if role:
        mine = mine.filter(role=role)
    return found.filter(Exists(mine)) if role or agency else found


def with_account(found: QuerySet[User], state: str) -> QuerySet[User]:
    """Those of `people` whose account is open (""), open without a password yet ("belum"), closed ("nonaktif"),
    or all ("semua")."""
    if state == "belum":
        return found.filter(_WITHOUT_PASSWORD)
    return found if state == "semua" else found.filter(is_active=state != "nonaktif")


def person_counts(found: QuerySet[User]) -> PersonCounts:
    counted = found.order_by().aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        without_password=Count("pk", filter=_WITHOUT_PASSWORD),
        every=Count("pk"),
    )
    return PersonCounts(inactive=counted["every"] - counted["active"], **counted)


# --- Memberships -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """One role as its pages show it. `state`: "current", "coming" or "ended"."""

    pk: int
    person: User
    agency: Agency
    role: str
    valid_from: date
    valid_until: date | None
    state: str

    @property
    def is_open(self) -> bool:
        return self.state != "ended"


def memberships_of_person(person: User) -> list[Held]:
    """All roles of a person: current, coming, then ended, latest first."""
    return _held(Membership.objects.filter(user=person))


def memberships_at_agency(agency: Agency) -> list[Held]:
    """Roles at an agency that have not ended, of people whose account is open."""
    rows = _held(Membership.objects.filter(agency=agency, user__is_active=True))
    return [row for row in rows if row.is_open]


def _held(found: QuerySet[Membership]) -> list[Held]:
    found = found.select_related("user", "agency").order_by("user__name", "agency__short_name", "-valid_from")
    rows = [
        Held(row.pk, row.user, row.agency, row.get_role_display(), row.valid_from, row.valid_until, _state(row))
        for row in found
    ]
    return sorted(rows, key=lambda row: ("current", "coming", "ended").index(row.state))


def _state(membership: Membership) -> str:
    today = timezone.localdate()
    if membership.valid_until and membership.valid_until < today:
        return "ended"
    return "coming" if membership.valid_from > today else "current"


# --- History ---------------------------------------------------------------------------------------

_ACTS = {
    "user.create": "Akun dibuat",
    "user.edit": "Data diubah",
    "user.activate": "Akun diaktifkan",
    "user.deactivate": "Akun dinonaktifkan",
    "user.invite": "Tautan kata sandi dikirim lewat surel",
    "user.password_forgotten": "Tautan kata sandi diminta dari halaman masuk",
    "user.password_link": "Tautan kata sandi dibuat",
    "user.password_link_used": "Kata sandi dibuat melalui tautan",
    "user.password_change": "Kata sandi diubah",
    "user.two_factor_on": "Verifikasi dua langkah diaktifkan",
    "user.two_factor_off": "Verifikasi dua langkah dimatikan",
    "user.two_factor_reset": "Verifikasi dua langkah dicabut",
    "user.two_factor_codes": "Kode pemulihan baru dibuat",
    "user.recovery_code_used": "Kode pemulihan dipakai",
    "user.session_ended": "Satu sesi diakhiri",
    "user.sessions_ended": "Semua sesi diakhiri",
    "user.oidc_linked": "Akun pemerintah ditautkan",
    "user.oidc_unlinked": "Akun pemerintah dilepas",
    "token.make": "Token API dibuat",
    "token.revoke": "Token API dicabut",
    "membership.add": "Peran ditambahkan",
    "membership.end": "Akhir peran ditetapkan",
    "membership.withdraw": "Peran dibatalkan",
    "agency.create": "OPD ditambahkan",
    "agency.edit": "Data diubah",
    "agency.end": "OPD diakhiri",
    "agency.reinstate": "OPD diberlakukan lagi",
}


@dataclass(frozen=True)
class Act:
    """One line of a history: when, by whom, what, why."""

    at: datetime
    by: str
    what: str
    about: str
    reason: str


def history(thing: User | Agency, limit: int = 20) -> list[Act]:
    """The latest acts on a person (their roles included) or an agency, newest first; one query."""
    stream = f"{thing._meta.model_name}:{thing.pk}"
    events = Event.objects.filter(stream=stream).select_related("actor").order_by("-id")
    return [
        Act(
            event.at,
            str(event.actor) if event.actor else "Sistem",
            _ACTS.get(event.action, event.action),
            event.subject_label if event.action.startswith("membership.") else "",
            event.reason,
        )
        for event in events[:limit]
    ]
