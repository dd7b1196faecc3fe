"""What every page's frame needs: the government's name, the person, their places."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.bell import bell_text, unread, unread_of
from accounts.models import Membership, Role, User
from accounts.permissions import Rights, can_manage_accounts, can_manage_webhooks, rights_of
from assessments.permissions import can_see_audit_trail, can_see_pemda

#: Pages of one assessment that several roles open, each from a place of their own.
_SHARED = frozenset(
    {
        "sheet",
        "answer",
        "submit",
        "index_breakdown",
        "history",
        "answer_history",
        "carry_over",
        "carry_over_one",
        "carry_over_several",
        "evidence_pick",
        "working_paper",
        "working_paper_review",
    }
)


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; its pages are the url names that begin with one of `prefixes`, and `pages`.

    `tabs` are the entries below it, shown on all its pages; `may_open` tells of a tab who of those it is for.
    """

    title: str
    url_name: str
    prefixes: tuple[str, ...] = ()
    pages: frozenset[str] = frozenset()
    tabs: tuple["Place", ...] = ()
    may_open: Callable[[Rights], bool] | None = None

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    def holds(self, url_name: str) -> bool:
        if url_name == self.url_name or url_name in self.pages or url_name.startswith(self.prefixes):
            return True
        return any(tab.holds(url_name) for tab in self.tabs)


HOME = Place("Beranda", "home", pages=_SHARED)
REVIEW = Place("Verifikasi", "review_queue", ("review",), _SHARED | {"return", "approve"})
PERIODS_OWN = Place(
    "Periode",
    "period_list",
    ("period", "assignment", "consistency", "not_handed_in", "remind"),
    _SHARED | {"reopen", "cancel", "extend"},
)
INSTRUMENTS = Place("Instrumen", "instrument_list", ("instrument",))
PERIODS = Place("Periode", "period_list", tabs=(PERIODS_OWN, INSTRUMENTS))
SUMMARY = Place("Ringkasan", "pemda")
HEAT = Place("Peta nilai", "heat")
RESULTS = Place("Hasil OPD", "results", pages=_SHARED)
DETERMINATION = Place("Penetapan", "determination", ("determin", "external", "package"))
ROADMAP = Place("Peta jalan", "roadmap", ("roadmap",))
FOLLOW_UPS = Place("Tindak lanjut", "followup_list", ("followup",))
INVENTORY = Place("Aplikasi", "application_list", ("application",))
PEMDA = Place("Pemda", "pemda", tabs=(SUMMARY, HEAT, RESULTS, DETERMINATION, ROADMAP, FOLLOW_UPS, INVENTORY))
LIBRARY = Place("Pustaka", "document_list", ("document",))
POSITION = Place("Posisi", "own_place")
OWN_PLACE = Place("OPD Anda", "own_place", tabs=(POSITION, INVENTORY))
AGENCIES = Place("OPD", "agency_list", ("agency", "document"))  # a coordinator comes to a library from its agency
PEOPLE = Place("Pengguna", "person_list", ("person", "membership"))
AUDIT = Place("Jejak audit", "audit_trail", ("audit",), may_open=can_see_audit_trail)
WEBHOOKS = Place("Webhook", "webhook_list", ("webhook",), may_open=can_manage_webhooks)
ACCOUNTS = Place("OPD dan pengguna", "agency_list", tabs=(AGENCIES, PEOPLE, AUDIT, WEBHOOKS))
REPORTS = Place("Laporan", "report_list", ("report",))


def places_of(rights: Rights) -> list[Place]:
    """Where a person goes: at most five places for one role, in a fixed order."""
    sees_pemda = can_see_pemda(rights)
    wanted = [
        (HOME, rights.is_operator),
        (REVIEW, rights.is_verifier or rights.is_coordinator),
        (PERIODS, rights.is_coordinator),
        (PEMDA, sees_pemda),
        (LIBRARY, rights.is_operator),
        (FOLLOW_UPS, rights.is_operator and not sees_pemda),
        (OWN_PLACE, rights.is_operator),
        (ACCOUNTS, can_manage_accounts(rights)),
        (REPORTS, rights.is_operator or sees_pemda),
    ]
    return [place for place, shown in wanted if shown]


class Frame:
    """The frame of one page. Nothing is read before a template asks for it."""

    name = "SPBE Portal"

    def __init__(self, request: HttpRequest):
        self._request = request
        # Early failures (a bad host) come before there is a user.
        self.user: User | AnonymousUser = getattr(request, "user", None) or AnonymousUser()
        self.government = settings.GOVERNMENT_NAME
        self.letterhead = settings.GOVERNMENT_LETTERHEAD
        self.zone = settings.TIME_ZONE_LABEL
        self.is_demo = settings.DEMO

    @cached_property
    def rights(self) -> Rights:
        return rights_of(self.user)

    @cached_property
    def memberships(self) -> list[str]:
        """The person's current roles, one line an agency: "Dinas Kesehatan: Operator OPD"."""
        if not isinstance(self.user, User):
            return []
        roles: dict[str, list[str]] = {}
        for agency, role, _ in self._held:
            roles.setdefault(agency, []).append(Role(role).label)
        lines = [f"{agency}: {', '.join(dict.fromkeys(held))}" for agency, held in roles.items()]
        if self.rights.is_superuser:
            lines.append("Administrator sistem")
        return lines

    @cached_property
    def _held(self) -> list[tuple[str, str, int]]:
        """Agency, role, and beside each the person's unread notifications: the bell costs no query of its own."""
        rows = Membership.objects.current().filter(user=self.user.pk).annotate(unread=unread_of("user"))
        return list(rows.order_by("agency__short_name", "role").values_list("agency__short_name", "role", "unread"))

    @cached_property
    def unread(self) -> int:
        """How many notifications the person has not read."""
        if not isinstance(self.user, User):
            return 0
        return self._held[0][2] if self._held else unread(self.user)

    @property
    def bell_text(self) -> str:
        return bell_text(self.unread)

    @property
    def _here(self) -> str:
        match = getattr(self._request, "resolver_match", None)
        return (match.url_name if match else None) or ""

    @cached_property
    def _place(self) -> Place | None:
        return next((place for place in places_of(self.rights) if place.holds(self._here)), None)

    @cached_property
    def nav(self) -> list[dict]:
        """The person's places as title, url and whether one is the current."""
        return [
            {"title": place.title, "url": place.url, "is_active": place == self._place}
            for place in places_of(self.rights)
        ]

    @cached_property
    def tabs(self) -> list[dict]:
        """The entries below the current place, as in `nav`. The chosen period goes along."""
        every = self._place.tabs if self._place else ()
        tabs = [tab for tab in every if tab.may_open is None or tab.may_open(self.rights)]
        chosen = self._request.GET.get("periode", "")
        query = f"?periode={chosen}" if chosen.isdigit() and self._place == PEMDA else ""
        active = next((tab for tab in tabs if tab.holds(self._here)), None)
        return [{"title": tab.title, "url": tab.url + query, "is_active": tab == active} for tab in tabs]


def portal(request: HttpRequest) -> dict:
    """`portal` (the page's `Frame`) and `rights` (the person's `Rights`) for every template."""
    frame = Frame(request)
    return {"portal": frame, "rights": SimpleLazyObject(lambda: frame.rights)}
