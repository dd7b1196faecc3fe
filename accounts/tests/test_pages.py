"""The pages of people and agencies: who gets in, what they say, and what they cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, Membership, Role, User
from audit.models import Event
from audit.services import record
from conftest import make_person

pytestmark = pytest.mark.django_db

# address, what a GET answers a manager, what a POST without fields answers a manager
PAGES = [
    ("/opd/", 200, 405),
    ("/opd/baru/", 200, 200),
    ("/opd/{agency}/", 200, 405),
    ("/opd/{agency}/ubah/", 200, 200),
    ("/opd/{agency}/akhiri/", 200, 200),
    ("/opd/{agency}/berlakukan/", 405, 302),
    ("/pengguna/", 200, 405),
    ("/pengguna/baru/", 200, 200),
    ("/pengguna/{person}/", 200, 405),
    ("/pengguna/{person}/ubah/", 200, 200),
    ("/pengguna/{person}/nonaktifkan/", 200, 200),
    ("/pengguna/{person}/aktifkan/", 200, 200),
    ("/pengguna/{person}/peran/", 200, 200),
    ("/pengguna/{person}/tautan-sandi/", 302, 200),
    ("/peran/{membership}/akhiri/", 200, 200),
]
EVERYONE = {
    "anonymous": None,
    "operator": False,
    "other_operator": False,
    "verifier": False,
    "coordinator": True,
    "leader": False,
    "admin": True,
    "outsider": False,
}


def client_of(city, who: str) -> Client:
    client = Client()
    if who != "anonymous":
        client.force_login(getattr(city, who))
    return client


def filled(address: str, city) -> str:
    return address.format(
        agency=city.dinkes.pk,
        person=city.operator2.pk,
        membership=Membership.objects.get(user=city.operator2).pk,
    )


@pytest.mark.parametrize(("address", "get", "post"), PAGES)
@pytest.mark.parametrize(("who", "manages"), EVERYONE.items())
def test_only_managers_get_in(city, who, manages, address, get, post):
    client, url = client_of(city, who), filled(address, city)
    looked, sent = client.get(url), client.post(url)
    if manages:
        assert (looked.status_code, sent.status_code) == (get, post)
        return
    if manages is None:
        assert looked.url == sent.url == f"/masuk/?next={url}"
    else:
        # A method that an address does not take is refused before anything else.
        assert (looked.status_code, sent.status_code) == (405 if get == 405 else 403, 405 if post == 405 else 403)
    assert not Event.objects.exists()


@pytest.mark.parametrize("address", [address for address, *_ in PAGES if "{" in address])
def test_what_is_not_there_is_404(city, address):
    url = address.format(agency=10**6, person=10**6, membership=10**6)
    client = client_of(city, "coordinator")
    # An address that only posts answers 405; the one-time link's goes to the person's page, which is 404.
    assert client.get(url, follow=True).status_code in (404, 405)
    assert client.post(url).status_code in (404, 405)
    assert not Event.objects.exists()


@pytest.mark.parametrize("page", ["ubah", "nonaktifkan", "aktifkan", "peran", "tautan-sandi"])
def test_a_coordinator_sees_an_administrator_but_changes_nothing(city, page):
    client = client_of(city, "coordinator")
    shown = client.get(f"/pengguna/{city.admin.pk}/")
    assert shown.status_code == 200
    assert f"/pengguna/{city.admin.pk}/{page}/" not in shown.content.decode()
    assert client.post(f"/pengguna/{city.admin.pk}/{page}/", {"reason": "x", "name": "x"}).status_code == 403
    assert not Event.objects.exists()


# --- What pages cost ------------------------------------------------------------------------------------------


def cost(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/opd/", 6),
        ("/opd/?q=dinas&jenis=dinas&status=semua&halaman=2", 6),
        ("/opd/{agency}/", 9),
        ("/pengguna/", 8),
        ("/pengguna/?q=o&peran=operator&opd=dinkes", 9),
        ("/pengguna/{person}/", 11),
        ("/opd/{agency}/akhiri/", 8),
        ("/pengguna/baru/", 6),
    ],
)
def test_cost_does_not_grow_with_people_or_agencies(city, address, most):
    client, url = client_of(city, "coordinator"), filled(address, city)
    client.get(url)
    few = cost(client, url)
    assert few <= most
    for number in range(60):
        agency = Agency.objects.create(
            slug=f"opd-{number}", name=f"Dinas {number}", short_name=f"D{number}", kind="dinas", parent=city.dinkes
        )
        make_person(f"orang-{number}", (Role.OPERATOR, agency), (Role.OPERATOR, city.dinkes))
        Membership.objects.create(user=city.operator2, agency=agency, role="leader", valid_from=date(2020, 1, 1))
        record("user.edit", city.operator2, actor=city.admin)
    assert cost(client, url) <= few


# --- Lists ------------------------------------------------------------------------------------------------------


def names(response) -> list[str]:
    return [str(row) for row in response.context["page"]]


def test_the_list_of_agencies_counts_and_warns(city):
    User.objects.filter(pk=city.other_operator.pk).update(is_active=False)
    Membership.objects.filter(user=city.operator2).update(valid_until=date(2020, 12, 31))
    client = client_of(city, "coordinator")
    response = client.get("/opd/")
    counted = {row.slug: (row.people, row.operators) for row in response.context["page"]}
    assert counted == {"dinkes": (1, 1), "dinsos": (1, 0), "diskominfo": (3, 0)}
    assert "2 OPD belum mempunyai operator" in response.content.decode()
    assert names(client.get("/opd/?status=tanpa-operator")) == ["Dinas Komunikasi dan Informatika", "Dinas Sosial"]


def test_agencies_are_found_by_name_kind_and_state(city):
    today = timezone.localdate()
    Agency.objects.filter(slug="dinsos").update(valid_until=today - timedelta(days=1))
    Agency.objects.create(slug="rsud", name="RSUD", short_name="RSUD", kind="rumah_sakit")
    client = client_of(city, "coordinator")
    for query, expected in {
        "": ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "RSUD"],
        "?status=berakhir": ["Dinas Sosial"],
        "?status=semua&q=DINAS": ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "Dinas Sosial"],
        "?jenis=rumah_sakit": ["RSUD"],
        "?q=diskominfo": ["Dinas Komunikasi dan Informatika"],
        "?jenis=bukan&status=bukan&halaman=bukan": ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "RSUD"],
        "?q=zzz": [],
    }.items():
        assert names(client.get(f"/opd/{query}")) == expected, query
    assert "Tidak ada OPD yang cocok" in client.get("/opd/?q=zzz").content.decode()


def test_people_are_found_by_name_role_agency_and_account(city):
    User.objects.filter(pk=city.other_operator.pk).update(is_active=False)
    User.objects.filter(pk=city.leader.pk).update(name="Siti Aminah", position="Asisten", email="siti@contoh.go.id")
    client = client_of(city, "coordinator")
    for query, expected in {
        "?peran=operator": ["Operator-Dinkes", "Operator2-Dinkes"],
        "?peran=operator&status=semua": ["Operator-Dinkes", "Operator-Dinsos", "Operator2-Dinkes"],
        "?status=nonaktif": ["Operator-Dinsos"],
        "?opd=dinsos&peran=verifier": ["Verifikator2"],
        "?opd=diskominfo&peran=operator": [],
        "?peran=tanpa": ["Administrator", "Tamu"],
        "?q=aminah+siti": ["Siti Aminah"],
        "?q=ASISTEN": ["Siti Aminah"],
        "?q=siti@contoh": ["Siti Aminah"],
        "?opd=bukan&peran=bukan&q=tamu": ["Tamu"],
    }.items():
        assert names(client.get(f"/pengguna/{query}")) == expected, query


def test_fifty_a_page_and_the_filter_stays(city):
    for number in range(60):
        User.objects.create_user(f"orang-{number:02}", name=f"Orang {number:02}")
    client = client_of(city, "coordinator")
    first = client.get("/pengguna/?q=orang")
    assert len(first.context["page"]) == 50
    assert 'href="?q=orang&amp;halaman=2"' in first.content.decode()
    assert names(client.get("/pengguna/?q=orang&halaman=2")) == [f"Orang {number}" for number in range(50, 60)]
    assert names(client.get("/pengguna/?q=orang&halaman=99")) == names(client.get("/pengguna/?q=orang&halaman=2"))


# --- Forms -------------------------------------------------------------------------------------------------------

NEW = {
    "name": "  Orang   Baru ",
    "username": "Orang-Baru",
    "position": "Staf",
    "email": "",
    "role": "operator",
    "valid_from": "2026-01-01",
    "valid_until": "",
}


def test_a_new_person_gets_a_link_that_works(city, settings):
    client = client_of(city, "coordinator")
    response = client.post("/pengguna/baru/", {**NEW, "agency": city.dinsos.pk})
    assert "Akun dibuat" in response.content.decode()
    person = User.objects.get(username="orang-baru")
    assert (person.name, person.email) == ("Orang Baru", "")
    link = response.context["link"].url.removeprefix(settings.PUBLIC_URL)
    assert Client().get(link).status_code == 200
    # Sent again (a reload), it makes no second account and says whose name it is.
    again = client.post("/pengguna/baru/", {**NEW, "agency": city.dinsos.pk})
    assert "sudah dipakai oleh Orang Baru" in again.content.decode()
    assert User.objects.filter(name="Orang Baru").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Isi nama lengkap."),
        ("name", "   ", "Isi nama lengkap."),
        ("name", "x" * 151, "150"),
        ("username", "", "Isi nama pengguna."),
        ("username", "orang baru", "Pakai huruf kecil"),
        ("username", "оператор", "Pakai huruf kecil"),
        ("username", "operator-dinkes", "sudah dipakai oleh Operator-Dinkes"),
        ("email", "bukan surel", "Tulis alamat surel yang benar"),
        ("agency", "", "Pilih OPD."),
        ("agency", "999999", "Pilih OPD dari daftar."),
        ("role", "", "Pilih peran."),
        ("role", "superuser", "Pilih salah satu peran."),
        ("valid_from", "", "Isi tanggalnya."),
        ("valid_from", "31/02/2026", "Tulis tanggal yang benar"),
        ("valid_until", "2025-12-31", "Hari terakhir tidak boleh sebelum hari pertama."),
    ],
)
def test_a_mistake_is_explained_and_nothing_typed_is_lost(city, field, value, said):
    data = {**NEW, "agency": city.dinsos.pk, "position": "Kepala Seksi", field: value}
    response = client_of(city, "coordinator").post("/pengguna/baru/", data)
    text = response.content.decode()
    assert response.status_code == 200
    assert said in text
    assert 'value="Kepala Seksi"' in text
    assert not User.objects.filter(position="Kepala Seksi").exists()
    assert not Event.objects.exists()


def test_the_actor_is_who_is_logged_in_and_no_field_makes_an_administrator(city):
    sent = {**NEW, "agency": city.dinsos.pk, "actor": city.admin.pk, "is_superuser": "on", "is_staff": "on"}
    client_of(city, "coordinator").post("/pengguna/baru/", sent)
    person = User.objects.get(username="orang-baru")
    assert (person.is_superuser, person.is_staff) == (False, False)
    assert set(Event.objects.values_list("actor__username", flat=True)) == {"koordinator"}


def test_details_are_edited(city):
    client, url = client_of(city, "coordinator"), f"/pengguna/{city.operator.pk}/ubah/"
    data = {
        "name": "Nama Baru",
        "username": "operator-dinkes",
        "position": "Staf",
        "email": "a@contoh.go.id",
        "version": 1,
    }
    assert client.post(url, data).url == f"/pengguna/{city.operator.pk}/"
    text = client.get(f"/pengguna/{city.operator.pk}/").content.decode()
    assert "Nama Baru" in text
    assert "Data diubah" in text
    assert "sudah dipakai oleh" in client.post(url, {**data, "version": 2, "username": "VERIFIKATOR"}).content.decode()


def test_closing_and_opening_an_account(city):
    client, page = client_of(city, "coordinator"), f"/pengguna/{city.operator.pk}/"
    assert "Tulis alasannya." in client.post(f"{page}nonaktifkan/").content.decode()
    assert client.post(f"{page}nonaktifkan/", {"reason": "Pensiun."}).url == page
    text = client.get(page).content.decode()
    assert "Akun ini nonaktif" in text
    assert "Pensiun." in text
    assert client.post(f"{page}tautan-sandi/", follow=True).content.decode().count("Aktifkan dahulu") >= 1
    assert client.post(f"{page}aktifkan/", {"reason": "Kembali."}).url == page
    assert User.objects.get(pk=city.operator.pk).is_active


def test_ones_own_account_offers_no_closing_and_refuses_it(city):
    client, page = client_of(city, "coordinator"), f"/pengguna/{city.coordinator.pk}/"
    assert f"{page}nonaktifkan/" not in client.get(page).content.decode()
    for response in (client.get(f"{page}nonaktifkan/"), client.post(f"{page}nonaktifkan/", {"reason": "x"})):
        text = response.content.decode()
        assert "Anda tidak dapat menonaktifkan akun sendiri." in text
        assert 'name="reason"' not in text


def test_a_role_is_added_and_ended(city):
    client, page = client_of(city, "coordinator"), f"/pengguna/{city.outsider.pk}/"
    data = {"agency": city.dinkes.pk, "role": "operator", "valid_from": "2026-01-01"}
    assert client.post(f"{page}peran/", data).url == page
    assert "sudah dipegang" in client.post(f"{page}peran/", data).content.decode()
    url = f"/peran/{Membership.objects.get(user=city.outsider).pk}/akhiri/"
    assert "Isi hari terakhir" in client.post(url, {"when": "day", "reason": "x"}).content.decode()
    early = {"when": "day", "last_day": "2025-12-31", "reason": "x"}
    assert "baru berlaku sejak 1 Januari 2026" in client.post(url, early).content.decode()
    later = client.post(url, {"when": "day", "last_day": "2099-01-31", "reason": "Kontrak."}, follow=True)
    assert "Peran Operator OPD di Dinas Kesehatan berakhir pada 31 Januari 2099." in later.content.decode()
    assert client.post(url, {"when": "now", "last_day": "2099-01-01", "reason": "Mutasi."}).url == page
    assert not Membership.objects.current().filter(user=city.outsider).exists()
    assert "sudah berakhir pada" in client.post(url, {"when": "now", "reason": "x"}).content.decode()


def test_ones_own_last_coordinator_role_is_warned_of_and_kept(city):
    client = client_of(city, "coordinator")
    url = f"/peran/{Membership.objects.get(user=city.coordinator).pk}/akhiri/"
    for response in (client.get(url), client.post(url, {"when": "now", "reason": "x"})):
        text = response.content.decode()
        assert "Ini peran koordinator Anda satu-satunya." in text
        assert 'name="reason"' not in text
    assert Membership.objects.current().filter(user=city.coordinator).exists()


def test_ended_agencies_are_not_offered_for_a_role(city):
    Agency.objects.filter(pk=city.dinsos.pk).update(valid_until=timezone.localdate() - timedelta(days=1))
    client, url = client_of(city, "coordinator"), f"/pengguna/{city.outsider.pk}/peran/"
    assert "Dinas Sosial" not in client.get(url).content.decode()
    data = {"agency": city.dinsos.pk, "role": "operator", "valid_from": "2026-01-01"}
    assert "Pilih OPD dari daftar." in client.post(url, data).content.decode()


def test_an_agency_is_made_changed_ended_and_taken_back(city):
    client = client_of(city, "coordinator")
    data = {"name": "Dinas Pariwisata", "short_name": "Dispar Kota", "kind": "dinas", "valid_from": "2020-01-01"}
    assert "Pilih jenis OPD." in client.post("/opd/baru/", {**data, "kind": ""}).content.decode()
    page = client.post("/opd/baru/", data).url
    agency = Agency.objects.get(name="Dinas Pariwisata")
    assert (page, agency.slug) == (f"/opd/{agency.pk}/", "dispar-kota")
    assert "OPD dengan nama ini sudah ada." in client.post("/opd/baru/", data).content.decode()
    ring = {**data, "parent": agency.pk}
    assert "Pilih OPD dari daftar." in client.post(f"{page}ubah/", ring).content.decode()
    moved = {**data, "short_name": "Dispar", "parent": city.dinsos.pk, "version": 1}
    assert client.post(f"{page}ubah/", moved).url == page
    above = {"name": "Dinas Sosial", "short_name": "Dinsos", "kind": "dinas", "valid_from": "2000-01-01", "version": 1}
    response = client.post(f"/opd/{city.dinsos.pk}/ubah/", {**above, "parent": agency.pk})
    assert "tidak dapat menjadi induknya" in response.content.decode()
    ending = {"last_day": "2026-01-31", "successor": city.dinkes.pk, "reason": "Digabung."}
    assert "Tulis alasannya." in client.post(f"{page}akhiri/", {**ending, "reason": ""}).content.decode()
    assert client.post(f"{page}akhiri/", ending).url == page
    text = client.get(page).content.decode()
    assert "Dinas Pariwisata sudah berakhir pada 31 Januari 2026." in text
    assert "berakhir pada 31 Januari 2026" in text
    assert "Digabung." in text
    client.post(f"{page}berlakukan/", {"reason": ""})
    assert "tulis alasannya" in client.get(page).content.decode()
    assert client.post(f"{page}berlakukan/", {"reason": "Batal digabung."}).url == page
    agency.refresh_from_db()
    assert (agency.valid_until, agency.successor) == (None, None)


def test_an_end_taken_back_that_would_give_two_agencies_one_short_name_is_explained(city):
    yesterday = timezone.localdate() - timedelta(days=1)
    Agency.objects.filter(pk=city.dinsos.pk).update(valid_until=yesterday, short_name="DINKES")
    client = client_of(city, "coordinator")
    response = client.post(f"/opd/{city.dinsos.pk}/berlakukan/", {"reason": "Batal."}, follow=True)
    assert "Nama singkat ini sudah dipakai Dinas Kesehatan." in response.content.decode()
    city.dinsos.refresh_from_db()
    assert city.dinsos.valid_until == yesterday


def test_ending_shows_whose_roles_end(city):
    text = client_of(city, "coordinator").get(f"/opd/{city.dinkes.pk}/akhiri/").content.decode()
    assert "Operator-Dinkes, Operator OPD" in text
    assert "Operator2-Dinkes, Operator OPD" in text
    assert "Operator-Dinsos" not in text


def test_what_people_type_is_escaped(city):
    User.objects.filter(pk=city.operator.pk).update(name="<script>alert(1)</script>")
    client = client_of(city, "coordinator")
    for url in ("/pengguna/", f"/pengguna/{city.operator.pk}/", f"/opd/{city.dinkes.pk}/"):
        assert "<script>alert(1)" not in client.get(url).content.decode()


@pytest.mark.parametrize("sent", ["%00", "tidak-ada", "9" * 5000, "%ff"])
def test_an_agency_in_the_address_that_is_none_is_left_out(login, city, sent):
    response = login(city.coordinator).get(f"/pengguna/baru/?opd={sent}")
    assert (response.status_code, response.context["form"].initial["agency"]) == (200, None)


def test_an_agency_in_the_address_is_chosen_beforehand(login, city):
    form = login(city.coordinator).get("/pengguna/baru/?opd=dinsos").context["form"]
    assert form.initial["agency"] == city.dinsos


@pytest.mark.parametrize("sent", ["9" * 30, "9" * 5000, "x"])
def test_an_agency_that_is_none_is_said_at_its_field(login, city, sent):
    response = login(city.coordinator).post("/pengguna/baru/", {"agency": sent})
    assert response.context["form"].errors["agency"] == ["Pilih OPD dari daftar."]


# --- Two people change one thing -----------------------------------------------------------------------------------


def differing(response) -> list[tuple[str, str, str]]:
    return [(each.label, each.stored, each.typed) for each in response.context["differences"]]


def test_an_edit_of_a_person_over_an_older_state_is_refused_and_shows_both(login, city):
    client, page = login(city.coordinator), f"/pengguna/{city.operator.pk}/ubah/"
    old = client.get(page).context["form"].initial
    assert client.post(page, {**old, "position": "Kepala Seksi"}).status_code == 302
    response = client.post(page, {**old, "email": "operator@contoh.go.id"})
    assert differing(response) == [
        ("Jabatan", "Kepala Seksi", "(kosong)"),
        ("Alamat surel", "(kosong)", "operator@contoh.go.id"),
    ]
    city.operator.refresh_from_db()
    assert (city.operator.position, city.operator.email, city.operator.version) == ("Kepala Seksi", "", 2)
    form = response.context["form"]
    assert form["email"].value() == "operator@contoh.go.id"
    again = {name: form[name].value() for name in form.fields}
    assert client.post(page, {**again, "position": "Kepala Seksi"}).status_code == 302
    city.operator.refresh_from_db()
    assert (city.operator.position, city.operator.email) == ("Kepala Seksi", "operator@contoh.go.id")


def test_an_edit_of_an_agency_over_an_older_state_is_refused_and_shows_both(login, city):
    client, page = login(city.coordinator), f"/opd/{city.dinkes.pk}/ubah/"
    form = client.get(page).context["form"]
    old = {name: form[name].value() or "" for name in form.fields}
    assert client.post(page, {**old, "kind": "badan", "parent": city.dinsos.pk}).status_code == 302
    response = client.post(page, {**old, "short_name": "Kes"})
    assert differing(response) == [
        ("Nama singkat", "Dinkes", "Kes"),
        ("Jenis", "Badan", "Dinas"),
        ("Induk", "Dinas Sosial", "(kosong)"),
    ]
    city.dinkes.refresh_from_db()
    assert (city.dinkes.short_name, city.dinkes.kind, city.dinkes.version) == ("Dinkes", "badan", 2)


def test_the_same_edit_sent_twice_is_no_conflict(login, city):
    client, page = login(city.coordinator), f"/pengguna/{city.operator.pk}/ubah/"
    sent = {**client.get(page).context["form"].initial, "position": "Kepala Seksi"}
    assert [client.post(page, sent).status_code for _ in range(2)] == [302, 302]
    assert Event.objects.filter(action="user.edit").count() == 1


@pytest.mark.parametrize("address", ["/opd/{agency}/ubah/", "/pengguna/{person}/ubah/"])
def test_a_form_without_its_version_is_not_saved(login, city, address):
    client, page = login(city.coordinator), filled(address, city)
    sent = {**client.get(page).context["form"].initial, "name": "Lain", "parent": "", "version": ""}
    assert list(client.post(page, sent).context["form"].errors) == ["version"]
