"""The agency's library and the audit trail for programs."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from assessments import workflow
from assessments.models import Document, Evidence
from assessments.services import documents, reviews
from assessments.services import evidence as evidence_services
from assessments.tests.files import pdf
from assessments.tests.test_api_parity import ELSEWHERE, PEOPLE, STATES, client_of, expected, in_state, person
from audit.models import Event
from conftest import accept_all, make_person


def at(name: str, *args) -> str:
    return reverse(f"api_{name}", args=args)


@pytest.fixture
def operator(city):
    return client_of(city.operator)


@pytest.fixture
def coordinator(city):
    return client_of(city.coordinator)


def link(city, name: str = "sk", **details) -> Document:
    address = f"https://contoh.go.id/{name}"
    kept = documents.add_link(agency_id=city.dinkes.pk, user=city.operator, url=address, details=details)
    return kept.version.document


# --- The library -----------------------------------------------------------------------------------------------------


def test_the_library_is_searched_narrowed_and_ordered_with_a_fixed_number_of_queries(operator, coordinator, city):
    def listed(client=operator, **wanted):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(at("documents"), wanted)
        return [row["title"] for row in answer.json()["results"]], len(queries)

    link(city, "a", title="SK Tim SPBE", kind="keputusan")
    listed()  # the first use of a token is noted
    _, one = listed()
    for number in range(3):
        link(city, f"b{number}", title=f"Laporan {number}", kind="laporan", valid_until="2020-12-31")
    found, many = listed()
    assert (found[-1], len(found), many) == ("SK Tim SPBE", 4, one)
    assert listed(q="tim")[0] == ["SK Tim SPBE"]
    assert listed(kind="laporan", ordering="title")[0] == ["Laporan 0", "Laporan 1", "Laporan 2"]
    assert listed(state="valid")[0] == ["SK Tim SPBE"]
    assert (listed(state="files")[0], listed(agency=city.dinsos.pk)[0]) == ([], [])
    assert len(listed(coordinator, agency=city.dinkes.pk)[0]) == 4
    assert operator.get(at("documents"), {"state": "lama"}).status_code == 400


def test_a_file_is_kept_once(operator, city):
    def sent(content: bytes, **details):
        file = SimpleUploadedFile("SK tim.pdf", content, "application/pdf")
        return operator.post(at("documents"), {"file": file, **details}, format="multipart")

    content = pdf()
    added = sent(content, number="12/2026", valid_until="2027-12-31")
    told = added.json()
    assert (added.status_code, told["title"], told["kind"], told["version"]) == (201, "SK tim", "keputusan", 1)
    assert (told["agency"]["short_name"], told["number"], told["uses"]) == ("Dinkes", "12/2026", [])
    again = sent(content)
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    assert sent(b"bukan pdf").status_code == 400
    got = operator.get(told["newest"]["download"])
    assert b"".join(got.streaming_content) == content
    assert client_of(city.other_operator).get(told["newest"]["download"]).status_code == 404


def test_whose_library_must_be_clear_and_ones_own(operator, coordinator, city):
    body = {"url": "https://contoh.go.id/sk"}
    assert list(coordinator.post(at("documents"), body).json()) == ["agency"]
    assert operator.post(at("documents"), {**body, "agency": city.dinsos.pk}).status_code == 404
    made = coordinator.post(at("documents"), {**body, "agency": city.dinkes.pk})
    assert (made.status_code, made.json()["agency"]["id"]) == (201, city.dinkes.pk)
    assert Event.objects.get(action="document.add").on_behalf_of == city.dinkes
    assert client_of(city.verifier).post(at("documents"), body).status_code == 403
    assert operator.post(at("documents"), {"title": "Tanpa isi"}).status_code == 400


def test_details_change_over_the_version_that_was_read(operator, city):
    url = at("document", link(city).pk)
    read = operator.get(url)
    assert read.headers["ETag"] == '"1"'
    assert operator.patch(url, {"title": "Tanpa versi"}).status_code == 400
    assert operator.patch(url, {"title": "SK Tim"}, HTTP_IF_MATCH='"1"').json()["version"] == 2
    stale = operator.patch(url, {"title": "Lain", "version": 1})
    assert (stale.status_code, stale.json()["current"]["title"]) == (409, "SK Tim")
    wrong = operator.patch(url, {"date": "2026-03-01", "valid_until": "2025-03-01", "version": 2})
    assert (wrong.status_code, list(wrong.json())) == (400, ["valid_until"])


def test_a_new_version_is_taken_up_where_the_answer_is_open(operator, assessment, city):
    document = link(city)
    made = evidence_services.reuse(
        assessment_id=assessment.pk, code="12", user=city.operator, version_id=document.versions.get().pk
    )
    url = at("document_versions", document.pk)
    body = {"url": "https://contoh.go.id/sk-2", "change": "Lampiran ditambah", "evidence": [made.pk]}
    done = operator.post(url, body)
    assert (done.status_code, done.json()["moved"], done.json()["version"]["number"]) == (201, [made.pk], 2)
    assert operator.post(url, body).status_code == 400  # that address is known
    assert operator.post(url, {"url": "https://contoh.go.id/sk-3"}).json()["moved"] == []
    use = operator.get(at("document", document.pk)).json()["uses"][0]
    assert (use["number"], use["version_number"], use["is_behind"], use["is_open"]) == ("12", 2, True, True)
    used = operator.post(at("document_use_newest", document.pk), {"evidence": [made.pk]})
    assert (used.status_code, used.json()["moved"]) == (200, [made.pk])
    assert Evidence.objects.get(pk=made.pk).version.number == 3
    assert operator.post(at("document_use_newest", document.pk), {"evidence": [0]}).status_code == 400
    assert operator.post(at("document_use_newest", document.pk), {"evidence": [999999]}).status_code == 404


def test_only_what_was_never_used_is_removed(operator, assessment, city):
    unused, used = link(city, "a"), link(city, "b")
    evidence_services.reuse(
        assessment_id=assessment.pk, code="12", user=city.operator, version_id=used.versions.get().pk
    )
    assert operator.delete(at("document", unused.pk)).status_code == 204
    assert operator.delete(at("document", used.pk)).status_code == 409
    assert operator.delete(at("document", unused.pk)).status_code == 404


# --- The audit trail -------------------------------------------------------------------------------------------------


def test_who_reads_a_history_is_as_the_table_says(request, city, period):
    assert ELSEWHERE["see history"] == "test_api_library"
    assessment = in_state("S", request, city)
    got, wanted = {}, {}
    for roles in PEOPLE:
        got[roles] = client_of(person(roles, city)).get(at("assessment_events", assessment.pk)).status_code
        sees = expected("see", roles, "S", wrote=False)
        wanted[roles] = 200 if expected("see history", roles, "S", wrote=False) else 403 if sees else 404
    assert got == wanted
    assert STATES["S"] == assessment.status


def test_events_say_who_did_what_beside_what_was_recorded(operator, assessment, city):
    operator.patch(at("answer", assessment.pk, "12"), {"self_level": 3, "version": 1})
    told = operator.get(at("assessment_events", assessment.pk)).json()
    row = told["results"][0]
    assert (row["actor"], row["action"], row["number"]) == (str(city.operator), "answer.save", "12")
    assert row["sentence"].startswith(f"{city.operator} ")
    assert (row["before"]["self_level"], row["after"]["self_level"]) == (None, 3)
    assert row["stream"] == f"assessment:{assessment.pk}"

    def narrowed(**wanted):
        return operator.get(at("assessment_events", assessment.pk), wanted).json()["count"]

    assert (narrowed(), narrowed(number="12"), narrowed(number="13")) == (1, 1, 0)
    assert (narrowed(person=city.operator.pk), narrowed(person=city.verifier.pk)) == (1, 0)
    assert (narrowed(kind="status"), narrowed(since="2100-01-01"), narrowed(until="2100-01-01")) == (0, 0, 1)
    wrong = operator.get(at("assessment_events", assessment.pk), {"until": "9999-12-31"})
    assert wrong.status_code == 400


def test_an_agency_reads_of_a_decision_what_was_announced_and_nothing_before_it(operator, submitted, city):
    for decision, note in (("adjust", "Rahasia sementara."), ("accept", "")):
        current = submitted.answers.get(indicator__code="1").reviews.first()
        reviews.decide(
            assessment_id=submitted.pk,
            code="1",
            user=city.verifier,
            decision=decision,
            verified_level=2,
            note=note,
            version=current.version if current else None,
        )
    url = at("assessment_events", submitted.pk)
    verifier = client_of(city.verifier)
    assert "Rahasia" in verifier.get(url).content.decode()
    assert "review.decide" not in operator.get(url).content.decode()
    submitted.refresh_from_db()
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    known = [row for row in operator.get(url).json()["results"] if row["action"] == "review.decide"]
    assert [(row["before"], row["after"]["decision"]) for row in known] == [({}, "accept")]
    assert "Rahasia" not in operator.get(url).content.decode()


def test_a_coordinator_of_the_agency_is_told_no_more_in_the_trail_of_everything(submitted, city):
    member = client_of(make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes)))
    for note in ("Rahasia pertama.", "Rahasia kedua."):
        current = submitted.answers.get(indicator__code="1").reviews.first()
        version = current.version if current else None
        reviews.decide(
            assessment_id=submitted.pk,
            code="1",
            user=city.verifier,
            decision="adjust",
            verified_level=2,
            note=note,
            version=version,
        )
    stream = {"stream": f"assessment:{submitted.pk}"}
    assert "Rahasia" in client_of(city.coordinator).get(at("events"), stream).content.decode()
    assert "Rahasia" not in member.get(at("events"), stream).content.decode()
    accept_all(submitted, city.verifier)
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    told = member.get(at("events"), stream).content.decode()
    assert ("Rahasia pertama." in told, "Rahasia kedua." in told) == (False, True)


def test_the_trail_of_everything_is_narrowed_with_a_fixed_number_of_queries(coordinator, operator, assessment, city):
    def listed(**wanted):
        with CaptureQueriesContext(connection) as queries:
            answer = coordinator.get(at("events"), wanted)
        return answer.json(), len(queries)

    listed()
    few, with_few = listed(page_size=2)
    many, with_many = listed()
    assert few["count"] == many["count"] > 5
    assert with_many <= with_few + 4  # kinds of things that two events do not have
    assert listed(stream=f"assessment:{assessment.pk}")[0]["count"] == 0
    assert listed(kind=many["results"][0]["kind"])[0]["count"] >= 1
    assert coordinator.get(at("events"), {"stream": "x"}).status_code == 400
    assert coordinator.get(at("events"), {"agency": city.dinkes.pk}).status_code == 200
    assert operator.get(at("events")).status_code == 403
