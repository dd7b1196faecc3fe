"""The pages of applications, and the panels beside an indicator."""

from datetime import timedelta

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from conftest import make_person
from indicators.models import Indicator
from inventory import queries, services
from inventory.models import Application, Category

FACTS = {
    "name": "e-Surat",
    "purpose": "Surat masuk",
    "kind": "administrasi",
    "category": "kearsipan",
    "status": "aktif",
    "last_used": 2026,
    "hosting": "server_opd",
    "url": "",
    "users": "",
    "security_contact": "",
}


def add(person, agency, name, codes=(), **facts):
    linked = Indicator.objects.filter(code__in=codes, instrument__is_default=True)
    return services.create_application(
        actor=person, agency=agency, facts={**FACTS, "name": name, **facts}, indicators=linked
    )


@pytest.fixture
def application(city, instrument):
    return add(city.operator, city.dinkes, "e-Surat", ["18", "37"], last_used=timezone.localdate().year)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def names_in(response) -> list[str]:
    return [one.name for one in response.context["page"]]


class TestList:
    def test_operators_see_their_own_and_readers_all(self, login, application, city):
        add(city.other_operator, city.dinsos, "Aduan Bansos")
        assert names_in(login(city.operator).get(reverse("application_list"))) == ["e-Surat"]
        assert names_in(login(city.leader).get(reverse("application_list"))) == ["e-Surat", "Aduan Bansos"]
        # A filter never widens what one sees.
        assert names_in(login(city.operator).get(reverse("application_list"), {"opd": "dinsos"})) == ["e-Surat"]

    def test_what_needs_attention_is_counted_and_listed(self, login, application, city):
        year = timezone.localdate().year
        add(city.operator, city.dinkes, "Mati", status="tidak_aktif")
        add(city.operator, city.dinkes, "Lama", last_used=year - 2, security_contact="Tim")
        add(city.operator, city.dinkes, "Baru", last_used=None, security_contact="Tim")
        stale = add(city.operator, city.dinkes, "Usang", last_used=year, security_contact="Tim")
        Application.objects.filter(pk=stale.pk).update(checked_at=timezone.now() - timedelta(days=366))
        services.mark_candidate(
            actor=city.coordinator, application_id=application.pk, is_candidate=True, note="Ke SRIKANDI."
        )
        client = login(city.operator)
        expected = {
            "": ["Baru", "Lama", "Mati", "Usang", "e-Surat"],
            "tidak-aktif": ["Lama", "Mati"],
            "tanpa-kontak": ["e-Surat"],
            "lama": ["Usang"],
            "calon": ["e-Surat"],
        }
        for chosen, names in expected.items():
            response = client.get(reverse("application_list"), {"lihat": chosen})
            assert sorted(names_in(response)) == sorted(names)
            counted = {value: count for value, _, count in response.context["chips"]}
            assert counted == {value: len(names) for value, names in expected.items()}
        for one in Application.objects.all():  # the row says what the filter says
            assert one.is_idle == (one.name in expected["tidak-aktif"])
            assert one.lacks_contact == (one.name in expected["tanpa-kontak"])
            assert one.is_unchecked == (one.name in expected["lama"])

    @pytest.mark.parametrize(
        "query, found",
        [
            ({"q": "e-surat masuk"}, ["e-Surat"]),
            ({"q": "dinsos"}, ["Bansos"]),
            ({"kategori": "pengaduan"}, ["Bansos"]),
            ({"jenis": "publik"}, ["Bansos"]),
            ({"status": "tidak_diketahui"}, ["Bansos"]),
            ({"hosting": "server_opd"}, ["e-Surat"]),
            ({"opd": "dinsos"}, ["Bansos"]),
            ({"indikator": "37"}, ["e-Surat"]),
            ({"indikator": "1"}, []),
            ({"kategori": "tak ada", "hosting": "%", "opd": "tak-ada", "halaman": "x"}, ["e-Surat", "Bansos"]),
        ],
    )
    def test_filters(self, login, application, city, query, found):
        facts = {"kind": "publik", "category": "pengaduan", "status": "tidak_diketahui", "hosting": "luar"}
        add(city.other_operator, city.dinsos, "Bansos", **facts)
        assert names_in(login(city.verifier).get(reverse("application_list"), query)) == found

    def test_an_empty_list_says_what_to_do(self, login, city):
        assert "Belum ada aplikasi" in text(login(city.operator).get(reverse("application_list")))
        page = text(login(city.operator).get(reverse("application_list"), {"q": "x"}))
        assert "Tidak ada aplikasi yang cocok" in page


