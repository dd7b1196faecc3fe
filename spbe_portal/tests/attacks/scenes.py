"""Requests that really write, each in a scene of its own: who may send it, and what must then have changed.

The same request is then sent by everybody else, without its token, as another method, with an outdated version, with
another agency's keys and with fields that nobody asked for (see test_scenes).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as USER_OF_METHODS
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts import sealing
from accounts.models import LinkedIdentity, Membership, User
from accounts.services import agencies as agency_services
from accounts.services import passwords, people, sign_ins, tokens, two_factor
from accounts.views.security import OFFERED
from assessments import workflow
from assessments.models import Answer, Assessment, Document, Evidence, FollowUp, Review
from assessments.past import write as past
from assessments.past.plan import plan as plan_past
from assessments.past.sheet import read as read_past
from assessments.services import determination, documents, reviews, uploads
from assessments.services import periods as period_services
from assessments.services.assignments import set_assignments
from assessments.services.carry_over import KEEP
from assessments.services.followups import Carried, create_follow_up
from assessments.tests.files import pdf
from assessments.workflow.followups import report_follow_up
from conftest import PASSWORD, accept_all, attach, fill, hand_in
from inventory.services import create_application
from reports.models import OF_THE_GOVERNMENT, ReportJob
from reports.services import request_agency_report
from spbe_portal.tests.attacks.pages import LEFT_EMPTY, forms_of
from spbe_portal.tests.attacks.world import World
from spbe_portal.tests.test_guard import WHO

Keys = dict[str, Any]
EVERYONE = frozenset(WHO) - {"anonymous"}
ANYBODY = frozenset(WHO)
#: As PRODUCT.md says who may what.
OPERATOR, KEEPER = frozenset({"operator"}), frozenset({"operator", "coordinator"})
REVIEWER, COORDINATOR = frozenset({"verifier", "coordinator"}), frozenset({"coordinator"})
MANAGER = frozenset({"coordinator", "admin"})
PEMDA = frozenset({"verifier", "member_verifier", "coordinator", "leader"})


@dataclass
class Ask:
    """One request. `of` the keys of the address; `foreign` are bodies with keys that this person may not use."""

    body: Any
    of: Keys = field(default_factory=dict)
    query: str = ""
    content_type: str = ""
    foreign: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """`make` sets it up; `who` sends it, `may` could have, and a row of `writes` must then differ."""

    address: str
    who: str
    may: frozenset[str]
    writes: str
    make: Callable[[World], Ask]

    @property
    def name(self) -> str:
        return f"{self.address} {self.make.__name__.strip('_')}"


SCENES: list[Scene] = []


def scene(address: str, who: str, may: frozenset[str], writes: str) -> Callable[[Callable], Callable]:
    def note(make: Callable[[World], Ask]) -> Callable[[World], Ask]:
        SCENES.append(Scene(address, who, may, writes, make))
        return make

    return note


# --- Help --------------------------------------------------------------------------------------------


def day(days: int = 30) -> str:
    return f"{date.today() + timedelta(days=days):%d/%m/%Y}"


def form(world: World, who: str, page: str, action: str | None = None, **typed: Any) -> dict[str, Any]:
    """The form that `page` shows to `who`, as a browser would send it with `typed` in it."""
    held = forms_of(page, world.client(who).get(page).content.decode())
    found = held.get(action or page.partition("?")[0])
    assert found is not None, f"{page} holds no form for {action or page}: {sorted(held)}"
    sent = {name: "" if value == LEFT_EMPTY else value for name, value in found.items()}
    return sent | typed


def page_of(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def pk_of(world: World, who: str) -> int:
    return getattr(world.city, who).pk


def dinsos(world: World) -> Assessment:
    return Assessment.objects.get(period=world.period, agency=world.city.dinsos)


def dinsos_evidence(world: World) -> Evidence:
    return attach(
        dinsos(world).answers.order_by("indicator__order").first(), world.city.other_operator, "Milik Dinsos"
    )


def answer(world: World, code: str = "12") -> Answer:
    return world.assessment.answers.get(indicator__code=code)


def at(world: World, code: str = "12") -> Keys:
    return {"pk": world.assessment.pk, "code": code}


def handed_in(world: World) -> None:
    hand_in(world.assessment, world.city.operator)
    world.assessment.refresh_from_db()


def approved(world: World) -> None:
    handed_in(world)
    accept_all(world.assessment, world.city.verifier)
    workflow.approve(assessment_id=world.assessment.pk, user=world.city.verifier)


def follow_up(world: World, agency: Any = None) -> FollowUp:
    return create_follow_up(
        user=world.city.coordinator,
        period_id=world.period.pk,
        agency_id=(agency or world.city.dinkes).pk,
        text="Lengkapi SOP.",
        due_on=date.today() + timedelta(days=30),
    )


def draft_period(world: World, **more: Any) -> Any:
    return period_services.create_period(
        user=world.city.coordinator,
        **{
            "name": "Penilaian berikut",
            "year": 2027,
            "instrument": world.period.instrument,
            "starts_on": timezone.localdate(),
            "deadline": timezone.now() + timedelta(days=5),
            "agencies": [world.city.dinkes],
        }
        | more,
    )


def document(world: World, agency: Any = None, user: Any = None) -> Document:
    kept = documents.add_file(
        agency_id=(agency or world.city.dinkes).pk, user=user or world.city.operator, file=pdf_file(), name="sop.pdf"
    )
    return kept.version.document


def dinsos_document(world: World) -> Document:
    return document(world, world.city.dinsos, world.city.other_operator)


_count = iter(range(10**9))


def pdf_file(name: str = "sop.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() + b"%%%d\n" % next(_count), "application/pdf")


def csv(text: str, name: str = "daftar.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/csv")


def known_just_now(world: World, who: str, **more: Any) -> None:
    """The session proved a moment ago who it is."""
    session = world.client(who).session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session[USER_OF_METHODS] = str(pk_of(world, who))
    session.update(more)
    session.save()


def code_of(secret: str) -> str:
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))


# --- Filling in --------------------------------------------------------------------------------------


@scene("answer_save", "operator", KEEPER, "assessments_answer")
def save(world: World) -> Ask:
    body = {"version": answer(world).version, "choice": "3", "fact": "Ada.", "analysis": "Memenuhi."}
    return Ask(body, at(world))


@scene("answer_save", "operator", KEEPER, "assessments_answer")
def save_json(world: World) -> Ask:
    body = {"version": answer(world).version, "self_level": "3", "fact": "Ada."}
    return Ask(body, at(world), content_type="application/json")


@scene("submit", "operator", KEEPER, "assessments_assessment")
def submit(world: World) -> Ask:
    fill(world.assessment, world.city.operator)
    return Ask({}, {"pk": world.assessment.pk})


@scene("withdraw", "operator", KEEPER, "assessments_assessment")
def withdraw(world: World) -> Ask:
    handed_in(world)
    return Ask({}, {"pk": world.assessment.pk})


def all_decided_but_one_returned(world: World) -> None:
    handed_in(world)
    reviews.decide(
        assessment_id=world.assessment.pk,
        code="12",
        user=world.city.verifier,
        decision="return",
        reason="not_signed",
        note="Belum.",
    )
    world.assessment.refresh_from_db()
    accept_all(world.assessment, world.city.verifier)


def returned(world: World) -> None:
    all_decided_but_one_returned(world)
    workflow.return_assessment(assessment_id=world.assessment.pk, user=world.city.verifier)


@scene("reply", "operator", KEEPER, "assessments_review")
def reply(world: World) -> Ask:
    returned(world)
    return Ask({"reply": "Sudah kami lampirkan."}, at(world))


@scene("evidence_add", "operator", KEEPER, "assessments_evidence")
def add_file(world: World) -> Ask:
    return Ask({"file": pdf_file(), "baru-pages": "3"}, at(world))


@scene("evidence_add", "operator", KEEPER, "assessments_evidence")
def add_link(world: World) -> Ask:
    return Ask({"url": "https://jdih.example/perwal/7"}, at(world))


def whole_upload(world: World, user: User, agency: Any) -> str:
    content = pdf()
    key = uploads.begin(user=user, agency_id=agency.pk, name="sop.pdf", size=len(content)).key
    uploads.add_part(key=key, user=user, offset=0, part=content)
    return str(key)


@scene("evidence_add", "operator", OPERATOR, "assessments_evidence")
def add_upload(world: World) -> Ask:
    """A file that arrived in parts is its sender's alone, and for one agency."""
    city = world.city
    theirs = whole_upload(world, city.other_operator, city.dinsos)
    colleagues = whole_upload(world, city.operator2, city.dinkes)
    return Ask(
        {"upload": whole_upload(world, city.operator, city.dinkes)},
        at(world),
        foreign={"another agency's upload": {"upload": theirs}, "a colleague's upload": {"upload": colleagues}},
    )


