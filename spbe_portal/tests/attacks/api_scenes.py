"""Requests of programs that really write, as `scenes` for the pages: one for every address and method of the API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Notification
from accounts.services import people, tokens
from assessments import workflow
from assessments.models import Assessment, Evidence, SheetDraft
from assessments.services import documents
from conftest import PASSWORD, accept_all, attach, fill, make_person
from reports.models import ReportJob
from spbe_portal.tests.attacks import exchange_scenes as exchange
from spbe_portal.tests.attacks import scenes as pages
from spbe_portal.tests.attacks.scenes import (
    ANYBODY,
    COORDINATOR,
    EVERYONE,
    KEEPER,
    MANAGER,
    OPERATOR,
    PEMDA,
    REVIEWER,
    answer,
    dinsos,
    dinsos_evidence,
    pdf_file,
)
from spbe_portal.tests.attacks.world import World

Keys = dict[str, Any]


@dataclass
class Ask:
    """One request. `foreign`: bodies with keys that this person may not use; `nested`: the keys of an address whose
    last belongs to something else than the first."""

    body: Any = None
    of: Keys = field(default_factory=dict)
    foreign: dict[str, Any] = field(default_factory=dict)
    nested: dict[str, Keys] = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True)
class Scene:
    """`make` sets it up; `who` sends it, `may` could have, and a row of `writes` must then differ (none: nothing)."""

    address: str
    method: str
    who: str
    may: frozenset[str]
    writes: str
    make: Callable[[World], Ask]

    @property
    def name(self) -> str:
        return f"{self.method} {self.address} {self.make.__name__}"


SCENES: list[Scene] = []


def scene(method: str, address: str, who: str, may: frozenset[str], writes: str) -> Callable[[Callable], Callable]:
    def note(make: Callable[[World], Ask]) -> Callable[[World], Ask]:
        SCENES.append(Scene(f"api_{address}", method, who, may, writes, make))
        return make

    return note


def iso(days: int = 30) -> str:
    return f"{date.today() + timedelta(days=days)}"


def moment(days: int = 40) -> str:
    return (timezone.localtime() + timedelta(days=days)).replace(microsecond=0).isoformat()


def at(world: World, number: str = "12") -> Keys:
    return {"pk": world.assessment.pk, "number": number}


def here(world: World) -> Keys:
    return {"pk": world.assessment.pk}


def there(world: World, **more: Any) -> Keys:
    return {"pk": world.period.pk, **more}


# --- Tokens and what is one's own ---------------------------------------------------------------------


@scene("post", "token", "anonymous", ANYBODY, "accounts_apitoken")
def make_token(world: World) -> Ask:
    return Ask({"username": "operator-dinkes", "password": PASSWORD, "name": "Uji", "scope": "write", "days": 7})


@scene("delete", "token", "operator", EVERYONE, "accounts_apitoken")
def end_token(world: World) -> Ask:
    """Its own, whoever it is."""
    return Ask()


def told(world: World, who: str) -> int:
    return Notification.objects.create(user=getattr(world.city, who), kind="account", title="A", key="apix").pk


@scene("post", "notifications_read_all", "operator", EVERYONE, "accounts_notification")
def read_all(world: World) -> Ask:
    """Of one's own; of whom nothing was told nothing is marked."""
    return Ask({"until": told(world, "operator")})


@scene("post", "notification_read", "operator", OPERATOR, "accounts_notification")
def read_one(world: World) -> Ask:
    return Ask(None, {"pk": told(world, "operator")}, nested={"another's": {"pk": told(world, "verifier")}})


# --- Agencies and people ------------------------------------------------------------------------------


@scene("post", "agencies", "coordinator", MANAGER, "accounts_agency")
def add_agency(world: World) -> Ask:
    body = {"name": "Dinas Uji", "short_name": "Uji", "kind": "dinas", "valid_from": "2026-01-01", "slug": "uji"}
    body |= {"parent": world.city.dinkes.pk}
    return Ask(body, foreign={"no parent": {**body, "parent": 10**8}, "taken": {**body, "slug": "dinkes"}})


