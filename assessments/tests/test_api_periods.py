"""Periods for programs: the same people, rules and refusals as on the pages, in the shapes of the outer interface."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency
from assessments import workflow
from assessments.models import Assessment, Assignment, Determination, Period, Result
from audit.models import Event
from conftest import DEFAULT_INSTRUMENT, hand_in
from spbe_portal.tests.api import client_of

pytestmark = pytest.mark.django_db


def ask(user, method, name, *args, data=None, **headers):
    """One call as `user`: status and body."""
    response = getattr(client_of(user), method)(reverse(name, args=args), data, format="json", **headers)
    return response.status_code, response.json() if response.content else None


def new_period(city, **changes):
    return {
        "name": "Penilaian 2027",
        "year": 2027,
        "instrument": DEFAULT_INSTRUMENT,
        "starts_on": "2027-01-04",
        "deadline": (timezone.now() + timedelta(days=300)).isoformat(),
        "target": "3.60",
        "agencies": [city.dinkes.pk, city.dinsos.pk],
        **changes,
    }


@pytest.fixture
def draft(city, period):
    status, body = ask(city.coordinator, "post", "api_periods", data=new_period(city))
    assert status == 201, body
    return Period.objects.get(pk=body["id"])


def pics(period, agency):
    """Make `agency` the PIC of everything."""
    Assignment.objects.filter(period=period, agency=agency).update(kind="pic")


# --- Reading ---------------------------------------------------------------------------------------------------


def test_everyone_lists_the_periods_they_meet_on_pages(city, period, draft):
    lists = {
        who: [row["name"] for row in ask(getattr(city, who), "get", "api_periods")[1]["results"]]
        for who in ("operator", "verifier", "coordinator", "leader", "outsider")
    }
    assert lists == {
        "operator": ["Penilaian 2026"],
        "verifier": ["Penilaian 2026"],
        "coordinator": ["Penilaian 2027", "Penilaian 2026"],
        "leader": ["Penilaian 2026"],
        "outsider": [],
    }


def test_a_period_says_what_may_be_done_to_it_now(city, period):
    status, body = ask(city.coordinator, "get", "api_period", period.pk)
    assert (status, body["actions"]) == (200, ["edit", "assign", "finalise", "cancel"])
    assert (body["instrument"], body["status"], body["target"]) == (DEFAULT_INSTRUMENT, "open", "3.60")
    assert ask(city.operator, "get", "api_period", period.pk)[1]["actions"] == []


def test_the_list_is_filtered_and_ordered(city, period, draft):
    def names(query):
        return [
            row["name"]
            for row in client_of(city.coordinator).get(f"{reverse('api_periods')}?{query}").json()["results"]
        ]

    assert names("year=2027") == ["Penilaian 2027"]
    assert names("status=open") == ["Penilaian 2026"]
    assert names("ordering=year") == ["Penilaian 2026", "Penilaian 2027"]
    assert names("instrument=permenpanrb-59-2020") == []


def test_lists_take_a_fixed_number_of_queries(city, period, draft):
    def count(name, *args):
        client = client_of(city.coordinator)
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(name, args=args)).status_code == 200
        return len(found)

    pics(period, city.dinkes)
    names = [("api_periods",), ("api_period_agencies", period.pk), ("api_period_results", period.pk)]
    names += [("api_period_assignments", period.pk), ("api_pemda", period.pk)]
    for each in names:
        count(*each)  # instruments are read once
    few = [count(*each) for each in names]
    for number in range(4):
        ask(city.coordinator, "post", "api_periods", data=new_period(city, name=f"Lagi {number}"))
        agency = Agency.objects.create(
            slug=f"opd-{number}", name=f"OPD {number}", short_name=f"OPD {number}", kind="dinas"
        )
        changes = [{"agency": agency.pk, "number": "1", "kind": "pic"}]
        period.refresh_from_db()
        status, body = ask(
            city.coordinator,
            "patch",
            "api_period_assignments",
            period.pk,
            data={"changes": changes, "version": period.version},
        )
        assert (status, body["new_assessments"]) == (200, 1)
    assert [count(*each) for each in names] == few


# --- Making and changing -----------------------------------------------------------------------------------------


def test_a_period_is_made_changed_opened_and_cancelled(city, draft):
    who = city.coordinator
    assert (draft.status, draft.assignments.count()) == ("draft", 94)
    status, body = ask(who, "patch", "api_period", draft.pk, data={"target": "3.75", "version": 1})
    assert (status, body["target"], body["version"]) == (200, "3.75", 2)
    status, body = ask(who, "patch", "api_period", draft.pk, data={"agencies": [city.dinkes.pk], "version": 2})
    assert (status, draft.assignments.count()) == (200, 47)
    status, body = ask(who, "post", "api_period_open", draft.pk)
    assert (status, body["status"]) == (200, "open")
    assert Assessment.objects.filter(period=draft).count() == 1
    assert ask(who, "post", "api_period_open", draft.pk)[0] == 409
    status, body = ask(who, "post", "api_period_cancel", draft.pk, data={"reason": ""})
    assert (status, body) == (400, {"reason": ["Tulis alasannya terlebih dahulu."]})
    status, body = ask(who, "post", "api_period_cancel", draft.pk, data={"reason": "Instrumen keliru."})
    assert (status, body["status"], body["actions"]) == (200, "cancelled", [])


def test_what_cannot_be_is_refused_by_field(city, period):
    wrong = new_period(city, deadline=(timezone.now() - timedelta(days=1)).isoformat(), starts_on="2026-01-01")
    assert ask(city.coordinator, "post", "api_periods", data=wrong)[0] == 400
    for field, value in [
        ("name", "Penilaian 2026"), ("instrument", "tidak-ada"), ("agencies", [999]), ("agencies", []),
        ("deadline", "0001-01-01T00:00:00Z"), ("target", "9.99"), ("year", 1900), ("warna", "biru"),
    ]:  # fmt: skip
        status, body = ask(city.coordinator, "post", "api_periods", data=new_period(city, **{field: value}))
        assert (field, status, list(body)) == (field, 400, [field])
    assert Period.objects.count() == 1


def test_a_change_over_an_older_version_is_refused_with_what_is_stored(city, draft):
    address = reverse("api_period", args=[draft.pk])
    client = client_of(city.coordinator)
    etag = client.get(address).headers["ETag"]
    assert client.patch(address, {"name": "Pertama"}, format="json", HTTP_IF_MATCH=etag).status_code == 200
    refused = client.patch(address, {"name": "Kedua"}, format="json", HTTP_IF_MATCH=etag)
    assert (refused.status_code, refused.json()["current"]["name"]) == (409, "Pertama")
    assert client.patch(address, {"name": "Kedua"}, format="json").status_code == 400


def test_assignments_are_set_all_or_none_over_the_version_that_was_read(city, period, submitted):
    who = city.coordinator
    first = client_of(who).get(f"{reverse('api_period_assignments', args=[period.pk])}?number=12&page_size=2")
    assert (first.json()["count"], first.json()["results"][0]["kind"]) == (3, "support")
    version = int(first.headers["ETag"].strip('"'))
    change = {"agency": city.dinsos.pk, "number": "12", "kind": "pic"}
    status, body = ask(
        who, "patch", "api_period_assignments", period.pk, data={"changes": [change], "version": version}
    )
    assert (status, body["changed"], body["version"]) == (200, 1, version + 1)
    change = {**change, "kind": "support"}
    status, body = ask(
        who, "patch", "api_period_assignments", period.pk, data={"changes": [change], "version": version}
    )
    assert (status, body["current"]) == (409, {"version": version + 1})
    # Dinkes has handed in: nothing of its is taken away, and so nothing else changes.
    gone = [{"agency": city.dinkes.pk, "number": "12", "kind": None}, change]
    status, body = ask(
        who, "patch", "api_period_assignments", period.pk, data={"changes": gone, "version": version + 1}
    )
    assert (status, [each["indicator"] for each in body["problems"]]) == (409, ["12"])
    assert Assignment.objects.get(period=period, agency=city.dinsos, indicator__code="12").kind == "pic"


def test_the_whole_table_of_assignments_is_replaced(city, draft):
    cells = [{"agency": city.diskominfo.pk, "number": "1", "kind": "pic"}]
    status, body = ask(
        city.coordinator, "put", "api_period_assignments", draft.pk, data={"assignments": cells, "version": 1}
    )
    assert (status, body["added"], body["removed"]) == (200, 1, 94)
    assert draft.assignments.get().agency == city.diskominfo


# --- Finalising --------------------------------------------------------------------------------------------------


def test_finalising_lists_what_is_not_approved_and_needs_a_reason_then(city, period, approved):
    who = city.coordinator
    status, body = ask(who, "post", "api_period_finalise", period.pk, data={})
    assert (status, [each["code"] for each in body["problems"]]) == (409, ["unfinished", "unfinished"])
    seen = ask(who, "get", "api_period_finalise", period.pk)[1]
    assert [each["agency"]["slug"] for each in seen["unfinished"]] == ["diskominfo", "dinsos"]
    hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    given = {"reason": "Batas waktu sudah lewat.", "token": seen["token"]}
    status, body = ask(who, "post", "api_period_finalise", period.pk, data=given)
    now = {row["agency"]["slug"]: row["status"] for row in body["current"]["unfinished"]}
    assert (status, now) == (409, {"dinsos": "submitted", "diskominfo": "draft"})
    status, body = ask(who, "post", "api_period_finalise", period.pk, data={"reason": "Batas waktu sudah lewat."})
    assert (status, body["complete"], body["incomplete"], body["pemda"]) == (200, 1, 2, None)
    assert body["period"]["status"] == "final"
    assert Result.objects.count() == 3


def test_results_of_all_agencies_by_who_may_see_them(city, period, final):
    rows = ask(city.leader, "get", "api_period_results", period.pk)[1]["results"]
    by_agency = {row["agency"]["slug"]: row for row in rows}
    assert {slug: row["status"] for slug, row in by_agency.items()} == {
        "dinkes": "final", "dinsos": "unfinished", "diskominfo": "unfinished",
    }  # fmt: skip
    dinkes = by_agency["dinkes"]
    assert (dinkes["verified_index"], dinkes["predicate"]) == ("3.00", "Baik")
    assert dinkes["coverage"] == {"answered": 47, "assigned": 47}
    assert [revision["revision"] for revision in dinkes["revisions"]] == [1]
    client = client_of(city.leader)
    one = client.get(f"{reverse('api_period_results', args=[period.pk])}?status=final&ordering=coverage").json()
    assert [row["agency"]["slug"] for row in one["results"]] == ["dinkes"]
    assert client.get(f"{reverse('api_period_results', args=[period.pk])}?ordering=index").status_code == 400


# --- The government ------------------------------------------------------------------------------------------------


def test_the_government_is_determined_and_frozen_with_the_period(city, period, approved):
    who = city.coordinator
    pics(period, city.dinkes)
    body = ask(who, "get", "api_pemda", period.pk)[1]
    assert (body["coverage"], body["is_complete"]) == ({"answered": 0, "assigned": 47}, False)
    assert body["suggested"]["index"] == "3.00"
    first = body["indicators"][0]
    assert (first["number"], first["suggested"], first["level"], first["version"]) == ("1", 3, None, 0)
    assert [pic["short_name"] for pic in first["pics"]] == ["Dinkes"]
    assert first["support"]["total"] == 2
    status, body = ask(who, "put", "api_determination", period.pk, "1", data={"level": 4})
    assert (status, list(body)) == (400, ["reason"])
    given = {"level": 4, "reason": "Berlaku di semua OPD.", "version": 0}
    status, body = ask(who, "put", "api_determination", period.pk, "1", data=given)
    assert (status, body["level"], body["version"]) == (200, 4, 1)
    status, body = ask(who, "put", "api_determination", period.pk, "1", data={"level": 3, "version": 0})
    assert (status, body["current"]["level"]) == (409, 4)
    status, body = ask(who, "post", "api_determinations_suggested", period.pk)
    assert (status, len(body["determined"]), body["skipped"]) == (200, 46, [])
    status, body = ask(who, "post", "api_period_finalise", period.pk, data={"reason": "Batas waktu sudah lewat."})
    assert (status, body["pemda"]["revision"]) == (200, 1)
    body = ask(city.leader, "get", "api_pemda", period.pk)[1]
    assert (body["index"], body["index_exact"], body["is_locked"]) == ("3.01", "3.013", True)
    assert body["result"]["digest"]
    assert [point["index_exact"] for point in ask(city.leader, "get", "api_trend")[1]["results"]] == ["3.013"]
    assert ask(who, "put", "api_determination", period.pk, "1", data={"level": 3})[0] == 409
    assert ask(who, "post", "api_pemda_finalise", period.pk)[0] == 409
    status, body = ask(who, "post", "api_pemda_reopen", period.pk, data={"reason": "Level 1 keliru."})
    assert (status, body["is_locked"], body["result"]) == (200, False, None)
    assert ask(who, "delete", "api_determination", period.pk, "1")[0] == 409  # it had a result: never emptied
    assert ask(who, "put", "api_determination", period.pk, "1", data={"level": 3})[0] == 200
    status, body = ask(who, "post", "api_pemda_finalise", period.pk)
    assert (status, body["index"], body["result"]["revision"]) == (200, "3.00", 2)


def test_a_determination_is_taken_back_over_the_version_that_was_read(city, period, approved):
    given = {"level": 2, "reason": "Menurut dokumen kota."}
    assert ask(city.coordinator, "put", "api_determination", period.pk, "12", data=given)[0] == 200
    assert ask(city.coordinator, "delete", "api_determination", period.pk, "12", HTTP_IF_MATCH='"2"')[0] == 409
    assert ask(city.coordinator, "delete", "api_determination", period.pk, "12", HTTP_IF_MATCH='"1"') == (204, None)
    assert not Determination.objects.exists()


def test_the_ministrys_levels_stand_beside(city, period):
    status, body = ask(city.coordinator, "put", "api_external", period.pk, "3", data={"level": 2})
    assert (status, body["external"], body["level"]) == (200, 2, None)
    assert ask(city.coordinator, "get", "api_pemda", period.pk)[1]["external"]["coverage"]["answered"] == 1
    for wrong in (6, "tiga", True, 2.5):
        assert ask(city.coordinator, "put", "api_external", period.pk, "3", data={"level": wrong})[0] == 400
    status, body = ask(city.coordinator, "put", "api_external", period.pk, "3", data={"level": None})
    assert (status, body["external"]) == (200, None)
    assert ask(city.coordinator, "put", "api_external", period.pk, "99", data={"level": 2})[0] == 404


# --- Rights ----------------------------------------------------------------------------------------------------------

#: What each act answers to operator, verifier, coordinator, leader and somebody without a role, by the period's state.
ACTS = {
    "edit": ("patch", "api_period", (), {"mend_days": 6, "version": 1}),
    "open": ("post", "api_period_open", (), None),
    "cancel": ("post", "api_period_cancel", (), {"reason": "Keliru."}),
    "assign": ("patch", "api_period_assignments", (), {"changes": [], "version": 1}),
    "determine": ("put", "api_determination", ("1",), {"level": 3, "reason": "Sesuai dokumen."}),
    "clear": ("delete", "api_determination", ("1",), None),
    "suggested": ("post", "api_determinations_suggested", (), None),
    "external": ("put", "api_external", ("1",), {"level": 3}),
    "finalise_pemda": ("post", "api_pemda_finalise", (), None),
    "reopen_pemda": ("post", "api_pemda_reopen", (), {"reason": "Keliru."}),
    "finalise": ("post", "api_period_finalise", (), {"reason": "Batas waktu sudah lewat."}),
}
PEOPLE = ("operator", "verifier", "coordinator", "leader", "outsider")
MATRIX = {
    "draft": {
        "edit": "404 404 200 404 404",
        "open": "404 404 200 404 404",
        "cancel": "404 404 200 404 404",
        "assign": "404 404 200 404 404",
        "determine": "404 404 404 404 404",
        "clear": "404 404 404 404 404",
        "suggested": "404 404 404 404 404",
        "external": "404 404 404 404 404",
        "finalise_pemda": "404 404 404 404 404",
        "reopen_pemda": "404 404 404 404 404",
        "finalise": "404 404 409 404 404",
    },
    "open": {
        "edit": "403 403 200 403 404",
        "open": "403 403 409 403 404",
        "cancel": "403 403 200 403 404",
        "assign": "403 403 200 403 404",
        "determine": "403 403 200 403 404",
        "clear": "403 403 204 403 404",
        "suggested": "403 403 200 403 404",
        "external": "403 403 200 403 404",
        "finalise_pemda": "403 403 409 403 404",
        "reopen_pemda": "403 403 409 403 404",
        "finalise": "403 403 200 403 404",
    },
    "final": {
        "edit": "403 403 409 403 404",
        "open": "403 403 409 403 404",
        "cancel": "403 403 409 403 404",
        "assign": "403 403 409 403 404",
        "determine": "403 403 200 403 404",
        "clear": "403 403 204 403 404",
        "suggested": "403 403 200 403 404",
        "external": "403 403 200 403 404",
        "finalise_pemda": "403 403 409 403 404",
        "reopen_pemda": "403 403 409 403 404",
        "finalise": "403 403 409 403 404",
    },
}


def test_the_matrix_has_every_act_in_every_state():
    assert {state: set(rows) for state, rows in MATRIX.items()} == {state: set(ACTS) for state in MATRIX}


@pytest.mark.parametrize("state", MATRIX)
def test_who_may_do_what_to_a_period(state, city, period, request):
    if state == "draft":
        period = request.getfixturevalue("draft")
    if state == "final":
        workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    clients = {who: client_of(getattr(city, who)) for who in PEOPLE}
    got = {}
    for act, (method, name, args, data) in ACTS.items():
        statuses = []
        for who in PEOPLE:
            events = Event.objects.count()
            with transaction.atomic():
                answer = getattr(clients[who], method)(reverse(name, args=[period.pk, *args]), data, format="json")
                if who != "coordinator":
                    assert Event.objects.count() == events
                transaction.set_rollback(True)
            statuses.append(str(answer.status_code))
        got[act] = " ".join(statuses)
    assert got == MATRIX[state]


#: The same acts on the pages: address, arguments and form.
PAGES = {
    "edit": ("period_edit", (), {}),
    "open": ("period_open", (), {}),
    "cancel": ("period_cancel", (), {"reason": "Keliru."}),
    "assign": ("assignments_save", (), {}),
    "determine": ("determine", ("1",), {"level": "3", "reason": "Sesuai dokumen.", "version": "0"}),
    "clear": ("determination_clear", ("1",), {"version": "1"}),
    "suggested": ("determine_suggested", (), {}),
    "external": ("external_level", ("1",), {"external": "3"}),
    "finalise_pemda": ("determination_finalise", (), {}),
    "reopen_pemda": ("determination_reopen", (), {"reason": "Keliru."}),
    "finalise": ("period_finalise", (), {}),
}


@pytest.mark.parametrize("state", MATRIX)
def test_the_pages_let_the_same_people_do_the_same(state, city, period, client, request):
    """Whether it exists is told alike but for who sees nothing of periods at all: the pages are closed to them."""
    assert set(PAGES) == set(ACTS)
    if state == "draft":
        period = request.getfixturevalue("draft")
    if state == "final":
        workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    got, wanted = {}, {}
    for who in PEOPLE:
        client.force_login(getattr(city, who))
        for act, (name, args, data) in PAGES.items():
            with transaction.atomic():
                status = client.post(reverse(name, args=[period.pk, *args]), data).status_code
                transaction.set_rollback(True)
            got[act, who] = status not in (403, 404)
            wanted[act, who] = MATRIX[state][act].split()[PEOPLE.index(who)] not in ("403", "404")
    assert got == wanted