@scene("evidence_edit", "operator", KEEPER, "assessments_document")
def edit_evidence(world: World) -> Ask:
    mine = attach(answer(world), world.city.operator)
    name = f"b{mine.pk}-"
    return Ask({f"{name}title": "Perwal 7", f"{name}pages": "3-4"}, {**at(world), "evidence_pk": mine.pk})


@scene("evidence_remove", "operator", KEEPER, "assessments_evidence")
def remove_evidence(world: World) -> Ask:
    return Ask({}, {**at(world), "evidence_pk": attach(answer(world), world.city.operator).pk})


@scene("evidence_reuse", "operator", KEEPER, "assessments_evidence")
def reuse(world: World) -> Ask:
    theirs = dinsos_evidence(world)
    return Ask(
        {"evidence": world.things["evidence"]}, at(world), foreign={"evidence of Dinsos": {"evidence": theirs.pk}}
    )


@scene("evidence_pick", "operator", KEEPER, "assessments_evidence")
def pick(world: World) -> Ask:
    mine, theirs = document(world).versions.get(), dinsos_document(world).versions.get()
    return Ask(
        {f"pilih-{mine.pk}": "on", f"hal-{mine.pk}": "4-7", f"level-{mine.pk}": "3"},
        at(world),
        foreign={
            "version of Dinsos": {f"pilih-{theirs.pk}": "on"},
            "both": {f"pilih-{mine.pk}": "on", f"pilih-{theirs.pk}": "on"},
        },
    )


def last_year(world: World) -> Assessment:
    city = world.city
    last = draft_period(world, name="Penilaian 2025", year=2025)
    workflow.open_period(period_id=last.pk, user=city.coordinator)
    old = hand_in(Assessment.objects.get(period=last), city.operator)
    accept_all(old, city.verifier)
    workflow.approve(assessment_id=old.pk, user=city.verifier)
    workflow.finalise_period(period_id=last.pk, user=city.coordinator, reason="Selesai.")
    return old


@scene("carry_over_one", "operator", KEEPER, "assessments_carryover")
def carry(world: World) -> Ask:
    old = last_year(world)
    piece, theirs = Evidence.objects.get(answer__assessment=old, answer__indicator__code="12"), dinsos_evidence(world)
    body = {"version": answer(world).version, f"b{piece.pk}": KEEP, "answer": KEEP}
    return Ask(body, at(world), foreign={"evidence of Dinsos": {"version": body["version"], f"b{theirs.pk}": KEEP}})


