"""The API attacked in single ways: replays, secrets, other origins, too deep, too large, hostile text and files."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.parsers import JSONParser
from rest_framework.test import APIClient

from accounts.models import ApiToken, Membership
from accounts.services import two_factor
from assessments.models import Document, Evidence
from assessments.tests.files import pdf
from audit.models import Event
from conftest import PASSWORD, attach
from spbe_portal.api.parsers import BoundedJson
from spbe_portal.tests.api import client_of
from spbe_portal.tests.attacks.test_stored import SHORT, TEXT, _Look
from spbe_portal.tests.test_api_guard import ADDRESSES

pytestmark = pytest.mark.django_db

ME, TOKEN, AGENCIES = "/api/v1/me/", "/api/v1/auth/token/", "/api/v1/agencies/"
BODY = {"name": "Badan Uji", "short_name": "Uji", "kind": "badan", "valid_from": "2026-01-01"}


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


# --- Other origins and other ways to say who one is ------------------------------------------------------


def test_no_other_origin_may_read_or_ask_before(city):
    client = client_of(city.operator)
    for method in ("get", "options"):
        headers = {"Origin": "https://jahat.example", "Access-Control-Request-Method": "GET"}
        answer = getattr(client, method)(f"{ME}?callback=jahat&format=jsonp", headers=headers)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Content-Type"] == "application/json"
        assert b"jahat" not in answer.content
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_an_answer_is_nobody_elses(city):
    """Nothing between keeps it, and what is shown to one is not taken for what is shown to another."""
    answer = client_of(city.operator).get(ME)
    assert answer.headers["Cache-Control"] == "private, no-store"


# --- Replays ------------------------------------------------------------------------------------------------


def test_an_answer_kept_for_a_key_ends_with_the_right_it_was_given_under(city):
    client = client_of(city.coordinator)
    keyed = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "kunci"}
    assert client.post(AGENCIES, BODY, **keyed).status_code == 201
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=city.coordinator).update(valid_until=yesterday)
    again = client.post(AGENCIES, BODY, **keyed)
    assert (again.status_code, "Badan Uji" in again.content.decode()) == (422, False)


@pytest.mark.parametrize("ended", [{"revoked_at": timezone.now()}, {"scope": "read"}], ids=["revoked", "read"])
def test_a_key_opens_nothing_for_a_token_that_may_no_longer_write(city, ended):
    client = client_of(city.coordinator)
    keyed = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "kunci"}
    assert client.post(AGENCIES, BODY, **keyed).status_code == 201
    ApiToken.objects.filter(user=city.coordinator).update(**ended)
    assert client.post(AGENCIES, BODY, **keyed).status_code in (401, 403)


# --- Passwords ----------------------------------------------------------------------------------------------


def ask(name: str, password: str = "salah", **headers: str):
    return APIClient().post(TOKEN, {"username": name, "password": password}, format="json", headers=headers)


def test_no_spelling_of_a_name_gives_more_guesses(city):
    """Counted by who is meant, not by how it is written; and no header says another address."""
    names = ["koordinator", "Koordinator", " koordinator ", "KOORDINATOR", "koordinator", "kOordinator"]
    for number, name in enumerate(names):
        ask(name, **{"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"})
    locked = ask("koordinator", PASSWORD, **{"X-Forwarded-For": "198.51.100.7"})
    assert (locked.status_code, ApiToken.objects.count()) == (429, 0)


def test_guesses_from_one_address_end_whatever_names_are_tried(city):
    statuses = {ask(f"orang-{number}").status_code for number in range(30)}
    assert statuses == {401}
    assert ask("koordinator", PASSWORD).status_code == 429


def test_known_and_unknown_names_cost_one_hash_each(city, monkeypatch):
    """Who measures how long an answer takes learns nothing of names."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, *given: (hashed.append("one"), encode(self, *given))[1]
    )
    counts, texts = [], []
    for name in ("koordinator", "tidak-ada"):
        hashed.clear()
        texts.append(ask(name).content)
        counts.append(len(hashed))
    assert (counts[0], texts[0]) == (counts[1], texts[1])


