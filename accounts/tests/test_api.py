"""Agencies, people and one's own things for programs: the pages' rules, and a fixed number of queries."""

from datetime import date, timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import Agency, Membership, Notification, Role, User
from accounts.services import tokens
from accounts.services.notifications import notify
from audit.models import Event
from conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    def _api(user) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {tokens.make(user=user, name='u', scope='write', days=1)[1]}")
        client.get("/api/v1/me/")  # its use is written down now, and not while queries are counted
        Notification.objects.all().delete()
        return client

    return _api


# --- Agencies -----------------------------------------------------------------------------------------------


def test_everybody_with_a_token_reads_the_agencies(api, city):
    listed = api(city.outsider).get("/api/v1/agencies/").data
    assert [row["slug"] for row in listed["results"]] == ["dinkes", "diskominfo", "dinsos"]
    assert (listed["count"], listed["next"], listed["previous"]) == (3, None, None)


def test_agencies_are_filtered_and_ordered(api, city):
    Agency.objects.filter(pk=city.dinsos.pk).update(valid_until=date(2025, 12, 31))
    Agency.objects.filter(pk=city.diskominfo.pk).update(kind="badan")
    client = api(city.operator)

    def slugs(query):
        return [row["slug"] for row in client.get(f"/api/v1/agencies/?{query}").data["results"]]

    assert slugs("slug=dinsos") == ["dinsos"]
    assert slugs("kind=badan") == ["diskominfo"]
    assert slugs("valid_on=2026-02-01") == ["dinkes", "diskominfo"]
    assert slugs("search=sosial") == ["dinsos"]
    assert slugs("ordering=-slug") == ["diskominfo", "dinsos", "dinkes"]
    assert slugs("page_size=2&page=2") == ["dinsos"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("kind=x", 400, "kind"),
        ("valid_on=kemarin", 400, "valid_on"),
        ("ordering=password", 400, "ordering"),
        ("page_size=0", 400, "page_size"),
        ("page_size=201", 400, "page_size"),
        ("page=99", 404, "detail"),
        ("page=x", 404, "detail"),
    ],
)
def test_a_question_that_means_nothing_is_refused(api, city, query, status, field):
    answer = api(city.operator).get(f"/api/v1/agencies/?{query}")
    assert (answer.status_code, list(answer.data)) == (status, [field])


def test_a_list_costs_the_same_however_long(api, city, django_assert_num_queries):
    client = api(city.coordinator)
    notify([city.coordinator], kind="account", title="x", key="first")
    for path, number in (("agencies", 3), ("people", 5), ("notifications", 3)):
        with django_assert_num_queries(number):
            client.get(f"/api/v1/{path}/")
    for number in range(5):
        agency = Agency.objects.create(
            slug=f"d{number}", name=f"D{number}", short_name=f"D{number}", kind="dinas", parent=city.dinkes
        )
        make_person(f"p{number}", (Role.OPERATOR, agency), (Role.VERIFIER, city.dinkes))
        notify([city.coordinator], kind="account", title="x", key=str(number))
    for path, number in (("agencies", 3), ("people", 5), ("notifications", 3)):
        with django_assert_num_queries(number):
            client.get(f"/api/v1/{path}/")


def test_a_manager_makes_changes_ends_and_reinstates_an_agency(api, city):
    client = api(city.coordinator)
    body = {"name": "Badan  Kepegawaian", "short_name": "BKPSDM", "kind": "badan", "valid_from": "2026-01-01"}
    made = client.post("/api/v1/agencies/", body, format="json")
    assert made.status_code == 201
    assert (made.data["slug"], made.data["name"], made.data["version"]) == ("bkpsdm", "Badan Kepegawaian", 1)
    assert made.headers["ETag"] == '"1"'
    address = made.headers["Location"]
    changed = client.patch(address, {"short_name": "BKD"}, format="json", HTTP_IF_MATCH='"1"')
    assert (changed.status_code, changed.data["short_name"], changed.data["version"]) == (200, "BKD", 2)
    ended = client.post(
        f"{address}end/",
        {"last_day": "2026-06-30", "successor": city.dinkes.pk, "reason": "Digabung."},
        format="json",
    )
    assert (ended.status_code, ended.data["valid_until"]) == (200, "2026-06-30")
    assert ended.data["successor"]["slug"] == "dinkes"
    back = client.post(f"{address}reinstate/", {"reason": "Batal."}, format="json")
    assert (back.status_code, back.data["valid_until"], back.data["successor"]) == (200, None, None)
    acts = Event.objects.filter(subject_id=str(made.data["id"]), subject_type="accounts.agency").order_by("pk")
    assert [event.action for event in acts] == ["agency.create", "agency.edit", "agency.end", "agency.reinstate"]
    assert {event.actor for event in acts} == {city.coordinator}


