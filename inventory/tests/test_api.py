"""Applications for programs: the list, one, its changes and marks; the rules are those of the pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import Application
from inventory.services import create_application
from spbe_portal.tests.api import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("instrument")]


def given(agency, **changes):
    return {
        "agency": agency.pk, "name": "e-Surat", "purpose": "Surat masuk dan keluar", "users": "Pegawai dinas",
        "kind": "administrasi", "category": "kearsipan", "status": "aktif", "last_used": 2026,
        "hosting": "server_opd", "indicators": ["37", "18"], **changes,
    }  # fmt: skip


def ask(user, method, name, *args, data=None):
    response = getattr(client_of(user), method)(reverse(name, args=args), data, format="json")
    return response.status_code, response.json() if response.content else None


@pytest.fixture
def stored(city):
    status, body = ask(city.operator, "post", "api_applications", data=given(city.dinkes))
    assert status == 201, body
    return Application.objects.get(pk=body["id"])


def test_an_application_is_added_changed_confirmed_and_removed(city, stored):
    body = ask(city.operator, "get", "api_application", stored.pk)[1]
    assert (body["name"], body["agency"]["slug"], body["indicators"]) == ("e-Surat", "dinkes", ["18", "37"])
    change = {"status": "tidak_aktif", "version": body["version"]}
    status, body = ask(city.operator, "patch", "api_application", stored.pk, data=change)
    assert (status, body["status"], body["version"], body["users"]) == (200, "tidak_aktif", 2, "Pegawai dinas")
    assert body["indicators"] == ["18", "37"]
    change = {"status": "aktif", "version": 1}
    status, body = ask(city.operator, "patch", "api_application", stored.pk, data=change)
    assert (status, body["current"]["status"]) == (409, "tidak_aktif")
    assert ask(city.operator, "post", "api_application_confirm", stored.pk)[0] == 200
    old = {"reason": "Tercatat dua kali.", "version": 1}
    assert ask(city.operator, "post", "api_application_remove", stored.pk, data=old)[0] == 409
    assert ask(city.operator, "post", "api_application_remove", stored.pk, data={**old, "version": 2}) == (204, None)
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"last_used": 2090}, "last_used"),
        ({"url": "bukan alamat"}, "url"),
        ({"indicators": ["99"]}, "indicators"),
        ({"kind": "lain"}, "kind"),
        ({"warna": "biru"}, "warna"),
        ({"name": "E-SURAT"}, "name"),
    ],
)
def test_what_the_page_refuses_is_refused_by_field(change, field, city, stored):
    status, body = ask(city.operator, "post", "api_applications", data=given(city.dinkes, **change))
    assert (status, list(body)) == (400, [field])


def test_nobody_adds_to_the_list_of_another_agency(city, stored):
    status, body = ask(city.operator, "post", "api_applications", data=given(city.dinsos))
    assert (status, list(body)) == (400, ["agency"])
    assert ask(city.verifier, "post", "api_applications", data=given(city.dinkes))[0] == 403
    assert ask(city.coordinator, "post", "api_applications", data=given(city.dinsos))[0] == 201


#: What each act answers to operator, other operator, verifier, coordinator, leader and somebody without a role.
PEOPLE = ("operator", "other_operator", "verifier", "coordinator", "leader", "outsider")
ACTS = {
    "change": ("patch", "api_application", {"users": "Semua", "version": 1}, "200 404 403 200 403 404"),
    "move": ("patch", "api_application", {"agency": 0, "version": 1}, "403 404 403 200 403 404"),
    "confirm": ("post", "api_application_confirm", None, "200 404 403 200 403 404"),
    "mark": ("put", "api_application_mark", {"is_candidate": True, "note": "Gabung."}, "403 404 403 200 403 404"),
    "remove": ("post", "api_application_remove", {"reason": "Ganda.", "version": 1}, "204 404 403 204 403 404"),
}


@pytest.mark.parametrize("act", ACTS)
def test_who_may_do_what_to_an_application(act, city):
    method, name, data, expected = ACTS[act]
    if act == "move":
        data = {**data, "agency": city.dinsos.pk}
    got = []
    for who in PEOPLE:
        made = create_application(actor=city.operator, agency=city.dinkes, facts=facts(who))
        got.append(str(ask(getattr(city, who), method, name, made.pk, data=data)[0]))
    assert " ".join(got) == expected


def facts(name):
    return {"name": name, "purpose": "Surat masuk dan keluar", "kind": "administrasi", "category": "kearsipan"}


def test_the_list_is_filtered_by_what_the_page_filters_with_a_fixed_number_of_queries(city, stored):
    def listed(user, query=""):
        client = client_of(user)
        with CaptureQueriesContext(connection) as found:
            rows = client.get(f"{reverse('api_applications')}{query}").json()["results"]
        return [row["name"] for row in rows], len(found)

    names, few = listed(city.leader)
    assert names == ["e-Surat"]
    for number in range(3):
        create_application(actor=city.coordinator, agency=city.dinsos, facts=facts(f"Arsip {number}"))
    names, many = listed(city.leader, "?ordering=-name")
    assert (names, many) == (["e-Surat", "Arsip 2", "Arsip 1", "Arsip 0"], few)
    assert listed(city.operator)[0] == ["e-Surat"]
    assert listed(city.leader, f"?agency={city.dinkes.pk}")[0] == ["e-Surat"]
    assert listed(city.leader, "?indicator=18&status=aktif&search=surat")[0] == ["e-Surat"]
    assert listed(city.leader, "?attention=no_contact&kind=publik")[0] == []
    assert client_of(city.leader).get(f"{reverse('api_applications')}?status=rusak").status_code == 400


def test_overlaps_are_read_by_who_sees_all(city, stored):
    alike = {**facts("e-Surat Dinsos"), "users": "Pegawai"}
    create_application(actor=city.coordinator, agency=city.dinsos, facts=alike)
    (group,) = ask(city.leader, "get", "api_application_overlaps")[1]["results"]
    assert (group["kind"], group["category"]) == ("function", "Kearsipan dan persuratan")
    assert sorted(each["name"] for each in group["applications"]) == ["e-Surat", "e-Surat Dinsos"]
    client = client_of(city.leader)
    assert client.get(f"{reverse('api_application_overlaps')}?category=data").json()["results"] == []


def test_a_candidate_is_marked_with_a_note_and_the_mark_taken_away(city, stored):
    status, body = ask(city.coordinator, "put", "api_application_mark", stored.pk, data={"is_candidate": True})
    assert (status, list(body)) == (400, ["note"])
    marked = {"is_candidate": True, "note": "Beralih ke SRIKANDI."}
    status, body = ask(city.coordinator, "put", "api_application_mark", stored.pk, data=marked)
    assert (status, body["is_candidate"], body["candidate_note"]) == (200, True, "Beralih ke SRIKANDI.")
    status, body = ask(city.coordinator, "put", "api_application_mark", stored.pk, data={"is_candidate": False})
    assert (status, body["is_candidate"], body["candidate_note"]) == (200, False, "")