class TestKeeping:
    def body(self, **more):
        return {**FACTS, "last_used": "2026", "indicators": ["37"], **more}

    def test_adding_one(self, login, city, instrument):
        client = login(city.operator)
        page = text(client.get(reverse("application_create")))
        assert "Dinas Kesehatan" in page
        assert 'name="agency"' not in page
        response = client.post(reverse("application_create"), self.body(name="  e-Surat   Baru "))
        made = Application.objects.get()
        assert response.url == reverse("application", args=[made.pk])
        assert (made.agency, made.name, made.last_used) == (city.dinkes, "e-Surat Baru", 2026)
        assert [one.code for one in made.indicators.all()] == ["37"]

    def test_an_operator_cannot_name_another_agency(self, login, city, instrument):
        client = login(city.operator)
        client.post(reverse("application_create"), self.body(agency=city.dinsos.pk))
        assert Application.objects.get().agency == city.dinkes

    def test_who_keeps_several_lists_chooses(self, login, city, instrument):
        both = make_person("operator-dua", (Role.OPERATOR, city.dinkes), (Role.OPERATOR, city.dinsos))
        client = login(both)
        assert "Pilih OPD." in text(client.post(reverse("application_create"), self.body()))
        assert "Pilih OPD dari daftar." in text(
            client.post(reverse("application_create"), self.body(agency=city.diskominfo.pk))
        )
        client.post(reverse("application_create"), self.body(agency=city.dinsos.pk))
        assert Application.objects.get().agency == city.dinsos

    @pytest.mark.parametrize(
        "field, typed, said",
        [
            ("name", "", "Isi nama aplikasi."),
            ("purpose", " ", "Tulis untuk apa aplikasi ini dipakai."),
            ("category", "x", "Pilih salah satu dari daftar."),
            ("kind", "", "Pilih jenis layanannya."),
            ("last_used", "kemarin", "Tulis tahunnya dengan empat angka"),
            ("last_used", "2999", "Paling akhir tahun"),
            ("last_used", "26", "1980"),
            ("url", "javascript:alert(1)", "Tulis alamat web yang benar"),
            ("name", "x" * 151, "Paling panjang 150 karakter."),
            ("indicators", ["99"], "Indikator ini tidak ada."),
        ],
    )
    def test_bad_input_is_told_and_nothing_typed_is_lost(self, login, city, instrument, field, typed, said):
        body = self.body(**{"users": "Pegawai kelurahan", "indicators": ["36"], field: typed})
        page = text(login(city.operator).post(reverse("application_create"), body))
        assert said in page
        assert 'value="Pegawai kelurahan"' in page
        assert Application.objects.count() == 0
        if field != "indicators":
            assert 'value="36" id="indikator-36" checked' in page

    def test_a_name_that_is_taken_is_told(self, login, application, city):
        page = text(login(city.operator).post(reverse("application_create"), self.body(name="E-SURAT")))
        assert "OPD ini sudah mempunyai aplikasi dengan nama itu." in page

    def test_a_name_that_differs_only_in_spelling_is_pointed_out(self, login, application, city):
        client = login(city.operator)
        page = text(client.post(reverse("application_create"), self.body(name="E SURAT"), follow=True))
        assert "Namanya mirip dengan yang sudah ada: e-Surat." in page
        page = text(client.post(reverse("application_create"), self.body(name="Antrean"), follow=True))
        assert "Antrean ditambahkan." in page
        assert "mirip" not in page

    def test_two_who_edit_see_both_texts(self, login, application, city):
        url = reverse("application_edit", args=[application.pk])
        services.edit_application(
            actor=city.operator2, application_id=application.pk, facts={"users": "Pegawai dinas"}
        )
        client = login(city.operator)
        page = text(client.post(url, self.body(users="Warga", version="1")))
        assert "Data ini juga diubah dari tempat lain." in page
        assert "Pegawai dinas" in page
        assert "<dd>18, 37</dd>" in page
        assert 'value="Warga"' in page
        assert 'name="version" value="2"' in page
        assert client.post(url, self.body(users="Warga", version="2")).status_code == 302
        application.refresh_from_db()
        assert application.users == "Warga"

    def test_a_coordinator_is_told_on_whose_behalf_and_may_move_it(self, login, application, city):
        client = login(city.coordinator)
        url = reverse("application_edit", args=[application.pk])
        assert "atas nama Dinas Kesehatan" in text(client.get(url))
        client.post(url, self.body(agency=city.dinsos.pk, version="1"))
        application.refresh_from_db()
        assert application.agency == city.dinsos
        assert "Diubah: OPD, indikator terkait" in text(client.get(reverse("application", args=[application.pk])))

    def test_removing_asks_why(self, login, application, city):
        client, url = login(city.operator), reverse("application_remove", args=[application.pk])
        assert "Tulis alasannya." in text(client.post(url, {"version": "1"}))
        services.edit_application(actor=city.operator2, application_id=application.pk, facts={"users": "Pegawai"})
        assert "baru saja diubah orang lain" in text(client.post(url, {"version": "1", "reason": "Salah catat."}))
        assert client.post(url, {"version": "2", "reason": "Salah catat."}).status_code == 302
        assert Application.objects.count() == 0

    def test_an_old_entry_is_confirmed_with_one_button(self, login, application, city):
        Application.objects.update(checked_at=timezone.now() - timedelta(days=400))
        client, url = login(city.operator), reverse("application", args=[application.pk])
        assert "Masih benar semuanya?" in text(client.get(url))
        client.post(reverse("application_confirm", args=[application.pk]))
        page = text(client.get(url))
        assert "Masih benar semuanya?" not in page
        assert "Dinyatakan masih benar" in page
        confirm = reverse("application_confirm", args=[application.pk])
        assert login(city.other_operator).post(confirm).status_code == 404
        assert login(city.leader).post(confirm).status_code == 403

    def test_readers_get_no_buttons(self, login, application, city):
        page = text(login(city.leader).get(reverse("application", args=[application.pk])))
        for name in ("application_edit", "application_remove", "application_mark"):
            assert reverse(name, args=[application.pk]) not in page