@scene("patch", "agency", "coordinator", MANAGER, "accounts_agency")
def edit_agency(world: World) -> Ask:
    agency = world.city.dinkes
    return Ask({"name": "Dinas Sehat", "short_name": "Sehat", "version": agency.version}, {"pk": agency.pk})


@scene("post", "agency_end", "coordinator", MANAGER, "accounts_agency")
def end_agency(world: World) -> Ask:
    keys = pages.end_agency(world).of
    body = {"last_day": iso(0), "successor": world.city.dinkes.pk, "reason": "Digabung."}
    itself = {**body, "successor": keys["pk"]}
    return Ask(body, keys, foreign={"itself": itself, "none": {**body, "successor": 10**8}})


@scene("post", "agency_reinstate", "coordinator", MANAGER, "accounts_agency")
def reinstate_agency(world: World) -> Ask:
    return Ask({"reason": "Batal."}, pages.reinstate(world).of)


@scene("post", "people", "coordinator", MANAGER, "accounts_user")
def add_person(world: World) -> Ask:
    body = {"username": "orang-baru", "name": "Orang Baru", "position": "Staf", "email": "", "role": "operator"}
    body |= {"agency": world.city.dinkes.pk, "valid_from": "2026-01-01", "valid_until": None}
    return Ask(body, foreign={"role": {**body, "role": "superuser"}, "no agency": {**body, "agency": 10**8}})


def somebody(world: World) -> Any:
    return make_person("seseorang", ("operator", world.city.dinkes))


@scene("patch", "person", "coordinator", MANAGER, "accounts_user")
def edit_person(world: World) -> Ask:
    body = {"name": "Nama Lain", "position": "Kepala", "version": world.city.operator2.version}
    return Ask(body, {"pk": world.city.operator2.pk}, foreign={"taken": {**body, "username": "verifikator"}})


@scene("patch", "person", "admin", frozenset({"admin"}), "accounts_user")
def edit_administrator(world: World) -> Ask:
    """A coordinator changes no administrator."""
    return Ask({"username": "admin-baru", "version": world.city.admin.version}, {"pk": world.city.admin.pk})


@scene("post", "person_deactivate", "coordinator", MANAGER, "accounts_user")
def deactivate(world: World) -> Ask:
    return Ask({"reason": "Pindah."}, {"pk": somebody(world).pk})


@scene("post", "person_activate", "coordinator", MANAGER, "accounts_user")
def activate(world: World) -> Ask:
    made = somebody(world)
    people.deactivate_person(actor=world.city.coordinator, person_id=made.pk, reason="Cuti.")
    return Ask({"reason": "Kembali."}, {"pk": made.pk})


@scene("post", "membership_add", "coordinator", MANAGER, "accounts_membership")
def add_role(world: World) -> Ask:
    body = {"agency": world.city.dinkes.pk, "role": "verifier", "valid_from": "2026-01-01", "valid_until": None}
    return Ask(body, {"pk": somebody(world).pk}, foreign={"no agency": {**body, "agency": 10**8}})


@scene("post", "membership_end", "coordinator", MANAGER, "accounts_membership")
def end_role(world: World) -> Ask:
    return Ask({"reason": "Mutasi."}, {"pk": Membership.objects.get(user=somebody(world)).pk})


# --- Webhooks, instruments ----------------------------------------------------------------------------


def elsewhere(body: dict[str, Any]) -> dict[str, Any]:
    """Addresses where the portal must not go."""
    urls = (
        "http://127.0.0.1:8000/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/",
        "https://jahat.example/",
        "https://dasbor.contoh.go.id@jahat.example/",
        "https://dasbor.contoh.go.id:8443/",
        "file:///etc/passwd",
    )
    return {url: {**body, "url": url} for url in urls}


