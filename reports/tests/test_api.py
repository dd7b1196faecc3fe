"""Reports for programs: asked for, waited for, downloaded; the same rules, rows and records as the pages."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Assessment
from assessments.tests.test_permission_matrix import PEOPLE, expected, in_state, person
from audit.models import Event
from conftest import hand_in
from reports import making
from reports.models import ReportJob
from reports.tests.test_views import PDF, make_job
from spbe_portal.tests.api import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def asked_for(user, **data):
    return client_of(user).post(reverse("api_reports"), data, format="json")


@pytest.fixture
def done(submitted, city):
    return make_job(submitted, city.operator, status="done")


def test_a_report_is_asked_for_made_and_downloaded(
    submitted, city, sent, monkeypatch, django_capture_on_commit_callbacks
):
    client = client_of(city.operator)
    with django_capture_on_commit_callbacks(execute=True):
        asked = client.post(reverse("api_reports"), {"kind": "agency", "assessment": submitted.pk}, format="json")
    assert (asked.status_code, asked.json()["status"]) == (202, "queued")
    address = asked.headers["Location"]
    assert address == asked.json()["url"] == reverse("api_report", args=[asked.json()["id"]])
    assert sent == [asked.json()["id"]]
    waiting = client.get(address).json()
    assert (waiting["status"], waiting["progress"], waiting["download"]) == ("queued", 0, None)
    early = client.get(f"{address}download/")
    assert (early.status_code, list(early.json())) == (409, ["detail"])
    monkeypatch.setattr("reports.kinds.agency.render_pdf", lambda document: PDF)
    monkeypatch.setattr("reports.making._pages", lambda content: 1)
    making.make(sent[0])
    ready = client.get(address).json()
    assert (ready["status"], ready["progress"], ready["size"]) == ("done", 100, len(PDF))
    file = client.get(ready["download"], HTTP_ACCEPT="application/pdf")
    content = b"".join(file.streaming_content)
    assert (file.status_code, file.headers["Content-Type"], content) == (200, "application/pdf", PDF)
    assert hashlib.sha256(content).hexdigest() == ready["sha256"] == file.headers["ETag"].strip('"')
    assert file.headers["Content-Disposition"] == f'attachment; filename="{ready["file_name"]}"'


def test_a_download_goes_on_where_it_broke_off_and_is_recorded(done, city):
    address = reverse("api_report_download", args=[done.pk])
    rest = client_of(city.leader).get(address, HTTP_RANGE="bytes=5-")
    assert (rest.status_code, b"".join(rest.streaming_content)) == (206, PDF[5:])
    assert rest.headers["Content-Range"] == f"bytes 5-{len(PDF) - 1}/{len(PDF)}"
    assert client_of(city.leader).get(address, HTTP_RANGE="bytes=500-").status_code == 416
    known = client_of(city.leader).get(address, HTTP_IF_NONE_MATCH=f'"{"a" * 64}"')
    assert known.status_code == 304
    assert [event.actor for event in Event.objects.filter(action="report.download")] == [city.leader]


def test_a_file_that_is_gone_is_said_and_made_again(done, city):
    done.file.storage.delete(done.file.name)
    client = client_of(city.operator)
    answer = client.get(reverse("api_report_download", args=[done.pk]))
    assert (answer.status_code, answer.json()["detail"][:20]) == (409, "Berkas laporan ini t")
    assert client.get(reverse("api_report", args=[done.pk])).json()["status"] == "failed"
    again = client.post(reverse("api_report_retry", args=[done.pk]))
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    assert client.post(reverse("api_report_retry", args=[done.pk])).status_code == 409


def test_what_waits_is_stopped_by_who_asked(submitted, city):
    job = make_job(submitted, city.operator)
    address = reverse("api_report_cancel", args=[job.pk])
    assert client_of(city.leader).post(address).status_code == 403
    assert client_of(city.other_operator).post(address).status_code == 404
    stopped = client_of(city.operator).post(address)
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert client_of(city.operator).post(address).status_code == 409


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "agency"}, "assessment"),
        ({"kind": "pemda"}, "period"),
        ({"kind": "agency", "assessment": 0}, "assessment"),
        ({"kind": "novel"}, "kind"),
        ({}, "kind"),
        ({"kind": "agency", "assessment": "here", "period": 1}, "period"),
        ({"kind": "agency", "assessment": "here", "format": "zip"}, "format"),
        ({"kind": "batch", "period": "here", "format": "pdf"}, "format"),
        ({"kind": "pemda", "period": "here", "bahasa": "en"}, "bahasa"),
    ],
)
def test_what_no_report_is_made_of_is_refused_by_field(given, field, submitted, city):
    places = {"assessment": submitted.pk, "period": submitted.period_id}
    data = {key: places[key] if value == "here" else value for key, value in given.items()}
    answer = asked_for(city.coordinator, **data)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not ReportJob.objects.exists()


#: Who may ask for which kind, while Dinkes's assessment is a draft and once it is handed in.
WHO = ("operator", "other_operator", "verifier", "coordinator", "leader", "outsider")
MATRIX = {
    ("draft", "agency"): "202 404 404 202 404 404",
    ("submitted", "agency"): "202 404 202 202 202 404",
    ("submitted", "pemda"): "403 403 202 202 202 404",
    ("submitted", "batch"): "403 403 202 202 202 404",
}


def test_who_may_ask_for_which_report(assessment, city):
    got = {}
    for state in ("draft", "submitted"):
        if state == "submitted":
            hand_in(Assessment.objects.get(pk=assessment.pk), city.operator)
        for kind in [kind for of, kind in MATRIX if of == state]:
            made_of = {"assessment": assessment.pk} if kind == "agency" else {"period": assessment.period_id}
            statuses = [asked_for(getattr(city, who), kind=kind, **made_of).status_code for who in WHO]
            got[state, kind] = " ".join(map(str, statuses))
    assert got == MATRIX


@pytest.mark.parametrize("letter", ["D", "S"])  # where it changes who sees it
def test_page_and_api_ask_for_an_agencys_report_as_the_table_of_permissions_says(letter, request, city, client):
    assessment = in_state(letter, request, city)
    got, wanted = {}, {}
    for roles in PEOPLE:
        user = person(roles, city)
        client.force_login(user)
        page = client.post(reverse("report_request", args=[assessment.pk])).status_code
        got[roles] = page, asked_for(user, kind="agency", assessment=assessment.pk).status_code
        wanted[roles] = (302, 202) if expected("report", roles, letter, wrote=False) else (404, 404)
    assert got == wanted


def test_the_list_shows_what_one_may_know_with_a_fixed_number_of_queries(submitted, done, city):
    def listed(user, query=""):
        client = client_of(user)
        with CaptureQueriesContext(connection) as found:
            rows = client.get(f"{reverse('api_reports')}{query}").json()["results"]
        return rows, len(found)

    one, few = listed(city.leader)
    assert [row["id"] for row in one] == [str(done.pk)]
    assert listed(city.other_operator)[0] == []
    for kind in ("pemda", "brief", "minutes"):
        asked_for(city.coordinator, kind=kind, period=submitted.period_id)
    rows, many = listed(city.leader)
    assert (len(rows), many) == (4, few)
    assert [row["kind"] for row in listed(city.leader, "?kind=brief")[0]] == ["brief"]
    assert [row["id"] for row in listed(city.leader, f"?status=done&assessment={submitted.pk}")[0]] == [str(done.pk)]
    assert listed(city.leader, "?period=99999")[0] == []


# --- The own place ---------------------------------------------------------------------------------------------------


def test_an_operator_sees_the_own_place_and_no_other_agencys_name(final, city, period):
    address = reverse("api_own_place", args=[period.pk])
    body = client_of(city.operator).get(address).json()
    assert (body["agency"]["slug"], body["place"]["index"], body["place"]["bins"]) == ("dinkes", "3.00", None)
    assert [part["own"] for part in body["place"]["parts"] if part["is_domain"]] == ["3.00"] * 4
    assert (len(body["place"]["indicators"]), body["place"]["indicators"][0]["counts"]) == (47, None)
    assert "Dinas Sosial" not in str(body)
    unfinished = client_of(city.other_operator).get(address).json()
    assert (unfinished["agency"]["slug"], unfinished["place"]) == ("dinsos", None)
    assert client_of(city.operator).get(f"{address}?agency={city.dinsos.pk}").status_code == 404