@scene("carry_over_several", "operator", KEEPER, "assessments_carryover")
def carry_several(world: World) -> Ask:
    last_year(world)
    page = page_of("carry_over_several", world.assessment.pk)
    body = form(world, "operator", page, sure="on")
    code, _, version = body["pilih"].partition(":")
    stale, none = f"{code}:{int(version) + 1}", "tidak-ada:1"
    foreign = {"another version": {**body, "pilih": stale}, "no indicator": {**body, "pilih": none}}
    return Ask(body, {"pk": world.assessment.pk}, foreign=foreign)


@scene("upload_begin", "operator", KEEPER, "assessments_upload")
def begin_for_answer(world: World) -> Ask:
    body = {"name": "sop.pdf", "size": "400", "assessment": world.assessment.pk, "code": "12"}
    theirs = dinsos(world).pk
    return Ask(
        body,
        foreign={"assessment of Dinsos": {**body, "assessment": theirs}, "no assessment": {**body, "assessment": "0"}},
    )


@scene("upload_begin", "operator", KEEPER, "assessments_upload")
def begin_for_library(world: World) -> Ask:
    body = {"name": "sop.pdf", "size": "400", "agency": world.city.dinkes.pk}
    return Ask(body, foreign={"agency": {**body, "agency": world.city.dinsos.pk}, "none": {**body, "agency": "0"}})


def begun(world: World) -> str:
    city = world.city
    return str(uploads.begin(user=city.operator, agency_id=city.dinkes.pk, name="sop.pdf", size=400).key)


@scene("upload", "operator", OPERATOR, "assessments_upload")
def part(world: World) -> Ask:
    return Ask(b"%PDF-1.4" + b"x" * 92, {"key": begun(world)}, "?offset=0", "application/octet-stream")


@scene("upload_cancel", "operator", OPERATOR, "assessments_upload")
def give_up(world: World) -> Ask:
    return Ask({}, {"key": begun(world)})


# --- Library -----------------------------------------------------------------------------------------


@scene("document_add", "operator", OPERATOR | {"other_operator", "coordinator"}, "assessments_document")
def add_document(world: World) -> Ask:
    """Without `?opd=` into one's own; a coordinator has to choose."""
    return Ask({"file": pdf_file(), "baru-title": "SOP"})


@scene("document_add", "operator", KEEPER, "assessments_document")
def add_document_there(world: World) -> Ask:
    return Ask({"url": "https://jdih.example/perwal/8"}, query=f"?opd={world.city.dinkes.pk}")


@scene("document_add", "operator", OPERATOR, "assessments_document")
def add_document_upload(world: World) -> Ask:
    city = world.city
    theirs = whole_upload(world, city.other_operator, city.dinsos)
    mine = whole_upload(world, city.operator, city.dinkes)
    there = {"query": f"?opd={city.dinkes.pk}"}
    return Ask({"upload": mine}, foreign={"another agency's upload": {"upload": theirs}}, **there)


@scene("document_edit", "operator", KEEPER, "assessments_document")
def edit_document(world: World) -> Ask:
    made = document(world)
    body = {"version": made.version, "title": "Judul baru", "kind": "lain", "number": "7/2026"}
    return Ask(body, {"pk": made.pk})


@scene("document_version", "operator", KEEPER, "assessments_documentversion")
def new_version(world: World) -> Ask:
    made, theirs = document(world), dinsos_evidence(world)
    mine = Evidence.objects.create(answer=answer(world), version=made.versions.get(), added_by=world.city.operator)
    body = {"url": "https://jdih.example/perwal/9", "change": "Baru", "pakai": mine.pk}
    upload = whole_upload(world, world.city.other_operator, world.city.dinsos)
    return Ask(
        body,
        {"pk": made.pk},
        foreign={
            "evidence of Dinsos": {**body, "pakai": [mine.pk, theirs.pk]},
            "upload of Dinsos": {"upload": upload, "change": "Baru"},
        },
    )


@scene("document_use", "operator", KEEPER, "assessments_evidence")
def use_version(world: World) -> Ask:
    made, theirs = document(world), dinsos_evidence(world)
    mine = Evidence.objects.create(answer=answer(world), version=made.versions.get(), added_by=world.city.operator)
    url = "https://jdih.example/perwal/9"
    documents.add_link_version(document_id=made.pk, user=world.city.operator, url=url, change="", evidence_ids=[])
    return Ask(
        {"pakai": mine.pk},
        {"pk": made.pk},
        foreign={"evidence of Dinsos": {"pakai": theirs.pk}, "both": {"pakai": [mine.pk, theirs.pk]}},
    )


@scene("document_remove", "operator", KEEPER, "assessments_document")
def remove_document(world: World) -> Ask:
    return Ask({}, {"pk": document(world).pk})


# --- Review ------------------------------------------------------------------------------------------


@scene("review", "verifier", REVIEWER, "assessments_review")
def adjust(world: World) -> Ask:
    handed_in(world)
    body = {"decision": "adjust", "verified_level": "2", "note": "Baru level 2.", "round": world.assessment.round}
    return Ask(body, at(world))


@scene("review", "verifier", REVIEWER, "assessments_review")
def decide_again(world: World) -> Ask:
    handed_in(world)
    accept_all(world.assessment, world.city.verifier)
    held = Review.objects.get(answer=answer(world), is_current=True)
    body = {"decision": "adjust", "verified_level": "2", "note": "Baru level 2.", "round": world.assessment.round}
    return Ask({**body, "version": held.version}, at(world))


@scene("return", "verifier", REVIEWER, "assessments_assessment")
def send_back(world: World) -> Ask:
    all_decided_but_one_returned(world)
    page = page_of("return", world.assessment.pk)
    return Ask(form(world, "verifier", page), {"pk": world.assessment.pk})


@scene("approve", "verifier", REVIEWER, "assessments_assessment")
def approve(world: World) -> Ask:
    handed_in(world)
    accept_all(world.assessment, world.city.verifier)
    page = page_of("approve", world.assessment.pk)
    return Ask(form(world, "verifier", page), {"pk": world.assessment.pk})