@scene("post", "webhooks", "coordinator", MANAGER, "accounts_webhook")
def add_webhook(world: World) -> Ask:
    body = {"name": "Dasbor", "url": "https://dasbor.contoh.go.id/", "events": ["report.ready"]}
    return Ask(body, foreign=elsewhere(body))


@scene("patch", "webhook", "coordinator", MANAGER, "accounts_webhook")
def edit_webhook(world: World) -> Ask:
    made = exchange.webhook(world)
    body = {"name": "Dasbor Kota", "url": made.url, "events": made.events, "is_active": False, "version": made.version}
    return Ask(body, {"pk": made.pk}, foreign=elsewhere(body))


@scene("delete", "webhook", "coordinator", MANAGER, "accounts_webhook")
def remove_webhook(world: World) -> Ask:
    return Ask(None, {"pk": exchange.webhook(world).pk})


@scene("post", "webhook_test", "coordinator", MANAGER, "accounts_webhookdelivery")
def try_webhook(world: World) -> Ask:
    return Ask(None, {"pk": exchange.webhook(world).pk})


@scene("post", "instrument_copy", "coordinator", MANAGER, "indicators_instrument")
def copy_instrument(world: World) -> Ask:
    code = world.period.instrument.code
    return Ask({"name": "Salinan", "code": "salinan"}, {"code": code}, foreign={"taken": {"name": "A", "code": code}})


@scene("post", "instrument_publish", "coordinator", MANAGER, "indicators_instrument")
def publish_instrument(world: World) -> Ask:
    return Ask({}, {"code": exchange.draft(world).code})


# --- Filling in ---------------------------------------------------------------------------------------


@scene("patch", "answer", "operator", KEEPER, "assessments_answer")
def save(world: World) -> Ask:
    body = {"self_level": 3, "fact": "Ada.", "analysis": "Memenuhi.", "version": answer(world).version}
    return Ask(body, at(world), nested={"of Dinsos": {"pk": dinsos(world).pk, "number": "12"}})


@scene("post", "answer_reply", "operator", KEEPER, "assessments_review")
def reply(world: World) -> Ask:
    pages.returned(world)
    return Ask({"text": "Sudah kami lampirkan."}, at(world))


def pieces(world: World) -> tuple[Evidence, dict[str, Keys]]:
    """Evidence of 12, and addresses under which it or another must not be found."""
    mine, other = attach(answer(world), world.city.operator), attach(answer(world, "13"), world.city.operator)
    theirs = dinsos_evidence(world)
    nested = {
        "of another answer": {**at(world), "evidence_pk": other.pk},
        "under another answer": {**at(world, "13"), "evidence_pk": mine.pk},
        "of Dinsos": {**at(world), "evidence_pk": theirs.pk},
        "of Dinsos under its own number": {**at(world, theirs.answer.indicator.code), "evidence_pk": theirs.pk},
    }
    return mine, nested


@scene("post", "evidence_list", "operator", KEEPER, "assessments_evidence")
def add_link(world: World) -> Ask:
    body = {"url": "https://jdih.example/perwal/7", "title": "Perwal 7", "pages": "3", "level": 3}
    theirs = dinsos_evidence(world).version_id
    wrong = {"version of Dinsos": {"document_version": theirs}, "none": {"document_version": 10**9}}
    return Ask(body, at(world), foreign={**wrong, "script": {**body, "url": "javascript:alert(1)"}})


@scene("post", "evidence_list", "operator", KEEPER, "assessments_evidence")
def add_file(world: World) -> Ask:
    return Ask({"file": pdf_file(), "title": "SOP"}, at(world))


@scene("patch", "evidence", "operator", KEEPER, "assessments_document")
def edit_evidence(world: World) -> Ask:
    mine, nested = pieces(world)
    return Ask({"title": "Perwal 7", "pages": "3-4", "level": 2}, {**at(world), "evidence_pk": mine.pk}, nested=nested)


