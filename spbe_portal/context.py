"""What every page's frame needs: the government's name, the person, their places."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership, Role, User
from accounts.permissions import Rights, can_manage_accounts, rights_of

#: Pages of one assessment that several roles open, each from a place of their own.
_SHARED = frozenset({"sheet", "answer", "submit", "index_breakdown"})


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; its pages are the url names that begin with one of `prefixes`, and `pages`."""

    title: str
    url_name: str
    prefixes: tuple[str, ...] = ()
    pages: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    def holds(self, url_name: str) -> bool:
        return url_name == self.url_name or url_name in self.pages or url_name.startswith(self.prefixes)


HOME = Place("Beranda", "home", pages=_SHARED)
REVIEW = Place("Verifikasi", "review_queue", ("review",), _SHARED | {"return", "approve"})
PERIODS = Place("Periode", "period_list", ("period", "instrument"), _SHARED | {"reopen", "cancel", "extend"})
RESULTS = Place("Hasil", "results", pages=_SHARED)
AGENCIES = Place("OPD", "agency_list", ("agency",))
PEOPLE = Place("Pengguna", "person_list", ("person", "membership"))
REPORTS = Place("Laporan", "report_list", ("report",))


def places_of(rights: Rights) -> list[Place]:
    """Where a person goes: at most five places for one role, in a fixed order."""
    wanted = [
        (HOME, rights.is_operator),
        (REVIEW, rights.is_verifier or rights.is_coordinator),
        (PERIODS, rights.is_coordinator),
        (RESULTS, rights.is_leader or rights.is_verifier),
        (AGENCIES, can_manage_accounts(rights)),
        (PEOPLE, can_manage_accounts(rights)),
        (REPORTS, rights.is_operator or rights.is_verifier or rights.is_coordinator or rights.is_leader),
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
        rows = Membership.objects.current().filter(user=self.user)
        roles: dict[str, list[str]] = {}
        for agency, role in rows.order_by("agency__short_name", "role").values_list("agency__short_name", "role"):
            roles.setdefault(agency, []).append(Role(role).label)
        lines = [f"{agency}: {', '.join(dict.fromkeys(held))}" for agency, held in roles.items()]
        if self.rights.is_superuser:
            lines.append("Administrator sistem")
        return lines

    @cached_property
    def nav(self) -> list[dict]:
        """The person's places as title, url and whether one is the current."""
        match = getattr(self._request, "resolver_match", None)
        here = (match.url_name if match else None) or ""
        places = places_of(self.rights)
        active = next((place for place in places if place.holds(here)), None)
        return [{"title": place.title, "url": place.url, "is_active": place is active} for place in places]


def portal(request: HttpRequest) -> dict:
    """`portal` (the page's `Frame`) and `rights` (the person's `Rights`) for every template."""
    frame = Frame(request)
    return {"portal": frame, "rights": SimpleLazyObject(lambda: frame.rights)}