# --- Periods -----------------------------------------------------------------------------------------


@scene("period_create", "coordinator", COORDINATOR, "assessments_period")
def create_period(world: World) -> Ask:
    page = page_of("period_create")
    body = form(world, "coordinator", page, name="Penilaian 2028", year="2028", starts_on=day(0))
    body |= {"deadline_date": day(), "deadline_time": "16.00", "instrument": world.period.instrument_id}
    body.pop("tandai", None)
    return Ask(body)


@scene("period_edit", "coordinator", COORDINATOR, "assessments_period")
def edit_period(world: World) -> Ask:
    page = page_of("period_edit", world.period.pk)
    body = form(world, "coordinator", page, name="Nama baru", reason="Salah tulis.")
    body.pop("tandai", None)
    return Ask(body, {"pk": world.period.pk})


@scene("period_open", "coordinator", COORDINATOR, "assessments_period")
def open_period(world: World) -> Ask:
    return Ask({}, {"pk": draft_period(world).pk})


@scene("period_finalise", "coordinator", COORDINATOR, "assessments_period")
def finalise_period(world: World) -> Ask:
    page = page_of("period_finalise", world.period.pk)
    return Ask(form(world, "coordinator", page, reason="Selesai."), {"pk": world.period.pk})


@scene("period_cancel", "coordinator", COORDINATOR, "assessments_period")
def cancel_period(world: World) -> Ask:
    return Ask({"reason": "Keliru."}, {"pk": world.period.pk})


@scene("period_copy", "coordinator", COORDINATOR, "assessments_answer")
def copy_from_cancelled(world: World) -> Ask:
    """A period with the wrong instrument was cancelled; what was filled in there is copied here."""
    wrong = period_services.create_period(
        user=world.city.coordinator,
        name="Penilaian keliru",
        year=world.period.year,
        instrument=world.period.instrument,
        starts_on=timezone.localdate(),
        deadline=world.period.deadline,
        agencies=[world.city.dinkes],
    )
    workflow.open_period(period_id=wrong.pk, user=world.city.coordinator)
    fill(Assessment.objects.get(period=wrong), world.city.operator)
    workflow.cancel_period(period_id=wrong.pk, user=world.city.coordinator, reason="Instrumen keliru.")
    here = {"pk": world.period.pk}
    return Ask({"dari": str(wrong.pk)}, here, foreign={"not cancelled": {"dari": str(world.period.pk)}})


@scene("extend", "coordinator", COORDINATOR, "assessments_assessment")
def extend(world: World) -> Ask:
    page = page_of("extend", world.assessment.pk)
    body = form(world, "coordinator", page, deadline_date=day(40), deadline_time="16.00", reason="Bencana.")
    return Ask(body, {"pk": world.assessment.pk})


@scene("cancel", "coordinator", COORDINATOR, "assessments_assessment")
def cancel(world: World) -> Ask:
    return Ask({"reason": "Keliru."}, {"pk": world.assessment.pk})


@scene("reopen", "coordinator", COORDINATOR, "assessments_assessment")
def reopen(world: World) -> Ask:
    approved(world)
    return Ask({"reason": "Salah hitung."}, {"pk": world.assessment.pk})


# --- Assignments and the government ------------------------------------------------------------------


@scene("assignments_preset", "coordinator", COORDINATOR, "assessments_assignment")
def preset(world: World) -> Ask:
    made = draft_period(world)
    page = page_of("assignments_preset", made.pk)
    body = form(world, "coordinator", f"{page}?pola=semua", f"{page}?pola=semua", reason="Sesuai SK.")
    return Ask(body, {"pk": made.pk}, "?pola=semua")


@scene("assignments_save", "coordinator", COORDINATOR, "assessments_assignment")
def assign(world: World) -> Ask:
    made = draft_period(world)
    held = made.assignments.filter(agency=world.city.dinkes, indicator__code="12").first()
    was, dinkes = held.kind if held else "", world.city.dinkes.pk
    body = {"changes": [[dinkes, "12", was, "pic"]], "reason": ""}
    none, stale = [[10**8, "12", was, "pic"]], [[dinkes, "12", "pic" if was != "pic" else "", "pic"]]
    foreign = {"no agency": {**body, "changes": none}, "another state": {**body, "changes": stale}}
    return Ask(body, {"pk": made.pk}, content_type="application/json", foreign=foreign)


@scene("assignments_import", "coordinator", COORDINATOR, "assessments_assignment")
def import_assignments(world: World) -> Ask:
    made = draft_period(world)
    page = page_of("assignments_import", made.pk)
    text = f"Kode OPD;Nama OPD;Kode indikator;Nama indikator;Peran\n{world.city.dinkes.slug};;12;;PIC\n"
    client = world.client("coordinator")
    shown = client.post(page, {"file": csv(text), "mode": form(world, "coordinator", page)["mode"]})
    held = forms_of(page, shown.content.decode()).get(page, {})
    assert held.get("sealed"), shown.content.decode()[-6000:]
    return Ask({**held, "reason": "SK."}, {"pk": made.pk})


def determined(world: World) -> None:
    determination.determine(
        period_id=world.period.pk, code="12", user=world.city.coordinator, level="3", reason="SK.", version=0
    )


@scene("determine", "coordinator", COORDINATOR, "assessments_determination")
def determine(world: World) -> Ask:
    return Ask({"level": "3", "reason": "Sesuai SK.", "version": "0"}, {"pk": world.period.pk, "code": "12"})


@scene("determination_clear", "coordinator", COORDINATOR, "assessments_determination")
def clear_determination(world: World) -> Ask:
    determined(world)
    return Ask({"version": "1"}, {"pk": world.period.pk, "code": "12"})