@scene("delete", "evidence", "operator", KEEPER, "assessments_evidence")
def remove_evidence(world: World) -> Ask:
    mine, nested = pieces(world)
    return Ask(None, {**at(world), "evidence_pk": mine.pk}, nested=nested)


@scene("put", "carry_over_one", "operator", KEEPER, "assessments_carryover")
def carry(world: World) -> Ask:
    old = pages.last_year(world)
    piece = Evidence.objects.get(answer__assessment=old, answer__indicator__code="12")
    other = Evidence.objects.get(answer__assessment=old, answer__indicator__code="13")
    body = {"answer": "keep", "evidence": [{"evidence": piece.pk, "decision": "keep"}]}
    body |= {"version": answer(world).version}
    wrong = {"of Dinsos": dinsos_evidence(world).pk, "of another answer": other.pk, "none": 10**9}
    foreign = {name: {**body, "evidence": [{"evidence": pk, "decision": "keep"}]} for name, pk in wrong.items()}
    return Ask(body, at(world), foreign=foreign)


PAPER = "Nomor;Level;Fakta\n12;3;Dari kertas kerja.\n"


@scene("post", "working_paper", "operator", KEEPER, "assessments_sheetdraft")
def bring_paper(world: World) -> Ask:
    """A paper is looked at first: a draft of one's own."""
    return Ask({"file": pages.csv(PAPER)}, here(world))


@scene("post", "working_paper_draft", "operator", OPERATOR, "assessments_answer")
def apply_paper(world: World) -> Ask:
    url = reverse("api_working_paper", args=[world.assessment.pk])
    shown = world.client("operator").post(url, {"file": pages.csv(PAPER)}, headers=world.things["tokens"]["operator"])
    kept = SheetDraft.objects.get(pk=shown.json()["id"])
    others = SheetDraft.objects.create(
        user=world.city.operator2, subject="working_paper", assessment=world.assessment, file_name="b", rows=kept.rows
    )
    theirs = SheetDraft.objects.create(
        user=world.city.operator, subject="working_paper", assessment=dinsos(world), file_name="c", rows=kept.rows
    )
    return Ask(
        {"shown": shown.json()["shown"], "take": []},
        {**here(world), "draft_pk": kept.pk},
        nested={
            "a colleague's": {**here(world), "draft_pk": others.pk},
            "of another assessment": {**here(world), "draft_pk": theirs.pk},
        },
    )


# --- Moves and decisions ------------------------------------------------------------------------------


@scene("post", "assessment_submit", "operator", KEEPER, "assessments_assessment")
def submit(world: World) -> Ask:
    fill(world.assessment, world.city.operator)
    return Ask({}, here(world))


@scene("post", "assessment_withdraw", "operator", KEEPER, "assessments_assessment")
def withdraw(world: World) -> Ask:
    pages.handed_in(world)
    return Ask({}, here(world))


@scene("post", "assessment_return", "verifier", REVIEWER, "assessments_assessment")
def send_back(world: World) -> Ask:
    pages.all_decided_but_one_returned(world)
    return Ask({"mend_by": moment(5)}, here(world))


@scene("post", "assessment_approve", "verifier", REVIEWER, "assessments_assessment")
def approve(world: World) -> Ask:
    pages.handed_in(world)
    accept_all(world.assessment, world.city.verifier)
    return Ask({}, here(world))


@scene("post", "assessment_reopen", "coordinator", COORDINATOR, "assessments_assessment")
def reopen(world: World) -> Ask:
    pages.approved(world)
    return Ask({"reason": "Salah hitung."}, here(world))


@scene("post", "assessment_cancel", "coordinator", COORDINATOR, "assessments_assessment")
def cancel(world: World) -> Ask:
    return Ask({"reason": "Keliru."}, here(world))


@scene("post", "assessment_extend", "coordinator", COORDINATOR, "assessments_assessment")
def extend(world: World) -> Ask:
    return Ask({"until": moment(), "reason": "Bencana."}, here(world))


