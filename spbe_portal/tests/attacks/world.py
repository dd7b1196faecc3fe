"""What is attacked: Dinkes's things in a small government, and every address of the portal that leads to them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.cookies import SimpleCookie
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import ImportDraft, Membership, Notification, Role, Webhook, WebhookDelivery
from assessments import workflow
from assessments.models import Assessment, Document, DocumentVersion, Evidence, SheetDraft
from assessments.services.followups import create_follow_up
from conftest import City, accept_all, attach, hand_in, make_person
from inventory.models import ImportDraft as ApplicationDraft
from inventory.services import create_application
from reports.services import request_agency_report
from spbe_portal.tests.test_guard import TABLE, WHO, Row

STATES = ("draft", "submitted", "approved")


@dataclass
class World:
    city: City
    period: Any
    assessment: Assessment
    state: str = "draft"
    things: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    cookies: dict[str, Any] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        """The client of `who`, with the session it had at the beginning."""
        client = self.clients[who]
        client.cookies = SimpleCookie(self.cookies[who])
        return client


@dataclass(frozen=True)
class Address:
    """One address as attacked in one state; `blocked` are those whom it does not let look."""

    name: str
    route: str
    converters: tuple[tuple[str, str], ...]
    state: str
    blocked: frozenset[str]
    is_in_table: bool
    is_first: bool

    @property
    def has_args(self) -> bool:
        return bool(self.converters)

    def args(self, world: World) -> dict[str, Any]:
        return {name: _thing(world, self.route, name, kind) for name, kind in self.converters}


#: What a key in an address is, by how the address begins; the first that fits. A new kind of thing needs a line.
THINGS = (
    ("opd/impor/", "agency_draft"),
    ("pengguna/impor/", "person_draft"),
    ("opd/", "agency"),
    ("pengguna/", "person"),
    ("peran/", "membership"),
    ("akun/keamanan/", "sign_in"),
    ("pemberitahuan/", "notification"),
    ("penilaian/", "assessment"),
    ("bukti/", "evidence"),
    ("pustaka/versi/", "version"),
    ("pustaka/", "document"),
    ("unggahan/", "upload"),
    ("periode/", "period"),
    ("pemda/", "period"),
    ("tindak-lanjut/", "followup"),
    ("aplikasi/unggah/", "application_draft"),
    ("aplikasi/", "application"),
    ("laporan/", "report"),
    ("webhook/", "webhook"),
)


def _thing(world: World, route: str, name: str, kind: str) -> Any:
    if name == "code":
        return {"instrumen/": world.things["instrument"], "cek/": "TIDAK-ADA"}.get(route[: route.index("/") + 1], "12")
    if name == "page":
        return 1
    if name in ("kind", "part"):
        return {"kind": "indikator", "part": "12"}[name]
    if name == "delivery":
        return world.things["delivery"]
    if name == "evidence_pk":
        return world.things["evidence"]
    if name == "draft_pk":
        return world.things["paper_draft"]
    if kind == "StringConverter":
        return "abc"
    for begins, thing in THINGS:
        if route.startswith(begins):
            return world.things[thing]
    raise KeyError(f"{route}: what is its {name}? Add it to THINGS and to `build`.")


def build(city: City, period: Any) -> World:
    assessment = Assessment.objects.get(period=period, agency=city.dinkes)
    city.member_verifier = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))  # type: ignore[attr-defined]
    city.coordinator2 = make_person("koordinator2", (Role.COORDINATOR, city.diskominfo))  # type: ignore[attr-defined]
    world = World(city, period, assessment)
    evidence = attach(assessment.answers.order_by("indicator__order").first(), city.operator)
    delivery = WebhookDelivery.objects.create(
        webhook=Webhook.objects.create(
            name="Lama", url="https://dasbor.contoh.go.id/", events=["report.ready"], created_by=city.coordinator
        ),
        event="report.ready",
        payload={"event": "report.ready", "id": "1", "at": "", "data": {}},
        next_attempt_at=timezone.now(),
    )
    world.things = {
        "assessment": assessment.pk,
        "period": period.pk,
        "instrument": period.instrument.code,
        "agency": city.dinkes.pk,
        "person": city.operator2.pk,
        "membership": Membership.objects.get(user=city.operator2).pk,
        "evidence": evidence.pk,
        "version": evidence.version_id,
        "document": evidence.version.document_id,
        "upload": uuid.uuid4(),
        "sign_in": 0,
        "notification": Notification.objects.create(
            user=city.operator, kind="returned", title="Dikembalikan", key="attack", path="/"
        ).pk,
        "agency_draft": ImportDraft.objects.create(
            user=city.coordinator, subject="agencies", file_name="opd.csv", rows=[]
        ).pk,
        "person_draft": ImportDraft.objects.create(
            user=city.coordinator, subject="people", file_name="orang.csv", rows=[]
        ).pk,
        "paper_draft": SheetDraft.objects.create(
            user=city.operator, subject="working_paper", assessment=assessment, file_name="kertas.csv", rows=[]
        ).pk,
        "application_draft": ApplicationDraft.objects.create(user=city.operator, file_name="a.csv", rows=[]).pk,
        "application": create_application(
            actor=city.operator,
            agency=city.dinkes,
            facts={"name": "e-Surat", "purpose": "Surat", "kind": "publik", "category": "kearsipan"},
        ).pk,
        "followup": create_follow_up(
            user=city.coordinator,
            period_id=period.pk,
            agency_id=city.dinkes.pk,
            text="Lengkapi SOP.",
            due_on=date.today() + timedelta(days=30),
        ).pk,
        "report": uuid.uuid4(),
        "delivery": delivery.pk,
        "webhook": delivery.webhook_id,
    }
    for who in WHO:
        client = Client(raise_request_exception=False)
        if who != "anonymous":
            client.force_login(getattr(city, who))
            client.get(reverse("notification_count"))  # what a first look writes is written
        world.clients[who] = client
        world.cookies[who] = {name: morsel.value for name, morsel in client.cookies.items()}
    return world


def advance(world: World, state: str) -> None:
    """Move the assessment on: "submitted" from a draft, "approved" from there."""
    city = world.city
    if state == "submitted":
        hand_in(world.assessment, city.operator)
        evidence = Evidence.objects.filter(answer__assessment=world.assessment).order_by("pk").first()
        version = DocumentVersion.objects.get(pk=evidence.version_id)
        world.things |= {
            "evidence": evidence.pk,
            "version": version.pk,
            "document": Document.objects.get(pk=version.document_id).pk,
            "report": request_agency_report(world.assessment.pk, city.operator).pk,
        }
    elif state == "approved":
        accept_all(world.assessment, city.verifier)
        workflow.approve(assessment_id=world.assessment.pk, user=city.verifier)
    world.assessment.refresh_from_db()
    world.state = state


def addresses() -> list[Address]:
    """Every address in each state that the guard knows a row for; those without a row in the first state."""
    found = []
    for pattern, route in _patterns(get_resolver()):
        name = pattern.name or route
        if name.startswith("api_"):
            continue  # tokens, not sessions: its own suite
        converters = tuple((key, type(kind).__name__) for key, kind in pattern.pattern.converters.items())
        rows = {row.state: row for row in reversed(TABLE.get(name, []))}
        first = next((state for state in STATES if state in rows), STATES[0])
        for state, row in (rows or {first: None}).items():
            found.append(Address(name, route, converters, state, _blocked(row), row is not None, state == first))
    return found


def _blocked(row: Row | None) -> frozenset[str]:
    if row is None:
        return frozenset()
    statuses = dict(zip(WHO, row.statuses.split(), strict=True))
    return frozenset(who for who, status in statuses.items() if status in ("-", "403", "404"))


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[URLPattern, str]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield pattern, route