@scene("external_level", "coordinator", COORDINATOR, "assessments_externallevel")
def external(world: World) -> Ask:
    return Ask({"external": "4"}, {"pk": world.period.pk, "code": "12"})


def external_file() -> SimpleUploadedFile:
    return csv("No;Nilai\n12;4\n")


@scene("external_import", "coordinator", COORDINATOR, "assessments_sheetdraft")
def bring_external(world: World) -> Ask:
    return Ask({"file": external_file(), "stated": ""}, {"pk": world.period.pk})


@scene("external_import_review", "coordinator", COORDINATOR, "assessments_externallevel")
def import_external(world: World) -> Ask:
    page = page_of("external_import", world.period.pk)
    shown = world.client("coordinator").post(page, {"file": external_file(), "stated": ""})
    return Ask({}, {"pk": world.period.pk, "draft_pk": int(shown.url.rstrip("/").rpartition("/")[2])})


@scene("determine_suggested", "coordinator", COORDINATOR, "assessments_determination")
def suggested(world: World) -> Ask:
    changes = [(world.city.dinkes.pk, "12", "pic")]
    set_assignments(period_id=world.period.pk, user=world.city.coordinator, changes=changes, reason="SK.")
    approved(world)
    return Ask({}, {"pk": world.period.pk})


def all_determined(world: World) -> None:
    """The period is final, and every level was determined after that."""
    workflow.finalise_period(period_id=world.period.pk, user=world.city.coordinator, reason="Selesai.")
    for code in world.period.instrument.indicators.values_list("code", flat=True):
        determination.determine(
            period_id=world.period.pk, code=code, user=world.city.coordinator, level="3", reason="SK.", version=0
        )


@scene("determination_finalise", "coordinator", COORDINATOR, "assessments_pemdaresult")
def finalise_determination(world: World) -> Ask:
    all_determined(world)
    return Ask({}, {"pk": world.period.pk})


@scene("determination_reopen", "coordinator", COORDINATOR, "assessments_pemdaresult")
def reopen_determination(world: World) -> Ask:
    all_determined(world)
    workflow.finalise_pemda(period_id=world.period.pk, user=world.city.coordinator)
    return Ask({"reason": "Salah."}, {"pk": world.period.pk})


@scene("roadmap_save", "coordinator", COORDINATOR, "assessments_plan")
def save_plan(world: World) -> Ask:
    page = f"{page_of('roadmap')}?periode={world.period.pk}&target=1,20"
    return Ask(form(world, "coordinator", page, page_of("roadmap_save", world.period.pk)), {"pk": world.period.pk})


@scene("remind", "coordinator", COORDINATOR, "audit_event")
def remind(world: World) -> Ask:
    other = Assessment.objects.filter(period=draft_period(world)).first()
    body = {"text": "Lengkapi.", "opd": [world.assessment.pk]}
    return Ask(
        body, {"pk": world.period.pk}, foreign={"of no period": {**body, "opd": [other.pk if other else 10**9]}}
    )


# --- Follow-ups --------------------------------------------------------------------------------------


@scene("followup_create", "coordinator", COORDINATOR, "assessments_followup")
def create_followup(world: World) -> Ask:
    body = {"text": "Susun SOP.", "agency_id": world.city.dinkes.pk, "due_on": day()}
    return Ask(body, foreign={"no agency": {**body, "agency_id": 10**9}, "indicator": {**body, "indicator_id": 10**9}})


@scene("followup_from_reviews", "coordinator", COORDINATOR, "assessments_followup")
def from_reviews(world: World) -> Ask:
    returned(world)
    page = page_of("followup_from_reviews")
    body = form(world, "coordinator", page, due_on=day())
    body.pop("tandai", None)
    return Ask(body)


@scene("followup_from_plan", "coordinator", COORDINATOR, "assessments_followup")
def from_plan(world: World) -> Ask:
    city = world.city
    codes = world.period.instrument.indicators.values_list("code", flat=True)
    changes = [(city.dinkes.pk, code, "pic") for code in codes]
    set_assignments(period_id=world.period.pk, user=city.coordinator, changes=changes, reason="SK.")
    page = f"{page_of('roadmap')}?periode={world.period.pk}&target=1,20"
    saving = page_of("roadmap_save", world.period.pk)
    world.client("coordinator").post(saving, form(world, "coordinator", page, saving))
    body = form(world, "coordinator", page_of("followup_from_plan"), due_on=day())
    body.pop("tandai", None)
    return Ask(body)


@scene("followup_edit", "coordinator", COORDINATOR, "assessments_followup")
def edit_followup(world: World) -> Ask:
    made = follow_up(world)
    body = {"text": "Lain.", "agency_id": world.city.dinkes.pk, "due_on": day(50), "version": made.version}
    return Ask(body, {"pk": made.pk})


@scene("followup_report", "operator", OPERATOR, "assessments_followup")
def report_followup(world: World) -> Ask:
    made = follow_up(world)
    return Ask({"progress": "40", "report": "Disusun.", "version": made.version, "lapor": "1"}, {"pk": made.pk})


@scene("followup_report", "operator", OPERATOR, "assessments_followup")
def report_with_proof(world: World) -> Ask:
    made = follow_up(world)
    return Ask({"progress": "40", "version": made.version, "file": pdf_file()}, {"pk": made.pk})


@scene("followup_close", "coordinator", COORDINATOR, "assessments_followup")
def close_followup(world: World) -> Ask:
    made = follow_up(world)
    report_follow_up(
        follow_up_id=made.pk,
        user=world.city.operator,
        version=made.version,
        carried=Carried(100, "Selesai.", None, False),
    )
    made.refresh_from_db()
    return Ask({"langkah": "confirm", "version": made.version, "note": ""}, {"pk": made.pk})


# --- Reports, applications ---------------------------------------------------------------------------