@scene("put", "review", "verifier", REVIEWER, "assessments_review")
def adjust(world: World) -> Ask:
    pages.handed_in(world)
    body = {"decision": "adjust", "verified_level": 2, "note": "Baru level 2.", "round": world.assessment.round}
    return Ask(body, at(world), foreign={"round": {**body, "round": 9}, "version": {**body, "version": 7}})


# --- Library ------------------------------------------------------------------------------------------


@scene("post", "documents", "operator", KEEPER, "assessments_document")
def add_document(world: World) -> Ask:
    body = {"url": "https://jdih.example/perwal/8", "title": "Perwal 8", "agency": world.city.dinkes.pk}
    foreign = {"of Dinsos": {**body, "agency": world.city.dinsos.pk}, "script": {**body, "url": "javascript:alert(1)"}}
    return Ask(body, foreign=foreign)


@scene("patch", "document", "operator", KEEPER, "assessments_document")
def edit_document(world: World) -> Ask:
    made, theirs = pages.document(world), pages.dinsos_document(world)
    body = {"title": "Judul baru", "kind": "lain", "number": "7/2026", "version": made.version}
    return Ask(body, {"pk": made.pk}, nested={"of Dinsos": {"pk": theirs.pk}})


@scene("delete", "document", "operator", KEEPER, "assessments_document")
def remove_document(world: World) -> Ask:
    return Ask(None, {"pk": pages.document(world).pk}, nested={"of Dinsos": {"pk": pages.dinsos_document(world).pk}})


def used(world: World) -> tuple[Any, Evidence]:
    made = pages.document(world)
    mine = Evidence.objects.create(answer=answer(world), version=made.versions.get(), added_by=world.city.operator)
    return made, mine


@scene("post", "document_versions", "operator", KEEPER, "assessments_documentversion")
def new_version(world: World) -> Ask:
    (made, mine), theirs = used(world), dinsos_evidence(world)
    body = {"url": "https://jdih.example/perwal/9", "change": "Baru", "evidence": [mine.pk]}
    return Ask(body, {"pk": made.pk}, foreign={"evidence of Dinsos": {**body, "evidence": [theirs.pk]}})


@scene("post", "document_use_newest", "operator", KEEPER, "assessments_evidence")
def use_newest(world: World) -> Ask:
    (made, mine), theirs = used(world), dinsos_evidence(world)
    url = "https://jdih.example/perwal/9"
    documents.add_link_version(document_id=made.pk, user=world.city.operator, url=url, change="", evidence_ids=[])
    return Ask({"evidence": [mine.pk]}, {"pk": made.pk}, foreign={"evidence of Dinsos": {"evidence": [theirs.pk]}})


# --- Periods ------------------------------------------------------------------------------------------


@scene("post", "periods", "coordinator", COORDINATOR, "assessments_period")
def create_period(world: World) -> Ask:
    body = {
        "name": "Penilaian 2028",
        "year": 2028,
        "instrument": world.period.instrument.code,
        "starts_on": iso(0),
        "deadline": moment(),
        "target": "3.60",
        "agencies": [world.city.dinkes.pk],
    }
    return Ask(body, foreign={"agency": {**body, "agencies": [10**8]}, "instrument": {**body, "instrument": "x"}})


@scene("patch", "period", "coordinator", COORDINATOR, "assessments_period")
def edit_period(world: World) -> Ask:
    body = {"name": "Nama baru", "target": "3.00", "version": world.period.version}
    other = {**body, "instrument": "spbe-35"}  # it is open
    return Ask(body, there(world), foreign={"instrument": other})


@scene("post", "period_open", "coordinator", COORDINATOR, "assessments_period")
def open_period(world: World) -> Ask:
    return Ask(None, {"pk": pages.draft_period(world).pk})


