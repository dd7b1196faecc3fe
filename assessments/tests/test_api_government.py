"""Roadmap, plan and follow-ups for programs: reckoned, saved and moved as on the pages."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import FollowUp, Plan
from assessments.services.followups import create_follow_up
from assessments.specs import spec_of
from assessments.tests.files import pdf
from assessments.tests.test_api_periods import ask, pics
from audit.models import Event
from indicators.roadmap import best_route
from spbe_portal.tests.api import client_of

pytestmark = pytest.mark.django_db


# --- The roadmap -------------------------------------------------------------------------------------------------


def test_the_least_effort_way_is_reckoned_without_writing(city, period, approved):
    pics(period, city.dinkes)
    events = Event.objects.exclude(action="token.make").count()
    given = {"target": "3.50", "alternatives": 3, "fixed": ["1"], "max_step": 1}
    status, body = ask(city.leader, "post", "api_roadmap", period.pk, data=given)
    assert (status, body["start"]["key"], body["start"]["index"], len(body["routes"])) == (200, "now", "3.00", 3)
    first = body["routes"][0]
    assert first["reachable"]
    assert Fraction(first["index_exact"]) >= Fraction("3.5")
    assert sum(rise["effort"] for rise in first["rises"]) == first["effort"]
    assert {(rise["start"], rise["end"]) for rise in first["rises"]} == {(3, 4)}
    assert "1" not in [rise["number"] for rise in first["rises"]]
    gained = sum(Fraction(rise["gain"]) for rise in first["rises"])
    assert Fraction(first["index_exact"]) == 3 + gained
    status, body = ask(city.leader, "post", "api_roadmap", period.pk, data={"target": "3.50"})
    same = best_route(spec_of(period.instrument), dict.fromkeys(map(str, range(1, 48)), 3), Fraction("3.5"))
    assert [rise["number"] for rise in body["routes"][0]["rises"]] == [rise.indicator for rise in same.rises]
    assert Event.objects.exclude(action="token.make").count() == events
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"target": "9"}, "target"),
        ({}, "target"),
        ({"target": "4", "start": "last"}, "start"),
        ({"target": "4", "fixed": ["99"]}, "fixed"),
        ({"target": "4", "efforts": {"tiga": 1}}, "efforts"),
        ({"target": "4", "efforts": {"9": 1}}, "efforts"),
        ({"target": "4", "alternatives": 9}, "alternatives"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_field(given, field, city, period):
    status, body = ask(city.leader, "post", "api_roadmap", period.pk, data=given)
    assert (status, list(body)) == (400, [field])


def test_a_route_that_was_seen_becomes_the_plan(city, period, approved):
    pics(period, city.dinkes)
    asked = {"target": "3.50", "start": "now"}
    mark = ask(city.coordinator, "post", "api_roadmap", period.pk, data=asked)[1]["routes"][0]["mark"]
    assert ask(city.leader, "put", "api_plan", period.pk, data={**asked, "name": "Rencana", "mark": mark})[0] == 403
    status, body = ask(city.coordinator, "put", "api_plan", period.pk, data={**asked, "name": "A", "mark": "lain"})
    assert (status, body["current"][0]["mark"]) == (409, mark)
    status, body = ask(city.coordinator, "put", "api_plan", period.pk, data={**asked, "name": "Rencana", "mark": mark})
    assert (status, body["name"], body["target"], body["reached"]) == (200, "Rencana", "3.50", 0)
    assert ask(city.leader, "get", "api_plan", period.pk) == (200, body)
    first = body["rises"][0]
    assert (first["start"], first["now"], first["is_reached"]) == (3, 3, False)


# --- Follow-ups ------------------------------------------------------------------------------------------------------


def make(city, period, text="Tetapkan SOP.", agency=None):
    return create_follow_up(
        user=city.coordinator,
        period_id=period.pk,
        agency_id=(agency or city.dinkes).pk,
        text=text,
        due_on=timezone.localdate() + timedelta(days=30),
    )


def test_a_follow_up_goes_from_made_to_done(city, period):
    given = {
        "period": period.pk, "agency": city.dinkes.pk, "number": "12", "aim": 4, "text": "Tetapkan SOP.",
        "due_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    status, body = ask(city.coordinator, "post", "api_follow_ups", data=given)
    assert (status, body["number"], body["aim"], body["status"], body["version"]) == (201, "12", 4, "open", 1)
    pk = body["id"]
    assert body["actions"] == ["drop"]
    status, body = ask(
        city.coordinator, "patch", "api_follow_up", pk, data={"text": "Tetapkan SOP data.", "version": 1}
    )
    assert (status, body["text"], body["version"]) == (200, "Tetapkan SOP data.", 2)
    status, body = ask(city.operator, "put", "api_follow_up_progress", pk, data={"progress": 50, "version": 1})
    assert (status, body["current"]["version"]) == (409, 2)
    client = client_of(city.operator)
    sent = {"progress": 60, "report": "Disusun.", "version": 2, "file": ContentFile(pdf(), "sop.pdf")}
    answer = client.put(reverse("api_follow_up_progress", args=[pk]), sent, format="multipart")
    assert (answer.status_code, answer.json()["progress"]) == (200, 60)
    proof = answer.json()["proof"]
    assert client.get(proof).headers["Content-Disposition"].startswith("attachment")
    assert client_of(city.leader).get(proof).status_code == 403
    assert ask(city.leader, "get", "api_follow_up", pk)[1]["proof"] is None
    status, body = ask(city.operator, "post", "api_follow_up_report", pk, data={"version": 3})
    assert (status, body["status"], body["progress"], body["report"]) == (200, "reported", 100, "Disusun.")
    status, body = ask(city.coordinator, "post", "api_follow_up_move", pk, data={"move": "return", "version": 4})
    assert (status, list(body)) == (400, ["note"])
    status, body = ask(city.coordinator, "post", "api_follow_up_move", pk, data={"move": "confirm", "version": 3})
    assert status == 409
    status, body = ask(city.coordinator, "post", "api_follow_up_move", pk, data={"move": "confirm", "version": 4})
    assert (status, body["status"], body["actions"]) == (200, "done", ["reopen"])
    assert client_of(city.leader).get(proof).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": 999}, "period"),
        ({"agency": 999}, "agency"),
        ({"number": "99"}, "number"),
        ({"aim": 9, "number": "1"}, "aim"),
        ({"aim": 3}, "aim"),
        ({"due_on": "2020-01-01"}, "due_on"),
        ({"text": " "}, "text"),
    ],
)
def test_a_follow_up_that_cannot_be_is_refused_by_field(change, field, city, period):
    given = {
        "period": period.pk, "agency": city.dinkes.pk, "text": "Tetapkan SOP.",
        "due_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    status, body = ask(city.coordinator, "post", "api_follow_ups", data={**given, **change})
    assert (status, list(body)) == (400, [field])
    assert not FollowUp.objects.exists()


#: What each act on a follow-up of Dinkes answers to each, by its state.
PEOPLE = ("operator", "other_operator", "verifier", "coordinator", "leader", "outsider")
ACTS = {
    "edit": ("patch", "api_follow_up", {"text": "Lain.", "version": 1}),
    "progress": ("put", "api_follow_up_progress", {"progress": 10, "version": 1}),
    "report": ("post", "api_follow_up_report", {"report": "Selesai.", "version": 1}),
    "confirm": ("post", "api_follow_up_move", {"move": "confirm", "version": 1}),
    "return": ("post", "api_follow_up_move", {"move": "return", "note": "Belum.", "version": 1}),
    "drop": ("post", "api_follow_up_move", {"move": "drop", "note": "Tidak perlu.", "version": 1}),
    "reopen": ("post", "api_follow_up_move", {"move": "reopen", "note": "Lanjutkan.", "version": 1}),
}
MATRIX = {
    "open": {
        "edit": "403 404 403 200 403 404",
        "progress": "200 404 403 403 403 404",
        "report": "200 404 403 403 403 404",
        "confirm": "403 404 403 409 403 404",
        "return": "403 404 403 409 403 404",
        "drop": "403 404 403 200 403 404",
        "reopen": "403 404 403 409 403 404",
    },
    "reported": {
        "edit": "403 404 403 409 403 404",
        "progress": "409 404 403 403 403 404",
        "report": "409 404 403 403 403 404",
        "confirm": "403 404 403 200 403 404",
        "return": "403 404 403 200 403 404",
        "drop": "403 404 403 200 403 404",
        "reopen": "403 404 403 409 403 404",
    },
    "done": {
        "edit": "403 404 403 409 403 404",
        "progress": "409 404 403 403 403 404",
        "report": "409 404 403 403 403 404",
        "confirm": "403 404 403 409 403 404",
        "return": "403 404 403 409 403 404",
        "drop": "403 404 403 409 403 404",
        "reopen": "403 404 403 200 403 404",
    },
}


@pytest.mark.parametrize("state", MATRIX)
def test_who_may_do_what_to_a_follow_up(state, city, period):
    made = make(city, period)
    now = timezone.now()
    told = {"report": "Selesai.", "reported_at": now} if state != "open" else {}
    closed = {"closed_at": now} if state == "done" else {}
    FollowUp.objects.filter(pk=made.pk).update(status=state, **told, **closed)
    clients = {who: client_of(getattr(city, who)) for who in PEOPLE}
    got = {}
    for act, (method, name, data) in ACTS.items():
        statuses = []
        for who in PEOPLE:
            with transaction.atomic():
                answer = getattr(clients[who], method)(reverse(name, args=[made.pk]), data, format="json")
                transaction.set_rollback(True)
            statuses.append(str(answer.status_code))
        got[act] = " ".join(statuses)
    assert got == MATRIX[state]


def test_the_list_of_follow_ups_is_filtered_with_a_fixed_number_of_queries(city, period):
    def listed(user, query=""):
        client = client_of(user)
        with CaptureQueriesContext(connection) as found:
            rows = client.get(f"{reverse('api_follow_ups')}{query}").json()["results"]
        return [row["text"] for row in rows], len(found)

    make(city, period)
    texts, few = listed(city.leader)
    assert texts == ["Tetapkan SOP."]
    for number in range(3):
        make(city, period, f"Nomor {number}", city.dinsos)
    texts, many = listed(city.leader)
    assert (len(texts), many) == (4, few)
    assert listed(city.operator)[0] == ["Tetapkan SOP."]
    assert listed(city.leader, f"?agency={city.dinkes.pk}&status=open&late=false")[0] == ["Tetapkan SOP."]
    assert listed(city.leader, "?late=true")[0] == []