class TestOverlaps:
    def test_groups_and_lists(self, login, application, city):
        add(city.other_operator, city.dinsos, "Persuratan", purpose="Surat masuk", security_contact="Tim")
        add(city.other_operator, city.dinsos, "Lama", status="tidak_aktif", category="lainnya", purpose="Entah")
        client = login(city.coordinator)
        response = client.get(reverse("application_overlaps"))
        found = response.context["found"]
        assert [[one.name for one in group.applications] for group in found.groups] == [["e-Surat", "Persuratan"]]
        assert [one.name for one in found.idle] == ["Lama"]
        assert [one.name for one in found.without_contact] == ["e-Surat"]
        assert "Tandai" in text(response)
        assert "Tandai" not in text(login(city.leader).get(reverse("application_overlaps")))
        narrowed = client.get(reverse("application_overlaps"), {"kategori": "lainnya"}).context["found"]
        assert (narrowed.total, narrowed.groups) == (1, ())

    def test_marking_and_taking_it_back(self, login, application, city):
        client, url = login(city.coordinator), reverse("application_mark", args=[application.pk])
        assert "Tulis catatannya" in text(client.post(url, {"act": "mark", "note": ""}))
        client.post(url, {"act": "mark", "note": "Beralih ke SRIKANDI."})
        page = text(login(city.operator).get(reverse("application", args=[application.pk])))
        assert "Beralih ke SRIKANDI." in page
        login(city.coordinator).post(url, {"act": "unmark"})
        application.refresh_from_db()
        assert not application.is_candidate