@scene("post", "period_cancel", "coordinator", COORDINATOR, "assessments_period")
def cancel_period(world: World) -> Ask:
    return Ask({"reason": "Keliru."}, there(world))


@scene("post", "period_finalise", "coordinator", COORDINATOR, "assessments_period")
def finalise_period(world: World) -> Ask:
    body = {"reason": "Selesai."}
    return Ask(body, there(world), foreign={"another list": {**body, "token": "x"}})


@scene("put", "period_assignments", "coordinator", COORDINATOR, "assessments_assignment")
def replace_assignments(world: World) -> Ask:
    made = pages.draft_period(world)
    cell = {"agency": world.city.dinkes.pk, "number": "12", "kind": "pic"}
    body = {"assignments": [cell], "reason": "SK.", "version": made.version}
    wrong = {"agency": {**cell, "agency": 10**8}, "number": {**cell, "number": "999"}}
    return Ask(body, {"pk": made.pk}, foreign={name: {**body, "assignments": [one]} for name, one in wrong.items()})


@scene("patch", "period_assignments", "coordinator", COORDINATOR, "assessments_assignment")
def change_assignments(world: World) -> Ask:
    made = pages.draft_period(world)
    cell = {"agency": world.city.dinkes.pk, "number": "12", "kind": "pic"}
    body = {"changes": [cell], "reason": "SK.", "version": made.version}
    wrong = {"agency": {**cell, "agency": 10**8}, "number": {**cell, "number": "999"}}
    return Ask(body, {"pk": made.pk}, foreign={name: {**body, "changes": [one]} for name, one in wrong.items()})


@scene("post", "period_copy", "coordinator", COORDINATOR, "assessments_answer")
def copy_answers(world: World) -> Ask:
    """From a cancelled period only."""
    city = world.city
    old = pages.draft_period(world, name="Penilaian batal")
    workflow.open_period(period_id=old.pk, user=city.coordinator)
    fill(Assessment.objects.get(period=old), city.operator)
    workflow.cancel_period(period_id=old.pk, user=city.coordinator, reason="Keliru.")
    wrong = {"itself": world.period.pk, "in preparation": pages.draft_period(world).pk, "none": 10**9}
    foreign = {name: {"from": pk} for name, pk in wrong.items()}
    return Ask({"from": old.pk}, there(world), foreign=foreign)


# --- The government -----------------------------------------------------------------------------------


@scene("put", "determination", "coordinator", COORDINATOR, "assessments_determination")
def determine(world: World) -> Ask:
    return Ask({"level": 3, "reason": "Sesuai SK.", "version": 0}, there(world, number="12"))


@scene("delete", "determination", "coordinator", COORDINATOR, "assessments_determination")
def clear_determination(world: World) -> Ask:
    pages.determined(world)
    return Ask(None, there(world, number="12"))


@scene("post", "determinations_suggested", "coordinator", COORDINATOR, "assessments_determination")
def suggested(world: World) -> Ask:
    pages.suggested(world)
    return Ask(None, there(world))


@scene("put", "external", "coordinator", COORDINATOR, "assessments_externallevel")
def external(world: World) -> Ask:
    return Ask({"level": 4}, there(world, number="12"))


@scene("post", "pemda_finalise", "coordinator", COORDINATOR, "assessments_pemdaresult")
def finalise_pemda(world: World) -> Ask:
    pages.all_determined(world)
    return Ask(None, there(world))


@scene("post", "pemda_reopen", "coordinator", COORDINATOR, "assessments_pemdaresult")
def reopen_pemda(world: World) -> Ask:
    pages.all_determined(world)
    workflow.finalise_pemda(period_id=world.period.pk, user=world.city.coordinator)
    return Ask({"reason": "Salah."}, there(world))


@scene("post", "external_import", "coordinator", COORDINATOR, "assessments_externallevel")
def import_external(world: World) -> Ask:
    body = {"levels": [{"number": "12", "level": 4}], "stated": "2,85", "apply": True}
    return Ask(body, there(world), foreign={"another look": {**body, "shown": "x"}})