def test_a_stale_change_of_an_agency_shows_what_is_stored(api, city):
    client = api(city.coordinator)
    url = f"/api/v1/agencies/{city.dinkes.pk}/"
    assert client.patch(url, {"short_name": "Kesehatan", "version": 1}, format="json").status_code == 200
    stale = client.patch(url, {"short_name": "Sehat", "version": 1}, format="json")
    assert stale.status_code == 409
    assert (stale.data["current"]["short_name"], stale.data["current"]["version"]) == ("Kesehatan", 2)
    unseen = client.patch(url, {"short_name": "Sehat"}, format="json")
    assert (unseen.status_code, list(unseen.data)) == (400, ["version"])


def test_the_pages_words_refuse_here_too(api, city):
    client = api(city.coordinator)
    body = {"name": "Dinas Kesehatan", "short_name": "Lain", "kind": "dinas", "valid_from": "2026-01-01"}
    same = client.post("/api/v1/agencies/", body, format="json")
    assert (same.status_code, same.data) == (400, {"name": ["OPD dengan nama ini sudah ada."]})
    url = f"/api/v1/agencies/{city.dinkes.pk}/"
    ring = client.patch(url, {"parent": city.dinkes.pk, "version": 1}, format="json")
    assert (ring.status_code, list(ring.data)) == (400, ["parent"])
    extra = client.patch(url, {"slug": "x", "version": 1}, format="json")
    assert (extra.status_code, extra.data) == (400, {"slug": ["Kolom slug tidak dikenal."]})


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
def test_only_managers_change_agencies_and_people(api, city, who):
    client = api(getattr(city, who))
    before = Event.objects.count()
    agency, person = city.dinsos.pk, city.operator2.pk
    role = Membership.objects.get(user=city.operator2).pk
    asked = [
        ("post", "agencies/"),
        ("patch", f"agencies/{agency}/"),
        ("post", f"agencies/{agency}/end/"),
        ("post", f"agencies/{agency}/reinstate/"),
        ("get", "people/"),
        ("get", f"people/{person}/"),
        ("post", "people/"),
        ("patch", f"people/{person}/"),
        ("post", f"people/{person}/deactivate/"),
        ("post", f"people/{person}/activate/"),
        ("post", f"people/{person}/memberships/"),
        ("post", f"memberships/{role}/end/"),
    ]
    got = {url: getattr(client, method)(f"/api/v1/{url}", {}, format="json").status_code for method, url in asked}
    assert set(got.values()) == {403}
    assert Event.objects.count() == before


# --- People -------------------------------------------------------------------------------------------------


def test_a_manager_makes_a_person_gives_and_ends_roles_and_closes_the_account(api, city):
    client = api(city.coordinator)
    body = {
        "username": "Rani",
        "name": "Rani Uji",
        "agency": city.dinsos.pk,
        "role": "operator",
        "valid_from": "2026-01-01",
    }
    made = client.post("/api/v1/people/", body, format="json")
    assert made.status_code == 201
    assert (made.data["username"], made.data["has_password"], made.data["is_active"]) == ("rani", False, True)
    assert [row["role"] for row in made.data["memberships"]] == ["operator"]
    address = made.headers["Location"]
    changed = client.patch(address, {"position": "Analis", "version": 1}, format="json")
    assert (changed.data["position"], changed.data["name"], changed.data["version"]) == ("Analis", "Rani Uji", 2)
    added = client.post(
        f"{address}memberships/",
        {"agency": city.dinkes.pk, "role": "verifier", "valid_from": "2026-02-01", "valid_until": "2099-01-31"},
        format="json",
    )
    assert added.status_code == 201
    role = next(row["id"] for row in added.data["memberships"] if row["role"] == "verifier")
    ended = client.post(f"/api/v1/memberships/{role}/end/", {"reason": "Mutasi."}, format="json")
    assert ended.status_code == 200
    assert Membership.objects.current().filter(pk=role).count() == 0
    closed = client.post(f"{address}deactivate/", {"reason": "Pindah."}, format="json")
    assert (closed.status_code, closed.data["is_active"]) == (200, False)
    assert client.post(f"{address}activate/", {"reason": "Kembali."}, format="json").data["is_active"] is True


