"""Lists as files: what is read, what is refused, and that a confirmed list does exactly what was shown."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import Event
from inventory import imports, services
from inventory.models import Application, ImportDraft
from spbe_portal import sheets
from spbe_portal.lists import squeezed
from spbe_portal.sheets import Unreadable
from spbe_portal.tests.test_sheets import table

FACTS = {"name": "e-Surat", "purpose": "Surat masuk", "kind": "administrasi", "category": "kearsipan"}
HEAD = "Nama Aplikasi;Fungsi;Jenis;Status\n"


def upload(client, content: bytes | str, name: str = "daftar.csv"):
    raw = content.encode() if isinstance(content, str) else content
    return client.post(reverse("application_import"), {"file": SimpleUploadedFile(name, raw)}, follow=True)


@pytest.fixture
def application(city, instrument):
    codes = instrument.indicators.filter(code__in=["18", "37"])
    return services.create_application(actor=city.operator, agency=city.dinkes, facts=FACTS, indicators=codes)


class TestPlan:
    def test_each_row_says_whose_it_is(self, city, instrument):
        text = "OPD;Nama Aplikasi;Fungsi;Jenis\ndinkes;e-Surat;Surat;publik\nDinas Sosial;e-Bansos;Bantuan;publik\n"
        found = imports.plan(table(text), city.coordinator)
        assert [(row.name, row.about) for row in found.rows] == [("e-Surat", "Dinkes"), ("e-Bansos", "Dinsos")]

    @pytest.mark.parametrize(
        "head",
        [
            "Nama Aplikasi;Fungsi;Jenis",
            "NAMA;Uraian;Jenis Layanan",
            "nama_aplikasi *;Kegunaan;Tipe",
            "Judul;x\nNama;Fungsi;Jenis",
        ],
    )
    def test_headings_as_people_write_them(self, city, instrument, head):
        found = imports.plan(table(f"{head}\ne-Surat;Surat masuk;publik\n"), city.operator)
        assert [(row.outcome, row.name, row.facts["purpose"]) for row in found.rows] == [
            ("new", "e-Surat", "Surat masuk")
        ]

    def test_no_heading_is_said(self, city):
        with pytest.raises(Unreadable, match="Judul kolom"):
            imports.plan(table("a;b\nc;d\n"), city.operator)

    def test_new_changed_same_and_wrong_with_their_lines(self, application, city):
        found = imports.plan(
            table(
                HEAD
                + "e-Surat;Surat masuk;administrasi;Belum diketahui\n"
                + "E-SURAT;Surat masuk;;\n"
                + "SIMPEG;Data pegawai;Administrasi Pemerintahan;aktif\n"
                + ";Tanpa nama;publik;\n"
                + "Lain;;publik;mungkin\n"
            ),
            city.operator,
        )
        assert [(row.line, row.outcome) for row in found.rows] == [
            (2, "same"),
            (3, "wrong"),
            (4, "new"),
            (5, "wrong"),
            (6, "wrong"),
        ]
        assert found.rows[1].problems == ["Aplikasi ini sudah ada pada baris 2 berkas yang sama."]
        assert found.rows[3].problems == ["Nama aplikasi kosong."]
        assert found.rows[4].problems == [
            "Status: “mungkin” tidak dikenal. Pilihan: Aktif, Tidak aktif, Belum diketahui.",
            "Fungsi kosong.",
        ]

    def test_a_column_that_is_not_there_leaves_what_is_stored(self, application, city):
        row = imports.plan(table("Nama;Status;Catatan saya\ne-Surat;Nonaktif;x\n"), city.operator)
        assert row.ignored == ["Catatan saya"]
        assert row.rows[0].changes == [["Status", "Belum diketahui", "Tidak aktif"]]

    @pytest.mark.parametrize(
        "heading, typed, value",
        [
            ("Tahun terakhir dipakai", "2024", 2024),
            ("Tahun terakhir dipakai", "2024-05-01", 2024),
            ("Tahun terakhir dipakai", "1/5/2024", 2024),
            ("Tahun terakhir dipakai", "-", None),
            ("Tahun terakhir dipakai", "kemarin", "wrong"),
            ("Tahun terakhir dipakai", "2099", "wrong"),
            ("Indikator", "37, 18", ["18", "37"]),
            ("Indikator", "99", "wrong"),
            ("Hosting", "Pusat data kota", "pusat_data"),
            ("Hosting", "PDN", "pdn"),
            ("URL", "surat.example.go.id", "https://surat.example.go.id"),
            ("URL", "javascript:alert(1)", "wrong"),
            ("Kontak keamanan", "tidak ada", ""),
            ("Pengguna", "x" * 201, "wrong"),
        ],
    )
    def test_values(self, city, instrument, heading, typed, value):
        text = f'Nama;Fungsi;Jenis;{heading}\ne-Surat;Surat;publik;"{typed}"\n'
        row = imports.plan(table(text), city.operator).rows[0]
        name = next(name for name, words in imports._KNOWN.items() if squeezed(heading) in words.split())
        assert (row.facts[name] if row.outcome == "new" else row.outcome) == value

    def test_an_operator_brings_in_only_their_own_agencys(self, city, instrument):
        text = "OPD;Nama;Fungsi;Jenis\nDinas Kesehatan;A;a;publik\ndinsos;B;b;publik\n;C;c;publik\n"
        found = imports.plan(table(text), city.operator)
        assert [(row.agency_id, row.outcome) for row in found.rows] == [
            (city.dinkes.pk, "new"),
            (None, "wrong"),
            (city.dinkes.pk, "new"),
        ]
        found = imports.plan(table(text), city.coordinator)
        assert [(row.agency_id, row.outcome) for row in found.rows] == [
            (city.dinkes.pk, "new"),
            (city.dinsos.pk, "new"),
            (None, "wrong"),
        ]

    def test_the_number_of_queries_does_not_grow(self, application, city, django_assert_num_queries):
        few, many = table(HEAD + "A;a;publik;\n"), table(HEAD + "".join(f"A{n};a;publik;\n" for n in range(300)))
        for text in (few, many):
            with django_assert_num_queries(4):
                imports.plan(text, city.operator)


class TestPages:
    def test_nothing_is_written_before_it_is_confirmed_and_then_exactly_what_was_shown(self, login, application, city):
        client = login(city.operator)
        shown = upload(client, HEAD + "e-Surat;Surat keluar;;\nSIMPEG;Data pegawai;publik;aktif\nLain;;publik;\n")
        page = shown.content.decode()
        assert "Simpan 2 aplikasi" in page
        assert "1 baris bermasalah" in page
        assert "<del>Surat masuk</del> menjadi <ins>Surat keluar</ins>" in page
        assert Application.objects.count() == 1
        draft = ImportDraft.objects.get()

        done = client.post(reverse("application_import_review", args=[draft.pk]), follow=True).content.decode()
        assert "1 aplikasi baru, 1 diubah" in done
        application.refresh_from_db()
        assert (application.purpose, application.version, application.indicators.count()) == ("Surat keluar", 2, 2)
        assert set(Application.objects.values_list("name", flat=True)) == {"e-Surat", "SIMPEG"}
        assert ImportDraft.objects.count() == 0
        again = client.post(reverse("application_import_review", args=[draft.pk]), follow=True)
        assert "Unggahan itu tidak ada lagi: sudah disimpan" in again.content.decode()
        assert Application.objects.count() == 2

    def test_where_the_list_moved_meanwhile_nothing_is_written(self, login, application, city):
        client = login(city.operator)
        upload(client, HEAD + "SIMPEG;Data pegawai;publik;aktif\ne-Surat;Surat keluar;;\n")
        draft = ImportDraft.objects.get()
        services.edit_application(actor=city.operator2, application_id=application.pk, facts={"users": "Pegawai"})
        events = Event.objects.count()
        page = client.post(reverse("application_import_review", args=[draft.pk]), follow=True).content.decode()
        assert "“e-Surat” (baris 3) diubah orang lain" in page
        assert "Belum ada yang disimpan" in page
        assert Application.objects.count() == 1
        assert Event.objects.count() == events

    def test_a_draft_is_its_owners_alone(self, login, application, city):
        upload(login(city.operator), HEAD + "SIMPEG;Data pegawai;publik;aktif\n")
        url = reverse("application_import_review", args=[ImportDraft.objects.get().pk])
        for person in (city.operator2, city.other_operator, city.coordinator):
            assert login(person).get(url).status_code == 404
            assert login(person).post(url).status_code == 404
        for person in (city.verifier, city.leader, city.admin, city.outsider):
            assert login(person).get(url).status_code == 403
        assert Application.objects.count() == 1
        assert login(city.operator).get(url).status_code == 200

    def test_a_role_that_ended_meanwhile_writes_nothing(self, login, application, city):
        client = login(city.operator)
        upload(client, HEAD + "SIMPEG;Data pegawai;publik;aktif\n")
        city.operator.memberships.all().delete()
        url = reverse("application_import_review", args=[ImportDraft.objects.get().pk])
        assert client.post(url).status_code == 403
        assert Application.objects.count() == 1

    @pytest.mark.parametrize("content, name", [(b"%PDF-1.4", "a.pdf"), (b"PK\x03\x04", "a.xlsx"), (b"", "a.csv")])
    def test_a_file_that_cannot_be_read_comes_back_with_the_reason(self, login, city, content, name):
        response = upload(login(city.operator), content, name)
        assert response.status_code == 200
        assert "Ada yang perlu diperbaiki" in response.content.decode()
        assert ImportDraft.objects.count() == 0

    def test_a_file_that_was_dropped_while_it_arrived_is_said_to_be_too_large(self, login, city, settings):
        settings.EVIDENCE_MAX_BYTES = 1000
        page = upload(login(city.operator), b"x" * 1001, "besar.csv").content.decode()
        assert "Berkas terlalu besar: paling besar 5 MB." in page
        assert "Pilih berkasnya." not in page

    def test_what_is_brought_in_is_shown_as_text(self, login, city, instrument):
        page = upload(login(city.operator), HEAD + "<script>alert(1)</script>;x;publik;aktif\n").content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page


class TestExport:
    @pytest.mark.parametrize("shape", ["xlsx", "csv"])
    @pytest.mark.parametrize("who", ["operator", "coordinator"])
    def test_what_goes_out_comes_in_unchanged(self, login, application, city, shape, who):
        services.edit_application(
            actor=city.operator,
            application_id=application.pk,
            facts={
                "name": "=1+1",
                "users": '\'-Petugas; "Warga"',
                "last_used": 2024,
                "url": "https://a.example.go.id",
            },
        )
        services.create_application(
            actor=city.operator, agency=city.dinkes, facts={**FACTS, "name": "@SUM", "security_contact": "+62 21 0"}
        )
        person = getattr(city, who)
        response = login(person).get(reverse("application_export"), {"bentuk": shape})
        assert response["Content-Disposition"].startswith("attachment")
        read = sheets.read(io.BytesIO(response.content), f"a.{shape}", len(response.content))
        found = imports.plan(read, person)
        assert [(row.name, row.outcome, row.changes, row.problems) for row in found.rows] == [
            ("=1+1", "same", [], []),
            ("@SUM", "same", [], []),
        ]
        assert found.ignored == []

    def test_no_cell_is_a_formula(self, login, application, city):
        Application.objects.update(name="=cmd|' /C calc'!A0", users="-2+3")
        client = login(city.operator)
        text = client.get(reverse("application_export"), {"bentuk": "csv"}).content.decode("utf-8-sig")
        assert "'=cmd|" in text
        assert "'-2+3" in text
        book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("application_export")).content))
        assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n"}
        assert book.active["B2"].value == "=cmd|' /C calc'!A0"

    def test_only_what_one_sees_and_what_the_filters_leave(self, login, application, city):
        services.create_application(actor=city.other_operator, agency=city.dinsos, facts={**FACTS, "name": "Bansos"})
        url = reverse("application_export")

        def names(person, **filters):
            text = login(person).get(url, {"bentuk": "csv", **filters}).content.decode("utf-8-sig")
            return [line.split(";")[1] for line in text.splitlines()[1:]]

        assert names(city.operator) == ["e-Surat"]
        assert names(city.leader) == ["e-Surat", "Bansos"]
        assert names(city.leader, opd="dinsos") == ["Bansos"]
        assert names(city.operator, opd="dinsos") == ["e-Surat"]

    def test_the_template_is_read_as_an_empty_list(self, login, city, instrument):
        content = login(city.operator).get(reverse("application_export"), {"bentuk": "templat"}).content
        with pytest.raises(Unreadable, match="belum ada satu baris"):
            imports.plan(sheets.read(io.BytesIO(content), "a.xlsx", len(content)), city.operator)
        assert login(city.operator).get(reverse("application_export"), {"bentuk": "pdf"}).status_code == 404