ROUTE = {"target": "1.20", "fixed": ["22"], "max_step": 2, "alternatives": 1}


@scene("post", "roadmap", "coordinator", PEMDA, "")
def reckon(world: World) -> Ask:
    """Nothing is kept."""
    return Ask(ROUTE, there(world))


@scene("put", "plan", "coordinator", COORDINATOR, "assessments_plan")
def save_plan(world: World) -> Ask:
    url = reverse("api_roadmap", args=[world.period.pk])
    sent = {"content_type": "application/json", "headers": world.things["tokens"]["coordinator"]}
    mark = world.client("coordinator").post(url, ROUTE, **sent).json()["routes"][0]["mark"]
    body = {**ROUTE, "name": "Peta jalan", "choice": 0, "mark": mark}
    return Ask(body, there(world), foreign={"another route": {**body, "mark": "0" * 16}})


# --- Past years ---------------------------------------------------------------------------------------


@scene("post", "history", "coordinator", COORDINATOR, "assessments_sheetdraft")
def bring_past(world: World) -> Ask:
    """A list is looked at first: a draft of one's own."""
    return Ask({"file": pages.csv(pages.PAST_CSV)})


def past_list(world: World) -> tuple[Keys, str, dict[str, Keys]]:
    """A list of the coordinator's that was looked at, what was shown of it, and a colleague's."""
    url, mine = reverse("api_history"), world.things["tokens"]["coordinator"]
    shown = world.client("coordinator").post(url, {"file": pages.csv(pages.PAST_CSV)}, headers=mine).json()
    kept = SheetDraft.objects.get(pk=shown["id"])
    kept.pk, kept.user = None, world.city.coordinator2  # type: ignore[attr-defined]
    kept.save()
    return {"list_pk": shown["id"]}, shown["shown"], {"a colleague's": {"list_pk": kept.pk}}


@scene("patch", "history_list", "coordinator", COORDINATOR, "assessments_sheetdraft")
def choose_past(world: World) -> Ask:
    keys, _, nested = past_list(world)
    return Ask({"instruments": {"2023": world.period.instrument.code}}, keys, nested=nested)


@scene("post", "history_list", "coordinator", COORDINATOR, "assessments_period")
def apply_past(world: World) -> Ask:
    keys, shown, nested = past_list(world)
    return Ask({"shown": shown}, keys, foreign={"another look": {"shown": "x"}}, nested=nested)


@scene("delete", "period_history", "coordinator", COORDINATOR, "assessments_period")
def remove_past(world: World) -> Ask:
    """What runs is no past year."""
    return Ask(None, pages.remove_past(world).of, nested={"a running one": there(world)}, query="?reason=Keliru.")


# --- Follow-ups ---------------------------------------------------------------------------------------


@scene("post", "follow_ups", "coordinator", COORDINATOR, "assessments_followup")
def create_follow_up(world: World) -> Ask:
    body = {"period": world.period.pk, "agency": world.city.dinkes.pk, "number": "12", "text": "Susun SOP."}
    body |= {"aim": 4, "due_on": iso()}
    wrong = {
        "period": {**body, "period": 10**8},
        "agency": {**body, "agency": 10**8},
        "number": {**body, "number": "x"},
    }
    return Ask(body, foreign=wrong)


@scene("patch", "follow_up", "coordinator", COORDINATOR, "assessments_followup")
def edit_follow_up(world: World) -> Ask:
    made = pages.follow_up(world)
    body = {"text": "Lain.", "due_on": iso(50), "version": made.version}
    return Ask(body, {"pk": made.pk}, foreign={"agency": {**body, "agency": 10**8}})


@scene("put", "follow_up_progress", "operator", OPERATOR, "assessments_followup")
def progress(world: World) -> Ask:
    made, theirs = pages.follow_up(world), pages.follow_up(world, world.city.dinsos)
    body = {"progress": 40, "report": "Disusun.", "version": made.version}
    return Ask(body, {"pk": made.pk}, nested={"of Dinsos": {"pk": theirs.pk}})


