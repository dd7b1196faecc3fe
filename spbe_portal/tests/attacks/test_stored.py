"""Hostile text, stored through the portal's own forms, read back wherever it is shown: pages, files, mails, JSON."""

import io
import logging
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

import conftest
from accounts import mails
from accounts.models import Notification, NotificationKind, User
from accounts.services import mailed_links
from accounts.services.notifications import notify
from assessments import workflow
from assessments.models import Document, Evidence, FollowUp, Review
from assessments.tests.files import pdf
from reports.kinds import KINDS
from reports.services import request_agency_report
from spbe_portal.tests.attacks.scenes import csv, day, form, page_of
from spbe_portal.tests.attacks.world import World, addresses, build

pytestmark = pytest.mark.django_db

#: Begins a formula, ends an attribute, a tag and a title, brings an element, an attribute and a template's marks.
TEXT = '=1+1|xq7probe"\' onfocus=xq7probe x="></title></textarea><script>xq7probe(1)</script>{{7*7}}'
SHORT = "=1\"'><xq7probe onload=xq7probe>"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: The coordinator sees most, the operator the agency's own pages; some look otherwise to others.
READERS = {
    **dict.fromkeys(("review", "review_overview", "review_queue", "return", "approve"), ("verifier", "coordinator")),
    **dict.fromkeys(("answer", "sheet", "followup", "application", "history"), ("verifier", "leader", "operator")),
}
OPEN = ("operator", "coordinator", "verifier", "leader")