def test_a_token_ends_where_the_second_factor_becomes_required(city, settings):
    client = client_of(city.coordinator)
    assert client.get(ME).status_code == 200
    settings.TWO_FACTOR_ROLES = ["coordinator"]
    answers = [client.get(ME), client.post(AGENCIES, BODY, format="json"), client.delete(TOKEN)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert ask("koordinator", PASSWORD).status_code == 403
    assert not two_factor.is_on(city.coordinator)


# --- What is sent -------------------------------------------------------------------------------------------


def test_every_address_reads_json_with_a_limit():
    views = {getattr(pattern.callback, "view_class", None) for pattern in ADDRESSES.values()} - {None}
    plain = [view.__name__ for view in views for one in view.parser_classes if one is JSONParser]
    assert plain == []
    assert any(BoundedJson in view.parser_classes for view in views)


BOMBS = {
    "deep": ("[" * 100_000, 400),
    "deep objects": ('{"a":' * 100_000, 400),
    "number": (f'{{"url": {"9" * 5000}}}', 400),
    "nan": ('{"level": NaN}', 400),
    "half a character as a name": ('{"\\ud800": 1}', 400),
    "bytes": (b'{"url": "\xff"}', 400),
    "large": (f'{{"url": "{"x" * 6_000_000}"}}', 413),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_where_files_are_taken_too(assessment, city, bomb):
    body, status = BOMBS[bomb]
    url = reverse("api_evidence_list", args=[assessment.pk, "12"])
    client = client_of(city.operator)
    client.raise_request_exception = False
    answer = client.generic("POST", url, body, content_type="application/json")
    assert (answer.status_code, Evidence.objects.filter(answer__assessment=assessment).count()) == (status, 0)


def test_of_a_key_sent_twice_the_last_counts_for_rights_and_for_what_is_written(city):
    """One reader, so nobody checks one value and writes the other."""
    body = f'{{"agency": {city.dinkes.pk}, "agency": {city.dinsos.pk}, "url": "https://jdih.example/a"}}'
    url = reverse("api_documents")
    answer = client_of(city.operator).generic("POST", url, body, content_type="application/json")
    assert (answer.status_code, Document.objects.count()) == (404, 0)


# --- Files --------------------------------------------------------------------------------------------------


def upload(client: APIClient, url: str, name: str, content: bytes, kind: str = "application/pdf"):
    return client.post(url, {"file": SimpleUploadedFile(name, content, kind)}, format="multipart")


FILES = {
    "page": ("a.html", b"<script>alert(1)</script>"),
    "picture with script": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "program": ("a.exe", b"MZ" + b"\0" * 60),
    "page that says it is a PDF": ("a.pdf", b"<html><script>alert(1)</script>"),
    "two endings": ("a.pdf.html", b"%PDF-1.4\n"),
    "nothing": ("a.pdf", b""),
}


@pytest.mark.parametrize("sent", FILES)
def test_a_file_of_another_kind_is_refused(assessment, city, sent):
    client = client_of(city.operator)
    for url in (reverse("api_evidence_list", args=[assessment.pk, "12"]), reverse("api_documents")):
        answer = upload(client, url, *FILES[sent])
        assert answer.status_code == 400, answer.content
    assert Document.objects.count() == 0


@pytest.mark.parametrize("name", ["../../etc/passwd.pdf", "a%0d%0aX-A: b.pdf", "\u202efdp.exe.pdf"])
def test_a_hostile_name_stays_a_name(assessment, city, name):
    """It is stored elsewhere under a name of ours, and goes back as an attachment, one header."""
    client = client_of(city.operator)
    url = reverse("api_evidence_list", args=[assessment.pk, "12"])
    answer = upload(client, url, name, pdf())
    assert answer.status_code == 201, answer.content
    version = Evidence.objects.get(pk=answer.json()["id"]).version
    assert "passwd" not in version.file.name
    assert ".." not in version.file.name
    file = client.get(reverse("api_evidence_file", args=[assessment.pk, "12", answer.json()["id"]]))
    given = file.headers["Content-Disposition"]
    assert given.startswith("attachment")
    assert "\n" not in given
    assert "\r" not in given
    assert "X-A" not in file.headers
    b"".join(file.streaming_content)


def test_a_file_is_found_below_its_own_answer_only(assessment, city):
    """By bare keys: those of another answer, of another agency, and of another document's version."""
    mine = attach(assessment.answers.get(indicator__code="12"), city.operator)
    client, other = client_of(city.operator), client_of(city.other_operator)
    paths = {
        "its own": (client, "api_evidence_file", [assessment.pk, "12", mine.pk], 200),
        "another answer": (client, "api_evidence_file", [assessment.pk, "13", mine.pk], 404),
        "somebody else": (other, "api_evidence_file", [assessment.pk, "12", mine.pk], 404),
        "somebody else's library": (other, "api_document_file", [mine.version.document_id, 1], 404),
        "no such version": (client, "api_document_file", [mine.version.document_id, 2], 404),
    }
    got = {sent: who.get(reverse(name, args=args)).status_code for sent, (who, name, args, _) in paths.items()}
    assert got == {sent: status for sent, (*_, status) in paths.items()}
    theirs = dict(Event.objects.filter(action__endswith=".download").values_list("action", "actor"))
    assert city.other_operator.pk not in theirs.values()


# --- Hostile text -------------------------------------------------------------------------------------------


def test_hostile_text_sent_by_a_program_is_text_in_pages_json_and_lists(assessment, city, period):
    coordinator, operator = client_of(city.coordinator), client_of(city.operator)

    def sent(client: APIClient, method: str, name: str, args: list, body: dict):
        answer = getattr(client, method)(reverse(name, args=args), body, format="json")
        assert answer.status_code in (200, 201), answer.content
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.json()

    about = {"name": TEXT, "short_name": SHORT, "version": city.dinkes.version}
    sent(coordinator, "patch", "api_agency", [city.dinkes.pk], about)
    person = {"name": TEXT, "position": TEXT, "version": city.operator.version}
    sent(coordinator, "patch", "api_person", [city.operator.pk], person)
    body = {"self_level": 3, "fact": TEXT, "analysis": TEXT, "version": 1}
    sent(operator, "patch", "api_answer", [assessment.pk, "12"], body)
    link = {"url": 'https://jdih.example/?q=%22"><script>', "title": TEXT, "number": TEXT}
    refused = operator.post(reverse("api_evidence_list", args=[assessment.pk, "12"]), link, format="json")
    if refused.status_code == 400:
        link["url"] = "https://jdih.example/?q=%22%3E"
        sent(operator, "post", "api_evidence_list", [assessment.pk, "12"], link)
    document = Document.objects.get(agency=city.dinkes)
    facts = {"agency": city.dinkes.pk, "name": TEXT[:150], "purpose": TEXT, "users": TEXT, "security_contact": TEXT}
    facts |= {"kind": "publik", "category": "kearsipan", "status": "aktif", "hosting": "pdn"}
    app = sent(operator, "post", "api_applications", [], facts)
    task = {"period": period.pk, "agency": city.dinkes.pk, "text": TEXT, "due_on": "2027-01-31"}
    task = sent(coordinator, "post", "api_follow_ups", [], task)
    told = {"name": TEXT[:100], "version": period.version}
    sent(coordinator, "patch", "api_period", [period.pk], told)
    client, wrong, shown = Client(), [], 0
    client.force_login(city.coordinator)
    pages = {
        "agency": [city.dinkes.pk],
        "person": [city.operator.pk],
        "answer": [assessment.pk, "12"],
        "document": [document.pk],
        "application": [app["id"]],
        "followup": [task["id"]],
        "period": [period.pk],
        "sheet": [assessment.pk],
    }
    for name, args in pages.items():
        page = client.get(reverse(name, args=args))
        assert page.status_code == 200, name
        look = _Look()
        look.feed(page.content.decode())
        wrong += [f"{name}: {each}" for each in look.found]
        shown += "xq7probe" in "".join(look.text)
    assert wrong == []
    assert shown >= 5
    listed = client.get(reverse("application_export"), {"bentuk": "csv"})
    cells = [cell for line in b"".join(listed).decode().splitlines() for cell in line.split(";")]
    assert [cell for cell in cells if cell.strip('"').startswith(("=", "+", "@"))] == []
    assert json.loads(json.dumps(app))["purpose"] == TEXT


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https:\\\\a"])
def test_no_link_leads_elsewhere_than_to_a_site(assessment, city, url):
    client = client_of(city.operator)
    facts = {"agency": city.dinkes.pk, "name": "a", "purpose": "b", "kind": "publik", "category": "kearsipan"}
    facts |= {"status": "aktif", "hosting": "pdn", "url": url}
    places = {
        reverse("api_evidence_list", args=[assessment.pk, "12"]): {"url": url},
        reverse("api_documents"): {"url": url},
        reverse("api_applications"): facts,
    }
    assert [client.post(place, body, format="json").status_code for place, body in places.items()] == [400, 400, 400]