@scene("report_request", "operator", KEEPER | {"verifier", "member_verifier", "leader"}, "reports_reportjob")
def ask_report(world: World) -> Ask:
    handed_in(world)
    return Ask({"bentuk": "pdf"}, {"pk": world.assessment.pk})


@scene("report_request", "operator", KEEPER | {"member_verifier"}, "reports_reportjob")
def ask_report_of_a_draft(world: World) -> Ask:
    return Ask({"bentuk": "xlsx"}, {"pk": world.assessment.pk})


@scene("report_request_period", "coordinator", PEMDA, "reports_reportjob")
def ask_government_report(world: World) -> Ask:
    return Ask({"jenis": str(OF_THE_GOVERNMENT[0])}, {"pk": world.period.pk})


@scene("package", "coordinator", COORDINATOR, "reports_reportjob")
def ask_package(world: World) -> Ask:
    return Ask({}, {"pk": world.period.pk})


def job(world: World) -> Any:
    return request_agency_report(world.assessment.pk, world.city.operator)


@scene("report_cancel", "operator", KEEPER, "reports_reportjob")
def cancel_report(world: World) -> Ask:
    return Ask({}, {"pk": job(world).pk})


@scene("report_retry", "operator", KEEPER | {"member_verifier"}, "reports_reportjob")
def retry_report(world: World) -> Ask:
    made = job(world)
    ReportJob.objects.filter(pk=made.pk).update(
        status="failed", finished_at=timezone.now(), started_at=timezone.now(), error="Gagal."
    )
    return Ask({}, {"pk": made.pk})


FACTS = {"name": "e-Arsip", "purpose": "Arsip", "kind": "publik", "category": "kearsipan"}
FACTS |= {"status": "aktif", "hosting": "pdn"}


@scene("application_create", "operator", OPERATOR | {"other_operator", "coordinator"}, "inventory_application")
def create_app(world: World) -> Ask:
    """Into one's own agency, whatever the form says; a coordinator chooses."""
    body = {**FACTS, "agency": world.city.dinkes.pk}
    return Ask(body, foreign={"agency": {**body, "agency": world.city.dinsos.pk}})


def app(world: World) -> Any:
    return create_application(actor=world.city.operator, agency=world.city.dinkes, facts={**FACTS, "name": "e-Lama"})


@scene("application_edit", "operator", KEEPER, "inventory_application")
def edit_app(world: World) -> Ask:
    made = app(world)
    body = {**FACTS, "name": "e-Baru", "agency": world.city.dinkes.pk, "version": made.version}
    return Ask(body, {"pk": made.pk}, foreign={"to Dinsos": {**body, "agency": world.city.dinsos.pk}})


@scene("application_confirm", "operator", KEEPER, "inventory_application")
def confirm_app(world: World) -> Ask:
    made = app(world)
    type(made).objects.filter(pk=made.pk).update(checked_at=timezone.now() - timedelta(days=500))
    return Ask({}, {"pk": made.pk})


@scene("application_remove", "operator", KEEPER, "inventory_application")
def remove_app(world: World) -> Ask:
    made = app(world)
    return Ask({"version": made.version, "reason": "Dimatikan."}, {"pk": made.pk})


@scene("application_mark", "coordinator", COORDINATOR, "inventory_application")
def mark_app(world: World) -> Ask:
    return Ask({"note": "Gabung."}, {"pk": app(world).pk})


def applications_csv(agency: str = "") -> str:
    first, second = ("OPD;", f"{agency};") if agency else ("", "")
    head = "Nama aplikasi;Fungsi;Jenis;Kategori;Status"
    return f"{first}{head}\n{second}e-Impor;Arsip;Layanan publik;Kearsipan dan persuratan;Aktif\n"


@scene("application_import", "operator", OPERATOR | {"other_operator", "coordinator"}, "inventory_importdraft")
def import_apps(world: World) -> Ask:
    """A list is looked at first: a draft of one's own."""
    return Ask({"file": csv(applications_csv())})


def drafted(world: World, who: str, name: str, text: str) -> int:
    response = world.client(who).post(reverse(name), {"file": csv(text)})
    assert response.status_code == 302, response.content.decode()[-5000:]
    return int(response.url.rstrip("/").rpartition("/")[2])


@scene("application_import_review", "operator", OPERATOR, "inventory_application")
def confirm_apps(world: World) -> Ask:
    return Ask({}, {"pk": drafted(world, "operator", "application_import", applications_csv())})


PAST_CSV = "Tahun;OPD;Indikator;Nilai hasil\n2023;;1;3\n"


@scene("past_import", "coordinator", COORDINATOR, "assessments_sheetdraft")
def import_past(world: World) -> Ask:
    """A list of past years is looked at first: a draft of one's own."""
    return Ask({"file": csv(PAST_CSV)})


@scene("past_review", "coordinator", COORDINATOR, "assessments_period")
def confirm_past(world: World) -> Ask:
    """Which instrument a year had is kept with the draft, whatever becomes of the rest: chosen before."""
    page = page_of("past_review", drafted(world, "coordinator", "past_import", PAST_CSV))
    world.client("coordinator").post(page, form(world, "coordinator", page, aksi="pilih"))
    return Ask(form(world, "coordinator", page, aksi="simpan"), {"pk": int(page.rstrip("/").rpartition("/")[2])})


@scene("past_remove", "coordinator", COORDINATOR, "assessments_period")
def remove_past(world: World) -> Ask:
    table = [(line, row.split(";")) for line, row in enumerate(PAST_CSV.split(), 1)]
    done = past.apply(plan_past(read_past(table)), user=world.city.coordinator, file_name="riwayat.csv")
    return Ask({"reason": "Keliru."}, {"pk": done.periods[0].pk})


# --- Working papers ----------------------------------------------------------------------------------