@pytest.fixture(scope="module")
def stored(django_db_setup, django_db_blocker, tmp_path_factory):
    """A government full of such texts, each sent in its form by who may; for the module, then taken back."""
    logging.disable(logging.CRITICAL)
    files = tmp_path_factory.mktemp("files")
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": files, "base_url": None},
    }
    quick = override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        MEDIA_ROOT=files,
        STORAGES={
            "default": storage,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    with django_db_blocker.unblock(), quick, transaction.atomic():
        call_command("load_instruments", verbosity=0)
        call_command("build_fonts", verbosity=0)
        city = conftest.city.__wrapped__(None)
        instrument = conftest.Instrument.objects.get(code="spbe-47-7aspek")
        world = build(city, conftest.period.__wrapped__(city, instrument))
        story(world)
        yield world
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


def story(world: World) -> None:
    city, period, assessment = world.city, world.period, world.assessment
    here, at = [assessment.pk], [assessment.pk, "12"]

    def send(who: str, place: str, args: list, body: dict[str, Any], query: str = "") -> Any:
        cache.clear()
        response = world.client(who).post(reverse(place, args=args) + query, body)
        assert response.status_code in (200, 201, 302), f"{place}: {response.status_code} {response.content[-3000:]!r}"
        assert response.status_code != 200, f"{place}: {_problems(response)}"
        return response

    def typed(who: str, place: str, args: list, **more: Any) -> None:
        send(who, place, args, form(world, who, page_of(place, *args)) | more)

    typed("coordinator", "agency_edit", [city.dinkes.pk], name=TEXT, short_name=SHORT, parent="")
    typed("coordinator", "person_edit", [city.operator.pk], name=TEXT, position=TEXT, username="operator-dinkes")
    typed("coordinator", "person_edit", [city.verifier.pk], name=TEXT, position=TEXT, username="verifikator")
    body = form(world, "coordinator", page_of("period_edit", period.pk), name=TEXT[:100], reason=TEXT)
    body.pop("tandai", None)
    send("coordinator", "period_edit", [period.pk], body)
    until = {"deadline_date": day(40), "deadline_time": "16.00"}
    typed("coordinator", "extend", here, reason=TEXT, **until)
    for code in ("12", "1", "2"):
        version = assessment.answers.get(indicator__code=code).version
        body = {"version": version, "choice": "3", "fact": TEXT, "analysis": TEXT, "not_applicable_reason": TEXT}
        send("operator", "answer_save", [assessment.pk, code], body)
    send("coordinator", "answer_save", [assessment.pk, "3"], {"version": 1, "choice": "2", "fact": TEXT})
    details = {"baru-title": TEXT, "baru-number": TEXT, "baru-pages": "1"}
    file = SimpleUploadedFile(f"{SHORT}.pdf", pdf())
    send("operator", "evidence_add", at, {"file": file, **details})
    piece = Evidence.objects.filter(answer__indicator__code="12", answer__assessment=assessment).latest("pk")
    name = f"b{piece.pk}-"
    send("operator", "evidence_edit", [*at, piece.pk], {f"{name}title": TEXT, f"{name}number": TEXT})
    made = Document.objects.get(pk=piece.version.document_id)
    body = {"url": "https://jdih.example/?q=" + "%22%3E", "change": TEXT, "pakai": piece.pk}
    send("operator", "document_version", [made.pk], body)
    facts = {"name": TEXT[:150], "purpose": TEXT, "users": TEXT, "security_contact": TEXT, "kind": "publik"}
    facts |= {"category": "kearsipan", "status": "aktif", "hosting": "pdn", "agency": city.dinkes.pk}
    send("operator", "application_create", [], facts)
    app = city.dinkes.applications.latest("pk")
    send("coordinator", "application_mark", [app.pk], {"note": TEXT})
    world.things["application"] = app.pk
    draft = f'Nama aplikasi;Fungsi;Jenis;Kategori\n"{_csv(TEXT)}";"{_csv(TEXT)}";Layanan publik;{SHORT}\n'
    world.things["application_draft"] = _draft(
        send("operator", "application_import", [], {"file": csv(draft, f"{SHORT}.csv")})
    )
    draft = f'Nomor;Level;Fakta;{SHORT}\n12;{SHORT};"{_csv(TEXT)}"\n'
    world.things["paper_draft"] = _draft(
        send("operator", "working_paper", [assessment.pk], {"file": csv(draft, f"{SHORT}.csv")})
    )
    draft = f'Kode;Nama;Singkatan;Jenis\nx;"{_csv(TEXT)}";"{_csv(SHORT)}";{SHORT}\n'
    world.things["agency_draft"] = _draft(send("coordinator", "agency_import", [], {"file": csv(draft, "a.csv")}))
    draft = f'Nama;Nama pengguna;OPD;Peran\n"{_csv(TEXT)}";"{_csv(SHORT)}";{SHORT};x\n'
    world.things["person_draft"] = _draft(send("coordinator", "person_import", [], {"file": csv(draft, "o.csv")}))
    body = {"text": TEXT, "agency_id": city.dinkes.pk, "due_on": day()}
    send("coordinator", "followup_create", [], body)
    task = FollowUp.objects.filter(text=TEXT).get()
    send(
        "operator",
        "followup_report",
        [task.pk],
        {"progress": "100", "report": TEXT, "version": task.version, "lapor": "1"},
    )
    task.refresh_from_db()
    send("coordinator", "followup_close", [task.pk], {"langkah": "return", "note": TEXT, "version": task.version})
    world.things["followup"] = task.pk
    send("coordinator", "remind", [period.pk], {"text": TEXT, "opd": [assessment.pk]})
    send("coordinator", "membership_end", [city.other_operator.memberships.get().pk], {"when": "now", "reason": TEXT})
    send("coordinator", "determine", [period.pk, "12"], {"level": "3", "reason": TEXT, "version": "0"})
    page = f"{page_of('roadmap')}?periode={period.pk}&target=1,20"
    body = form(world, "coordinator", page, page_of("roadmap_save", period.pk), nama=TEXT[:100])
    send("coordinator", "roadmap_save", [period.pk], body)
    kept = {answer.pk: (answer.fact, answer.analysis) for answer in assessment.answers.exclude(fact="")}
    conftest.fill(assessment, city.operator)
    for answer in assessment.answers.filter(pk__in=kept):  # written above by the forms, filled up around
        answer.fact, answer.analysis = kept[answer.pk]
        answer.save(update_fields=["fact", "analysis"])
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    assessment.refresh_from_db()
    body = {"note": TEXT, "round": assessment.round}
    send("verifier", "review", at, {**body, "decision": "adjust", "verified_level": "2"})
    send("verifier", "review", [assessment.pk, "1"], {**body, "decision": "return", "reason": "other"})
    conftest.accept_all(assessment, city.verifier)
    typed("verifier", "return", here)
    send("operator", "reply", [assessment.pk, "1"], {"reply": TEXT})
    send("operator", "reply", at, {"reply": TEXT})
    world.things["evidence"] = piece.pk
    world.things |= {"version": made.versions.latest("number").pk, "document": made.pk}
    world.things["report"] = request_agency_report(assessment.pk, city.operator).pk
    for who in OPEN:
        notify(
            [getattr(city, who)],
            kind=NotificationKind.REPORT,
            title=f"{TEXT}\r\nBcc: a@b.c",
            text=TEXT,
            key="x",
            path="/",
        )


def _csv(text: str) -> str:
    return text.replace('"', '""')


def _draft(response: Any) -> int:
    return int(response.url.rstrip("/").rpartition("/")[2])


def _problems(response: Any) -> str:
    text = re.sub(r"(?s)<(script|style|head|nav|header).*?</\1>|<[^>]+>", " ", response.content.decode())
    return " ".join(text.split())[:1500]


class _Look(HTMLParser):
    """What a page holds that nobody meant."""

    SHOWN = {"value", "title", "alt", "placeholder", "content", "download", "label"}
    LINKS = {"href", "src", "action", "formaction", "hx-get", "hx-post"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "xq7probe" in tag:
            self.found.append(f"<{tag}>")
        if tag == "script" and not dict(attrs).keys() & {"src", "type"}:
            self.found.append("an inline script")
        for name, value in attrs:
            value = value or ""
            if "xq7probe" in name or name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"<{tag} {name}={value[:40]!r}>")
            if (
                name in self.LINKS
                and re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE)
                and tag != "img"
            ):
                self.found.append(f"<{tag} {name}={value[:40]!r}>")
            if "xq7probe" in value:
                self.text.append(value)
                if name not in self.SHOWN | self.LINKS and not name.startswith(("aria-", "data-")):
                    self.found.append(f"<{tag} {name}={value[:40]!r}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_no_page_that_shows_it_makes_anything_of_it(stored):
    """And it is shown: a page that left it out would prove nothing."""
    showing, wrong = set(), []
    for address in {one.name: one for one in addresses()}.values():
        url = reverse(address.name, kwargs=address.args(stored))
        for who in READERS.get(address.name, ("coordinator", "operator")):
            cache.clear()
            with transaction.atomic():
                response = stored.client(who).get(url)
                body = b"".join(response.streaming_content) if response.streaming else response.content
                transaction.set_rollback(True)
            kind = response.headers.get("Content-Type", "")
            if response.status_code >= 500:
                wrong.append(f"{address.name} {who}: {response.status_code}")
            if any("\n" in value or "xq7probe" in value for value in response.headers.values()):
                wrong.append(f"{address.name} {who}: {dict(response.headers)}")
            if response.status_code == 200 and "xq7probe" in body.decode(errors="ignore"):
                showing.add(address.name)
                if "html" in kind:
                    look = _Look()
                    look.feed(body.decode())
                    wrong += [f"{address.name} {who}: {each}" for each in look.found]
                    if "49" in "".join(look.text) and "{{7*7}}" not in body.decode():
                        wrong.append(f"{address.name} {who}: computed")
                elif "json" not in kind and "attachment" not in response.headers.get("Content-Disposition", ""):
                    wrong.append(f"{address.name} {who}: {kind}")
                if response.headers.get("X-Content-Type-Options") != "nosniff":
                    wrong.append(f"{address.name} {who}: sniffed")
    assert wrong == []
    assert {
        *("agency", "agency_list", "answer", "answer_history", "application", "application_list", "audit_trail"),
        *("consistency", "determine", "document", "document_list", "document_version", "followup", "followup_list"),
        *("history", "notification_list", "period", "person", "person_list", "review_queue"),
        *("roadmap", "sheet", "application_import_review", "agency_import_review", "person_import_review"),
        "working_paper_review",
    } <= showing, showing


EXPORTS = [
    ("application_export", "?bentuk=csv", "coordinator"),
    ("application_export", "?bentuk=xlsx", "coordinator"),
    ("assignments_export", "", "coordinator"),
    ("history_export", "?bentuk=csv", "coordinator"),
    ("history_export", "?bentuk=xlsx", "coordinator"),
    ("audit_trail_export", "?bentuk=csv", "coordinator"),
    ("audit_trail_export", "?bentuk=xlsx", "coordinator"),
    ("working_paper_download", "", "operator"),
    ("evidence_export", "?bentuk=csv", "operator"),
    ("period_evidence_export", "?bentuk=xlsx", "coordinator"),
    ("results_export", "?bentuk=xlsx", "coordinator"),
]


def cells_of(content: bytes) -> list[str]:
    """All texts of a CSV or workbook. A formula, a link or a macro in a workbook fails."""
    if content[:2] != b"PK":
        import csv as reader

        text = content.decode("utf-8-sig")
        return [cell for row in reader.reader(io.StringIO(text, newline=""), delimiter=";") for cell in row]
    book = load_workbook(io.BytesIO(content))
    found = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell.coordinate for cell in found if cell.data_type == "f"] == []
    assert [cell.hyperlink.target for cell in found if cell.hyperlink and cell.hyperlink.target] == []
    return [str(cell.value) for cell in found]


