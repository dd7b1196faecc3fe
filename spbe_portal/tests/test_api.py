"""Whatever happens below /api/, the answer is JSON, in Indonesian, and tells nothing of the inside."""

import json

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.services import agencies, tokens
from spbe_portal.api import words
from spbe_portal.api.views import document

pytestmark = pytest.mark.django_db
ME, AGENCIES, TOKEN = "/api/v1/me/", "/api/v1/agencies/", "/api/v1/auth/token/"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def client_of():
    def _client_of(user, scope="write") -> APIClient:
        client = APIClient(raise_request_exception=False)
        plain = tokens.make(user=user, name="uji", scope=scope, days=1)[1]
        client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
        return client

    return _client_of


def told(answer) -> str:
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"detail"}
    return body["detail"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v2/me/", "/api/v1/me", "/api/v1/tidak-ada/", "/api/v1/agencies/x/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_address_is_told_so_and_never_redirected(method, path):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == 404
    assert "/api/v1/" in told(answer)


def test_a_method_that_is_not_taken(client_of, city):
    answer = client_of(city.operator).put(ME, {}, format="json")
    assert answer.status_code == 405
    assert told(answer) == "Metode PUT tidak diterima alamat ini."
    assert "GET" in answer.headers["Allow"]


def test_without_a_token_it_is_said_how_to_send_one(city):
    answer = APIClient().get(ME)
    assert (answer.status_code, told(answer)) == (401, "Sertakan token Anda: Authorization: Token ...")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 200_000, "application/json", 400),
        ('{"name": NaN}', "application/json", 400),
        ("9" * 5000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        ("{}", "application/json; charset=bz2", 400),
        ("a=b", "application/x-www-form-urlencoded", 415),
        ("<a/>", "text/xml", 415),
        ('{"name": "' + "x" * (5 * 1024 * 1024) + '"}', "application/json", 413),
    ],
    ids=["half", "deep", "nan", "digits", "bytes", "charset", "form", "xml", "large"],
)
@pytest.mark.parametrize("key", [None, "kunci"], ids=["without-key", "with-key"])
def test_what_cannot_be_read_is_refused_in_words(client_of, city, body, kind, status, key):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = client_of(city.coordinator).generic("POST", AGENCIES, body, content_type=kind, **headers)
    assert answer.status_code == status
    assert told(answer).endswith(".")


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null"])
def test_json_that_is_no_object_is_refused(client_of, city, body):
    answer = client_of(city.coordinator).generic("POST", AGENCIES, body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize(("text", "field"), [("a\\u0000b", "name"), ("\\ud800", "detail")], ids=["nul", "surrogate"])
def test_characters_no_database_takes_are_refused(client_of, city, text, field):
    body = f'{{"name": "{text}", "short_name": "Uji", "kind": "badan", "valid_from": "2026-01-01"}}'
    answer = client_of(city.coordinator).generic("POST", AGENCIES, body, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_only_json_is_given(client_of, city):
    answer = client_of(city.operator).get(ME, HTTP_ACCEPT="text/html")
    assert (answer.status_code, told(answer)) == (406, "Alamat ini hanya dapat menjawab dengan JSON.")


def test_a_wrong_host_is_told_in_json():
    answer = Client().get(ME, HTTP_HOST="jahat.example")
    assert answer.status_code == 400
    assert told(answer) == "Permintaan tidak dapat dibaca."


def test_a_fault_of_ours_shows_nothing_of_the_inside(client_of, city, monkeypatch):
    def fail(**given):
        raise RuntimeError("rahasia")

    client = client_of(city.coordinator)
    monkeypatch.setattr(agencies, "create_agency", fail)
    body = {"name": "Badan Uji", "short_name": "Uji", "kind": "badan", "valid_from": "2026-01-01"}
    answer = client.post(AGENCIES, body, format="json")
    assert (answer.status_code, told(answer)) == (
        500,
        "Terjadi gangguan pada server. Coba lagi beberapa saat lagi.",
    )


def test_no_cookie_is_asked_for_and_none_is_set(client_of, city):
    client = client_of(city.coordinator)
    client.handler.enforce_csrf_checks = True
    body = {"name": "Badan Uji", "short_name": "Uji", "kind": "badan", "valid_from": "2026-01-01"}
    answer = client.post(AGENCIES, body, format="json")
    assert answer.status_code == 201
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_every_field_speaks_our_words():
    for field, messages in words.FIELDS.items():
        assert {code: field.default_error_messages[code] for code in messages} == messages


# --- Limits -----------------------------------------------------------------------------------------------


def test_reads_and_writes_of_a_token_are_counted_apart(client_of, city, settings):
    settings.API_PER_MINUTE = {"read": 2, "write": 1, "anonymous": 1}
    client, other = client_of(city.operator), client_of(city.operator)
    assert [client.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    read_all = "/api/v1/notifications/read-all/"
    assert [client.post(read_all, {"until": 1}, format="json").status_code for _ in range(2)] == [200, 429]
    assert other.get(ME).status_code == 200
    refused = client.get(ME)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert told(refused).startswith("Terlalu banyak permintaan. Coba lagi dalam ")


def test_who_has_no_token_is_counted_by_address_and_cannot_claim_another(settings):
    settings.API_PER_MINUTE = {"read": 9, "write": 9, "anonymous": 2}
    root = "/api/v1/"
    claimed = [
        APIClient().get(root, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}", REMOTE_ADDR="10.0.0.1").status_code
        for number in range(3)
    ]
    assert claimed == [200, 200, 429]
    assert APIClient().get(root, REMOTE_ADDR="10.0.0.2").status_code == 200
    # Behind a proxy of ours, what it appended counts.
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    behind = [
        APIClient().get(root, HTTP_X_FORWARDED_FOR=f"1.1.1.1, 203.0.113.{number}", REMOTE_ADDR="10.0.0.1").status_code
        for number in range(3)
    ]
    assert behind == [200, 200, 200]


# --- The document -----------------------------------------------------------------------------------------


def test_the_document_is_valid_and_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def operations():
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", method, operation


def test_every_operation_has_words_a_tag_that_is_explained_and_its_refusals():
    tags = {tag["name"] for tag in django_settings.SPECTACULAR_SETTINGS["TAGS"]}
    for name, _, operation in operations():
        assert operation.get("summary"), name
        assert set(operation["tags"]) <= tags, name
        assert {"400", "401", "403", "404", "405", "406", "429"} <= set(operation["responses"]), name
        assert {"Retry-After"} == set(operation["responses"]["429"]["headers"]), name


def test_every_post_with_a_token_takes_an_idempotency_key():
    without = [
        name
        for name, method, operation in operations()
        if method == "post" and "Idempotency-Key" not in [each["name"] for each in operation.get("parameters", [])]
    ]
    assert without == [f"post {TOKEN}"]


def test_only_what_is_open_asks_for_no_token():
    without = [name for name, _, operation in operations() if operation.get("security") != [{"tokenAuth": []}]]
    assert without == ["get /api/v1/", f"post {TOKEN}"]


def test_every_write_with_a_body_shows_an_example():
    for name, _, operation in operations():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                assert content.get("examples"), name


def test_the_schema_is_json_unless_yaml_is_asked_for():
    answer = Client().get(reverse("api_schema"))
    assert json.loads(answer.content)["info"]["title"] == "SPBE Portal"
    yaml = Client().get(reverse("api_schema"), headers={"Accept": "application/yaml"})
    assert yaml.content.startswith(b"openapi:")


def test_the_root_lists_what_can_be_read(city):
    listed = APIClient().get("/api/v1/").data
    assert listed["agencies"] == "http://testserver/api/v1/agencies/"
    assert {"instruments", "people", "me", "schema"} <= set(listed)


def test_the_document_in_the_browser_loads_nothing_from_elsewhere():
    page = Client().get(reverse("api_docs"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "//" not in text.replace("<!doctype html>", "")
    assert "<script>" not in text
    assert "style=" not in text
