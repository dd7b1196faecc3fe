"""A POST sent twice with one key is done once."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIClient

from accounts.models import Agency, IdempotentAnswer
from accounts.services import agencies, tokens
from audit.models import Event
from spbe_portal.api import idempotency
from spbe_portal.api.idempotency import fingerprint_of
from spbe_portal.tasks import sweep_api

AGENCIES = "/api/v1/agencies/"
BODY = {"name": "Badan Uji", "short_name": "Uji", "kind": "badan", "valid_from": "2026-01-01"}


def client_of(user) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {tokens.make(user=user, name='u', scope='write', days=1)[1]}")
    return client


def send(client, key="kunci-1", body=BODY, url=AGENCIES):
    return client.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_the_second_is_answered_as_the_first_and_nothing_is_done_again(city):
    client = client_of(city.coordinator)
    first, second = send(client), send(client)
    assert (first.status_code, first.has_header("Idempotency-Replayed")) == (201, False)
    assert (second.status_code, second.headers["Idempotency-Replayed"]) == (201, "true")
    assert second.json() == first.json()
    assert {name: second.headers[name] for name in ("ETag", "Location")} == {
        name: first.headers[name] for name in ("ETag", "Location")
    }
    assert Agency.objects.filter(name="Badan Uji").count() == 1
    assert Event.objects.filter(action="agency.create").count() == 1


def test_without_a_key_it_is_done_again_or_refused_by_the_rules(city):
    client = client_of(city.coordinator)
    statuses = [client.post(AGENCIES, BODY, format="json").status_code for _ in range(2)]
    assert statuses == [201, 400]
    assert not IdempotentAnswer.objects.exists()


def test_the_key_with_another_body_or_address_is_refused(city):
    client = client_of(city.coordinator)
    assert send(client).status_code == 201
    other = send(client, body={**BODY, "name": "Badan Lain"})
    assert (other.status_code, "Idempotency-Key" in other.data["detail"]) == (422, True)
    assert send(client, url="/api/v1/people/").status_code == 422
    assert not Agency.objects.filter(name="Badan Lain").exists()


def test_a_key_is_one_persons_own(city):
    assert send(client_of(city.coordinator)).status_code == 201
    assert send(client_of(city.admin)).status_code == 400  # done, and refused: the name is taken
    assert send(client_of(city.operator)).status_code == 403


def test_a_refusal_frees_the_key(city):
    client = client_of(city.coordinator)
    assert send(client, body={**BODY, "kind": "x"}).status_code == 400
    assert send(client).status_code == 201


def test_a_fault_of_ours_frees_the_key(city, monkeypatch):
    def fail(**given):
        raise RuntimeError

    client = client_of(city.coordinator)
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(agencies, "create_agency", fail)
        broken = send(client)
    assert (broken.status_code, list(broken.json())) == (500, ["detail"])
    assert send(client).status_code == 201


def test_while_the_first_is_under_way_the_second_waits_and_an_abandoned_one_is_taken_over(city):
    client = client_of(city.coordinator)
    assert send(client).status_code == 201
    Agency.objects.filter(name="Badan Uji").update(name="Lain", short_name="Lain", slug="lain")
    IdempotentAnswer.objects.update(status=None, body=None)
    waiting = send(client)
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (409, "2")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert send(client).status_code == 201
    assert IdempotentAnswer.objects.get().status == 201


def test_after_a_day_the_key_is_free_and_swept(city):
    client = client_of(city.coordinator)
    assert send(client).status_code == 201
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert send(client, body={**BODY, "name": "Badan Lain", "short_name": "Lain"}).status_code == 201
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    sweep_api()
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "é", "a\tb"], ids=["empty", "blank", "long", "letter", "tab"])
def test_what_is_no_key_is_refused(city, key):
    answer = send(client_of(city.coordinator), key=key)
    assert (answer.status_code, list(answer.data)) == (400, ["Idempotency-Key"])


def test_other_methods_know_no_key(city):
    client = client_of(city.coordinator)
    url = f"{AGENCIES}{city.dinkes.pk}/"
    for version in (1, 2):
        body = {"short_name": f"Dinkes {version}", "version": version}
        assert client.patch(url, body, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 200
    assert not IdempotentAnswer.objects.exists()


def form(**fields) -> Request:
    return Request(RequestFactory().post("/x/", fields), parsers=[MultiPartParser(), JSONParser()])


def test_a_form_is_known_again_by_its_fields_and_the_content_of_its_files():
    def print_of(content: bytes, title: str = "SOP", name: str = "sop.pdf") -> str:
        return fingerprint_of(form(title=title, file=SimpleUploadedFile(name, content)))

    # Two browsers part a form by other boundaries: what counts is what is in it.
    assert print_of(b"a" * 100_000) == print_of(b"a" * 100_000)
    others = [print_of(b"a" * 99_999 + b"b"), print_of(b"a" * 100_000, "SK"), print_of(b"a" * 100_000, name="sk.pdf")]
    assert len({print_of(b"a" * 100_000), *others}) == 4


def test_a_file_that_was_looked_at_can_still_be_read():
    request = form(file=SimpleUploadedFile("sop.pdf", b"isi"))
    fingerprint_of(request)
    assert request.data["file"].read() == b"isi"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_works_and_one_waits(city, monkeypatch):
    """Both arrive before either is done: the act itself waits until the other was answered."""
    plain = tokens.make(user=city.coordinator, name="u", scope="write", days=1)[1]
    is_answered, create = threading.Event(), agencies.create_agency

    def slow(**given):
        is_answered.wait(timeout=10)
        return create(**given)

    monkeypatch.setattr(agencies, "create_agency", slow)
    got: list[int] = []

    def ask() -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
        got.append(send(client).status_code)
        is_answered.set()
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(got) == [201, 409]
    assert Agency.objects.filter(name="Badan Uji").count() == 1
    assert IdempotentAnswer.objects.get().status == 201
    assert idempotency.sweep() == 0


def test_what_is_kept_can_be_read_by_the_portal_alone(city, settings):
    client = client_of(city.coordinator)
    first = send(client)
    kept = IdempotentAnswer.objects.get().body
    assert isinstance(kept, str)
    assert "Badan Uji" not in kept
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert idempotency._opened(IdempotentAnswer.objects.get()) == first.json()
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(idempotency.Unreadable):
        idempotency._opened(IdempotentAnswer.objects.get())