@pytest.mark.parametrize("name, query, who", EXPORTS)
def test_no_cell_of_a_file_is_a_formula(stored, name, query, who):
    address = next(one for one in addresses() if one.name == name)
    response = stored.client(who).get(reverse(name, kwargs=address.args(stored)) + query)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    cells = cells_of(content)
    assert any("xq7probe" in cell for cell in cells)
    if content[:2] != b"PK":
        assert [cell for cell in cells if cell.startswith(FORMULA)] == []
    said = response.headers["Content-Disposition"]
    assert (response.status_code, said.startswith("attachment"), "xq7probe" in said) == (200, True, False)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_report_holds_it_as_text_only(stored, kind):
    pk = stored.assessment.pk if kind.of_assessment else stored.assessment.period_id
    document = kind.maker.document(kind.maker.sources(pk), code="XQ7-PRB", generated_at=timezone.now())
    cells = cells_of(kind.maker.write_xlsx(document))
    assert any("xq7probe" in cell for cell in cells)
    content = kind.maker.render_pdf(document)
    read = PdfReader(io.BytesIO(content))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in read.pages))
    assert "xq7probe" in text
    assert "&lt;" not in text
    if kind.of_assessment:
        assert any(cell.lstrip("'").startswith("=1+1|xq7probe") for cell in cells)
        assert "<script>xq7probe(1)</script>" in text
    assert read.attachments == {}
    away = set()
    for page in read.pages:
        for each in page.get("/Annots") or []:
            action = each.get_object().get("/A") or {}
            assert action.get("/S", "/GoTo") in ("/GoTo", "/URI")
            if "/URI" in action:
                away.add(str(action["/URI"]))
    assert {link for link in away if "xq7probe" in link or not link.startswith("http")} == set()
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|OpenAction)\b", content)