@scene("post", "follow_up_report", "operator", OPERATOR, "assessments_followup")
def report_done(world: World) -> Ask:
    made, theirs = pages.follow_up(world), pages.follow_up(world, world.city.dinsos)
    body = {"progress": 100, "report": "Selesai.", "version": made.version}
    return Ask(body, {"pk": made.pk}, nested={"of Dinsos": {"pk": theirs.pk}})


@scene("post", "follow_up_move", "coordinator", COORDINATOR, "assessments_followup")
def confirm_follow_up(world: World) -> Ask:
    asked = pages.close_followup(world)
    return Ask({"move": "confirm", "version": asked.body["version"]}, asked.of)


# --- Reports, applications ----------------------------------------------------------------------------


@scene("post", "reports", "operator", KEEPER | {"member_verifier"}, "reports_reportjob")
def ask_report(world: World) -> Ask:
    body = {"kind": "agency", "assessment": world.assessment.pk, "format": "xlsx"}
    wrong = {
        "of Dinsos": {**body, "assessment": dinsos(world).pk},
        "pemda": {"kind": "pemda", "period": world.period.pk},
    }
    return Ask(body, foreign=wrong)


@scene("post", "report_cancel", "operator", KEEPER, "reports_reportjob")
def cancel_report(world: World) -> Ask:
    return Ask(None, {"pk": pages.job(world).pk})


@scene("post", "report_retry", "operator", KEEPER | {"member_verifier"}, "reports_reportjob")
def retry_report(world: World) -> Ask:
    made = pages.job(world)
    now = timezone.now()
    ReportJob.objects.filter(pk=made.pk).update(status="failed", finished_at=now, started_at=now, error="Gagal.")
    return Ask(None, {"pk": made.pk})


@scene("post", "package", "coordinator", COORDINATOR, "reports_reportjob")
def ask_package(world: World) -> Ask:
    return Ask({}, there(world))


@scene("post", "applications", "operator", KEEPER, "inventory_application")
def create_app(world: World) -> Ask:
    body = {**pages.FACTS, "agency": world.city.dinkes.pk, "url": "https://contoh.go.id/", "indicators": ["18"]}
    wrong = {"of Dinsos": {**body, "agency": world.city.dinsos.pk}, "script": {**body, "url": "javascript:alert(1)"}}
    return Ask(body, foreign={**wrong, "indicator": {**body, "indicators": ["999"]}})


@scene("patch", "application", "operator", KEEPER, "inventory_application")
def edit_app(world: World) -> Ask:
    made = pages.app(world)
    body = {"name": "e-Baru", "purpose": "Arsip lain", "version": made.version}
    return Ask(body, {"pk": made.pk}, foreign={"to Dinsos": {**body, "agency": world.city.dinsos.pk}})


@scene("post", "application_confirm", "operator", KEEPER, "inventory_application")
def confirm_app(world: World) -> Ask:
    return Ask(None, pages.confirm_app(world).of)


@scene("put", "application_mark", "coordinator", COORDINATOR, "inventory_application")
def mark_app(world: World) -> Ask:
    return Ask({"is_candidate": True, "note": "Gabung."}, {"pk": pages.app(world).pk})


@scene("post", "application_remove", "operator", KEEPER, "inventory_application")
def remove_app(world: World) -> Ask:
    made = pages.app(world)
    return Ask({"reason": "Dimatikan.", "version": made.version}, {"pk": made.pk})


def token_of(user: Any, scope: str = "write") -> tuple[Any, dict[str, str]]:
    """A token that is in use already, so that its use writes nothing; and the header it is sent in."""
    made, plain = tokens.make(user=user, name="uji", scope=scope, days=1)
    tokens.touch(made)
    return made, {"Authorization": f"Token {plain}"}
