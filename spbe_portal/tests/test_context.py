import pytest
from django.urls import reverse

from accounts.models import Membership, Role
from accounts.permissions import NOBODY, Rights
from spbe_portal import context
from spbe_portal.context import places_of

pytestmark = pytest.mark.urls("spbe_portal.tests.pages")
ONE = frozenset({1})


@pytest.mark.parametrize(
    "rights, titles",
    [
        (Rights(operator_of=ONE), ["Beranda", "Pustaka", "Tindak lanjut", "OPD Anda", "Laporan"]),
        (Rights(verifier_at=ONE), ["Verifikasi", "Pemda", "Laporan"]),
        (Rights(coordinator_at=ONE), ["Verifikasi", "Periode", "Pemda", "OPD dan pengguna", "Laporan"]),
        (Rights(leader_at=ONE), ["Pemda", "Laporan"]),
        (Rights(is_superuser=True), ["OPD dan pengguna"]),
        (NOBODY, []),
        (
            Rights(operator_of=ONE, verifier_at=ONE, coordinator_at=ONE, leader_at=ONE),
            [
                "Beranda",
                "Verifikasi",
                "Periode",
                "Pemda",
                "Pustaka",
                "OPD Anda",
                "OPD dan pengguna",
                "Laporan",
            ],
        ),
    ],
)
def test_each_role_has_its_few_places(rights, titles):
    assert [place.title for place in places_of(rights)] == titles


def test_the_page_names_the_person_their_agency_and_role(client, city, settings):
    settings.GOVERNMENT_NAME = "Pemerintah Kota Arunika"
    client.force_login(city.operator)
    text = client.get("/").content.decode()
    assert "Pemerintah Kota Arunika" in text
    assert '<span class="account-role">Dinkes: Operator OPD</span>' in text


def test_roles_at_one_agency_share_a_line(client, city):
    Membership.objects.create(user=city.coordinator, agency=city.diskominfo, role=Role.VERIFIER)
    client.force_login(city.coordinator)
    assert client.get("/").context["portal"].memberships == ["Diskominfo: Koordinator penilaian, Verifikator"]


def test_a_person_without_a_role_is_told_so(client, city):
    client.force_login(city.outsider)
    response = client.get("/")
    assert response.context["portal"].nav == []
    assert "Tanpa peran" in response.content.decode()


def test_the_place_one_is_in_is_marked(client, city):
    client.force_login(city.coordinator)
    nav = client.get("/agency_list/").context["portal"].nav
    assert [place["title"] for place in nav if place["is_active"]] == ["OPD dan pengguna"]


def test_a_page_shared_by_roles_belongs_to_the_persons_own_place(client, city):
    seen = {}
    for person in (city.operator, city.verifier, city.leader):
        client.force_login(person)
        nav = client.get(reverse("sheet")).context["portal"].nav
        seen[person.username] = [place["title"] for place in nav if place["is_active"]]
    assert seen == {"operator-dinkes": ["Beranda"], "verifikator": ["Verifikasi"], "pimpinan": ["Pemda"]}


def test_the_frame_costs_two_queries_besides_the_session(client, city, django_assert_num_queries):
    client.force_login(city.operator)
    with django_assert_num_queries(4):
        client.get("/")


def test_the_frame_costs_a_visitor_no_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        text = client.get("/masuk/").content.decode()
    assert "page-nav" not in text
    assert "account-menu" not in text


def test_sample_data_is_called_so_only_in_the_demo(client, db, settings):
    shown = []
    for settings.DEMO in (True, False):
        shown.append("Data contoh" in client.get("/masuk/").content.decode())
    assert shown == [True, False]


def test_names_are_escaped(client, city):
    city.operator.name = "<script>alert(1)</script>"
    city.operator.save()
    client.force_login(city.operator)
    assert "<script>alert" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    "url_name, titles",
    [
        ("home", ["Beranda"]),
        ("agency_edit", ["OPD dan pengguna"]),
        ("membership_end", ["OPD dan pengguna"]),
        ("results", ["Pemda"]),
        ("followup_edit", ["Pemda"]),
        ("working_paper_review", ["Beranda", "Verifikasi", "Periode", "Pemda"]),
        ("period_finalise", ["Periode"]),
        ("review_overview", ["Verifikasi"]),
        ("report_retry", ["Laporan"]),
        ("account_change_password", []),
        ("", []),
    ],
)
def test_a_page_belongs_to_the_place_its_name_begins_with(url_name, titles):
    everything = Rights(operator_of=ONE, verifier_at=ONE, coordinator_at=ONE, leader_at=ONE)
    assert [place.title for place in places_of(everything) if place.holds(url_name)] == titles


@pytest.mark.urls("spbe_portal.urls")
def test_every_place_exists():
    everything = Rights(operator_of=ONE, verifier_at=ONE, coordinator_at=ONE, leader_at=ONE)
    assert [place.url for place in places_of(everything)] == [
        "/",
        "/verifikasi/",
        "/periode/",
        "/pemda/",
        "/pustaka/",
        "/posisi/",
        "/opd/",
        "/laporan/",
    ]


@pytest.mark.urls("spbe_portal.urls")
def test_every_tab_exists():
    tabs = context.PEMDA.tabs + context.OWN_PLACE.tabs + context.ACCOUNTS.tabs + context.PERIODS.tabs
    assert [(tab.title, tab.url) for tab in tabs] == [
        ("Ringkasan", "/pemda/"),
        ("Peta nilai", "/pemda/peta/"),
        ("Hasil OPD", "/hasil/"),
        ("Penetapan", "/pemda/penetapan/"),
        ("Peta jalan", "/pemda/peta-jalan/"),
        ("Tindak lanjut", "/tindak-lanjut/"),
        ("Aplikasi", "/aplikasi/"),
        ("Posisi", "/posisi/"),
        ("Aplikasi", "/aplikasi/"),
        ("OPD", "/opd/"),
        ("Pengguna", "/pengguna/"),
        ("Jejak audit", "/jejak-audit/"),
        ("Webhook", "/webhook/"),
        ("Periode", "/periode/"),
        ("Instrumen", "/instrumen/"),
    ]


@pytest.mark.urls("spbe_portal.urls")
def test_who_may_not_read_the_audit_trail_gets_no_tab_for_it(client, city):
    titles = {}
    for person in (city.coordinator, city.admin):
        client.force_login(person)
        titles[person.username] = [tab["title"] for tab in client.get("/pengguna/").context["portal"].tabs]
    assert titles == {
        city.coordinator.username: ["OPD", "Pengguna", "Jejak audit", "Webhook"],
        city.admin.username: ["OPD", "Pengguna", "Webhook"],
    }


@pytest.mark.urls("spbe_portal.urls")
def test_the_tabs_of_the_place_keep_the_chosen_period(client, city, period):
    client.force_login(city.coordinator)
    tabs = client.get(f"/hasil/?periode={period.pk}").context["portal"].tabs
    assert [(tab["title"], tab["url"]) for tab in tabs if tab["is_active"]] == [
        ("Hasil OPD", f"/hasil/?periode={period.pk}")
    ]
    assert client.get("/opd/").context["portal"].tabs[1] == {
        "title": "Pengguna",
        "url": "/pengguna/",
        "is_active": False,
    }
    assert client.get("/laporan/").context["portal"].tabs == []