def test_a_mail_has_one_line_of_subject_and_plain_text(stored, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    rows = Notification.objects.filter(title__contains="xq7probe")
    assert rows
    type(rows[0].user).objects.filter(pk__in=rows.values("user")).update(email="ada@contoh.go.id")
    rows.update(email_wanted=True, emailed_at=None)
    mails.send(list(rows.values_list("pk", flat=True)))
    assert len(mailoutbox) == len(rows)
    for letter in mailoutbox:
        message = letter.message()
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject
        assert (message["Bcc"], message.get_content_type(), letter.to) == (None, "text/plain", ["ada@contoh.go.id"])
        assert letter.recipients() == ["ada@contoh.go.id"]
        assert "&lt;" not in letter.body
        assert "&quot;" not in letter.body


@pytest.mark.parametrize("send", ["send_invitation", "answer_forgotten"])
def test_a_link_by_mail_reaches_one_address_as_plain_text(stored, mailoutbox, settings, send):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    User.objects.update(name=TEXT, email="")
    person, inviter = stored.city.operator, stored.city.coordinator
    User.objects.filter(pk=person.pk).update(email="ada@contoh.go.id")
    if send == "send_invitation":
        mailed_links.invite(actor=inviter, person_id=person.pk)
        person.refresh_from_db()
        mailed_links.send_invitation(person.pk, person.link_serial)
    else:
        mailed_links.answer_forgotten(person.username)
        mailed_links.answer_forgotten("tidak-ada\r\nBcc: x@contoh.go.id")
    (letter,) = mailoutbox
    message = letter.message()
    assert (message["Bcc"], message.get_content_type(), letter.recipients()) == (
        None,
        "text/plain",
        ["ada@contoh.go.id"],
    )
    assert "xq7probe" not in letter.subject
    assert TEXT in letter.body
    assert "&lt;" not in letter.body


def test_the_notes_of_reviewers_reached_the_store(stored):
    """Else the pages above showed nothing of them."""
    assert set(Review.objects.exclude(note="").values_list("note", "reply")) == {(TEXT, TEXT)}