class TestIndicators:
    def test_coverage_counts_active_applications_and_their_agencies(self, application, city):
        add(city.operator, city.dinkes, "Kedua", ["37"])
        add(city.other_operator, city.dinsos, "Ketiga", ["37"], status="tidak_aktif")
        assert queries.coverage(["37", "18", "1"]) == {
            "37": queries.Coverage(applications=2, agencies=1, listed=3),
            "18": queries.Coverage(1, 1, 1),
            "1": queries.Coverage(),
        }

    def test_an_instrument_that_asks_the_same_finds_them_and_another_question_of_the_same_code_does_not(
        self, application, city
    ):
        official = Indicator.objects.get(instrument__code="permenpanrb-59-2020", code="37")
        assert queries.coverage(["37"], {"37": official.name})["37"].applications == 1
        assert queries.coverage(["37"], {"37": "Sesuatu yang lain"})["37"].applications == 0
        assert queries.linked_to(city.dinkes.pk, "37", official.name) == [application]
        assert queries.linked_to(city.dinkes.pk, "37", "Sesuatu yang lain") == []
        assert queries.linked_to(city.dinsos.pk, "37") == []

    def test_the_tags(self, application, city, django_assert_num_queries):
        def drawn(tag):
            return Template("{% load inventory %}" + tag).render(Context({"agency": city.dinkes}))

        with django_assert_num_queries(1):
            page = drawn("{% linked_applications agency '37' %}")
        assert reverse("application", args=[application.pk]) in page
        assert drawn("{% linked_applications agency '1' %}").strip() == ""
        with django_assert_num_queries(1):
            page = drawn("{% application_coverage '37' %}")
        assert "1 aplikasi aktif di 1 OPD" in page
        assert "Belum ada aplikasi" in drawn("{% application_coverage '1' %}")

    def test_their_number_stands_beside_the_governments_level(self, login, period, application, city):
        page = text(login(city.leader).get(reverse("determine", args=[period.pk, "37"])))
        assert "1 aplikasi aktif di 1 OPD" in page

    def test_the_panel_stands_beside_the_answer(self, login, assessment, application, city):
        page = text(login(city.operator).get(reverse("answer", args=[assessment.pk, "37"])))
        assert "Aplikasi Dinkes" in page
        assert reverse("application", args=[application.pk]) in page
        assert "Aplikasi Dinkes" not in text(login(city.operator).get(reverse("answer", args=[assessment.pk, "1"])))


def test_no_page_asks_more_of_the_database_with_more_to_show(login, application, city):
    urls = [
        reverse("application_list"),
        reverse("application_overlaps"),
        reverse("application", args=[application.pk]),
        reverse("application_edit", args=[application.pk]),
        reverse("application_export") + "?bentuk=csv",
    ]
    client = login(city.coordinator)

    def asked(url):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    client.get(urls[0])
    few = {url: asked(url) for url in urls}
    categories = Category.values
    for number in range(60):
        agency = (city.dinkes, city.dinsos, city.diskominfo)[number % 3]
        category = categories[number % len(categories)]
        add(city.coordinator, agency, f"Aplikasi {number}", ["15", "37", "40"], category=category)
    many = {url: asked(url) for url in urls}
    assert many == few
    assert max(few.values()) <= 12