@scene("working_paper", "operator", KEEPER, "assessments_sheetdraft")
def bring_paper(world: World) -> Ask:
    """A paper is looked at first: a draft of one's own."""
    return Ask({"file": csv("Nomor;Level;Fakta\n12;3;Dari kertas kerja.\n")}, {"pk": world.assessment.pk})


@scene("working_paper_review", "operator", OPERATOR, "assessments_answer")
def apply_paper(world: World) -> Ask:
    page = page_of("working_paper", world.assessment.pk)
    response = world.client("operator").post(page, {"file": csv("Nomor;Level;Fakta\n12;3;Dari kertas kerja.\n")})
    assert response.status_code == 302, response.content.decode()[-5000:]
    pk = int(response.url.rstrip("/").rpartition("/")[2])
    body = form(world, "operator", response.url)
    return Ask(body, {"pk": world.assessment.pk, "draft_pk": pk}, foreign={"not seen": {**body, "dilihat": "12=9"}})


# --- Agencies and people -----------------------------------------------------------------------------


@scene("agency_create", "coordinator", MANAGER, "accounts_agency")
def create_agency(world: World) -> Ask:
    body = {"name": "Dinas Baru", "short_name": "Disbar", "kind": "dinas", "valid_from": day(0)}
    return Ask(body, foreign={"no parent": {**body, "parent": 10**9}})


@scene("agency_edit", "coordinator", MANAGER, "accounts_agency")
def edit_agency(world: World) -> Ask:
    dinkes = world.city.dinkes
    body = form(world, "coordinator", page_of("agency_edit", dinkes.pk), name="Dinas Sehat")
    return Ask({**body, "parent": ""}, {"pk": dinkes.pk}, foreign={"itself": {**body, "parent": dinkes.pk}})


@scene("agency_end", "coordinator", MANAGER, "accounts_agency")
def end_agency(world: World) -> Ask:
    made = agency_services.create_agency(
        actor=world.city.coordinator,
        slug="lama",
        name="Dinas Lama",
        short_name="Lama",
        kind="dinas",
        parent=None,
        valid_from=date(2020, 1, 1),
    )
    body = {"last_day": day(0), "reason": "Digabung.", "successor": world.city.dinkes.pk}
    return Ask(body, {"pk": made.pk}, foreign={"itself": {**body, "successor": made.pk}})


@scene("agency_reinstate", "coordinator", MANAGER, "accounts_agency")
def reinstate(world: World) -> Ask:
    ended = end_agency(world).of
    agency_services.end_agency(
        actor=world.city.coordinator, agency_id=ended["pk"], last_day=date.today(), successor=None, reason="Digabung."
    )
    return Ask({"reason": "Keliru."}, ended)


@scene("person_create", "coordinator", MANAGER, "accounts_membership")
def create_person(world: World) -> Ask:
    body = {"name": "Orang Baru", "username": "orang-baru", "agency": world.city.dinkes.pk, "role": "operator"}
    body |= {"valid_from": day(0)}
    return Ask(body, foreign={"no agency": {**body, "agency": 10**9}, "no role": {**body, "role": "admin"}})


@scene("person_edit", "coordinator", MANAGER, "accounts_user")
def edit_person(world: World) -> Ask:
    person = world.city.operator2
    body = form(world, "coordinator", page_of("person_edit", person.pk), name="Nama Baru")
    return Ask(body, {"pk": person.pk})


@scene("person_edit", "admin", frozenset({"admin"}), "accounts_user")
def edit_admin(world: World) -> Ask:
    """Nobody below changes an administrator."""
    body = form(world, "admin", page_of("person_edit", world.city.admin.pk), name="Nama Baru", email="a@contoh.go.id")
    return Ask(body, {"pk": world.city.admin.pk})


@scene("person_deactivate", "coordinator", MANAGER, "accounts_user")
def deactivate(world: World) -> Ask:
    return Ask({"reason": "Pindah."}, {"pk": world.city.operator2.pk})


@scene("person_activate", "coordinator", MANAGER, "accounts_user")
def activate(world: World) -> Ask:
    people.deactivate_person(actor=world.city.coordinator, person_id=world.city.operator2.pk, reason="Cuti.")
    return Ask({"reason": "Kembali."}, {"pk": world.city.operator2.pk})


@scene("membership_add", "coordinator", MANAGER, "accounts_membership")
def add_role(world: World) -> Ask:
    body = {"agency": world.city.dinkes.pk, "role": "verifier", "valid_from": day(0)}
    return Ask(body, {"pk": world.city.operator2.pk}, foreign={"no agency": {**body, "agency": 10**9}})


@scene("membership_end", "coordinator", MANAGER, "accounts_membership")
def end_role(world: World) -> Ask:
    held = Membership.objects.get(user=world.city.operator2)
    return Ask({"when": "now", "reason": "Mutasi."}, {"pk": held.pk})


@scene("person_password_link", "coordinator", MANAGER, "audit_event")
def password_link(world: World) -> Ask:
    return Ask({}, {"pk": world.city.operator2.pk})


@scene("person_password_link", "admin", frozenset({"admin"}), "audit_event")
def password_link_of_an_admin(world: World) -> Ask:
    other = User.objects.create_superuser("admin2", password=PASSWORD, name="Admin Dua")
    return Ask({}, {"pk": other.pk})


@scene("person_invite", "coordinator", MANAGER, "audit_event")
def invite(world: World) -> Ask:
    User.objects.filter(pk=world.city.operator2.pk).update(email="dua@contoh.go.id")
    return Ask({}, {"pk": world.city.operator2.pk})


@scene("people_invite", "coordinator", MANAGER, "audit_event")
def invite_all(world: World) -> Ask:
    User.objects.filter(pk=world.city.operator2.pk).update(email="dua@contoh.go.id", password="!")
    return Ask({})


@scene("person_sessions_end", "coordinator", MANAGER, "audit_event")
def end_sessions(world: World) -> Ask:
    return Ask({}, {"pk": world.city.operator2.pk})