def test_people_are_filtered(api, city):
    client = api(city.admin)

    def names(query):
        return {row["username"] for row in client.get(f"/api/v1/people/?{query}").data["results"]}

    assert names(f"agency={city.dinkes.pk}") == {"operator-dinkes", "operator2-dinkes"}
    assert names("role=verifier") == {"verifikator", "verifikator2"}
    assert names(f"role=verifier&agency={city.dinsos.pk}") == {"verifikator2"}
    assert names("username=KOORDINATOR") == {"koordinator"}
    User.objects.filter(pk=city.leader.pk).update(is_active=False)
    assert names("is_active=false") == {"pimpinan"}


def test_a_coordinator_does_not_touch_an_administrator(api, city):
    client = api(city.coordinator)
    assert client.get(f"/api/v1/people/{city.admin.pk}/").status_code == 200
    for act in ("deactivate/", "memberships/"):
        assert client.post(f"/api/v1/people/{city.admin.pk}/{act}", {"reason": "x"}, format="json").status_code == 403
    changed = client.patch(f"/api/v1/people/{city.admin.pk}/", {"name": "x", "version": 1}, format="json")
    assert changed.status_code == 403


def test_nobody_closes_their_own_account_and_no_secret_is_told(api, city):
    client = api(city.coordinator)
    own = client.post(f"/api/v1/people/{city.coordinator.pk}/deactivate/", {"reason": "x"}, format="json")
    assert own.status_code == 409
    told = set(client.get(f"/api/v1/people/{city.operator.pk}/").data)
    assert told == {
        "id",
        "username",
        "name",
        "position",
        "email",
        "is_active",
        "is_administrator",
        "has_password",
        "memberships",
        "version",
    }


# --- One's own ----------------------------------------------------------------------------------------------


def test_a_program_learns_who_it_works_for(api, city):
    Membership.objects.create(
        user=city.operator, agency=city.dinsos, role=Role.OPERATOR, valid_from=date.today() + timedelta(days=3)
    )
    mine = api(city.operator).get("/api/v1/me/").data
    assert (mine["username"], mine["is_administrator"], mine["unread"]) == ("operator-dinkes", False, 0)
    assert [(row["role"], row["agency"]["slug"]) for row in mine["memberships"]] == [("operator", "dinkes")]
    assert (mine["token"]["name"], mine["token"]["scope"]) == ("u", "write")


def test_notifications_are_ones_own_and_are_read(api, city):
    client = api(city.operator)
    first = notify([city.operator], kind="returned", title="Dikembalikan", key="a", path="/penilaian/1/")[0]
    second = notify([city.operator], kind="account", title="Akun", key="b")[0]
    theirs = notify([city.leader], kind="account", title="Lain", key="c")[0]
    rows = client.get("/api/v1/notifications/").data["results"]
    assert [row["id"] for row in rows] == [second.pk, first.pk]
    assert rows[1]["url"].endswith("/penilaian/1/")
    assert client.post(f"/api/v1/notifications/{theirs.pk}/read/").status_code == 404
    read = client.post(f"/api/v1/notifications/{first.pk}/read/")
    assert (read.status_code, read.data["read_at"] is not None) == (200, True)
    unread = client.get("/api/v1/notifications/?unread=true").data["results"]
    assert [row["id"] for row in unread] == [second.pk]
    late = notify([city.operator], kind="account", title="Baru", key="d")[0]
    assert client.post("/api/v1/notifications/read-all/", {"until": second.pk}, format="json").data == {"marked": 1}
    assert [row["id"] for row in client.get("/api/v1/notifications/?unread=true").data["results"]] == [late.pk]
    theirs.refresh_from_db()
    assert theirs.read_at is None