@scene("person_two_factor_reset", "coordinator", MANAGER, "mfa_authenticator")
def reset_two_factor(world: World) -> Ask:
    secret = two_factor.new_secret()
    two_factor.switch_on(user=world.city.operator2, secret=secret, code=code_of(secret))
    return Ask({"reason": "Telepon hilang."}, {"pk": world.city.operator2.pk})


@scene("person_identity_unlink", "coordinator", MANAGER, "accounts_linkedidentity")
def unlink(world: World) -> Ask:
    person = world.city.operator2
    LinkedIdentity.objects.create(user=person, issuer="https://id.contoh.go.id", subject="1")
    return Ask({"reason": "Keliru."}, {"pk": person.pk})


@scene("agency_import", "coordinator", MANAGER, "accounts_importdraft")
def import_agencies(world: World) -> Ask:
    return Ask({"file": csv(AGENCIES)})


AGENCIES = "Kode;Nama;Singkatan;Jenis\ndisbun;Dinas Kebun;Disbun;Dinas\n"
PEOPLE = "Nama;Nama pengguna;OPD;Peran\nRani;rani;dinkes;Operator OPD\n"


@scene("agency_import_review", "coordinator", COORDINATOR, "accounts_agency")
def confirm_agencies(world: World) -> Ask:
    return Ask({}, {"pk": drafted(world, "coordinator", "agency_import", AGENCIES)})


@scene("person_import", "coordinator", MANAGER, "accounts_importdraft")
def import_people(world: World) -> Ask:
    return Ask({"file": csv(PEOPLE)})


@scene("person_import_review", "coordinator", COORDINATOR, "accounts_user")
def confirm_people(world: World) -> Ask:
    return Ask({}, {"pk": drafted(world, "coordinator", "person_import", PEOPLE)})


# --- One's own ---------------------------------------------------------------------------------------


@scene("account_change_password", "operator", EVERYONE, "accounts_user")
def change_password(world: World) -> Ask:
    """Everybody their own, who knows the present one."""
    new = "gunung-merapi-77"
    body = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    return Ask(body, foreign={"a wrong password": {**body, "oldpassword": "salah-sekali-2026"}})


@scene("session_end", "operator", OPERATOR, "audit_event")
def end_session(world: World) -> Ask:
    world.client("operator").get(page_of("account_security"))
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["_auth_user_id"] = str(world.city.operator.pk)
    store.create()
    row = sign_ins.note(user=world.city.operator, session=store, way="password", address="10.0.0.9", browser="x")
    return Ask({}, {"pk": row.pk})


@scene("notification_open", "operator", OPERATOR, "accounts_notification")
def open_notification(world: World) -> Ask:
    return Ask({}, {"pk": world.things["notification"]})


@scene("notification_read_all", "operator", EVERYONE, "accounts_notification")
def read_all(world: World) -> Ask:
    return Ask({"until": f"{world.things['notification']}"})


@scene("notification_settings", "operator", EVERYONE, "accounts_notificationchoice")
def choose(world: World) -> Ask:
    return Ask({})


@scene("two_factor_on", "operator", OPERATOR, "mfa_authenticator")
def two_factor_on(world: World) -> Ask:
    secret = two_factor.new_secret()
    known_just_now(world, "operator", **{OFFERED: sealing.encrypt(secret)})
    return Ask({"code": code_of(secret)})


@scene("two_factor_codes", "operator", OPERATOR, "mfa_authenticator")
def two_factor_codes(world: World) -> Ask:
    secret = two_factor.new_secret()
    two_factor.switch_on(user=world.city.operator, secret=secret, code=code_of(secret))
    known_just_now(world, "operator")
    return Ask({})


@scene("two_factor_off", "operator", OPERATOR, "mfa_authenticator")
def two_factor_off(world: World) -> Ask:
    return two_factor_codes(world)


@scene("token_make", "operator", OPERATOR, "accounts_apitoken")
def make_token(world: World) -> Ask:
    known_just_now(world, "operator")
    return Ask({"name": "Rekap", "scope": "read", "days": "30"})


@scene("token_revoke", "operator", OPERATOR, "accounts_apitoken")
def revoke_token(world: World) -> Ask:
    token = tokens.make(user=world.city.operator, name="Rekap", scope="read", days=30)[0]
    return Ask({}, {"pk": token.pk})


@scene("password_link", "anonymous", ANYBODY, "accounts_user")
def use_password_link(world: World) -> Ask:
    """Whoever holds the link; a wrong one opens nothing."""
    link = passwords.make_link(actor=world.city.coordinator, person_id=world.city.operator2.pk)
    parts = link.url.strip("/").split("/")
    new = "gunung-merapi-77"
    return Ask({"password1": new, "password2": new}, {"uidb64": parts[-2], "token": parts[-1]})


#: They take a POST, but what is valid there is tried elsewhere. In the words of docs/attacks.md.
WITHOUT_SCENE = {
    "account_login": "tebakan, kunci akun, dan langkah kedua: accounts/tests/test_log_in.py, test_lock_out.py",
    "account_logout": "hanya mengakhiri sesi sendiri",
    "account_reauthenticate": "hanya menulis dalam sesi sendiri",
    "mfa_authenticate": "perlu masuk yang sedang berjalan: accounts/tests/test_two_factor.py",
    "mfa_reauthenticate": "hanya menulis dalam sesi sendiri",
    "oidc_start": "perlu penyedia identitas: accounts/tests/test_oidc.py",
    "password_forgotten": "menulis lewat pekerja saja: accounts/tests/test_mailed_links.py",
    "roadmap_compute": "menghitung, tidak menulis",
    "sessions_end_others": "hanya sesi sendiri: accounts/tests/test_sign_ins.py",
    "verify": "bertanya, tidak menulis",
}
