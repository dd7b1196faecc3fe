"""Lists of agencies and people: what each row would do, what is refused, and that a confirmed list does just that."""

import io
import time
from datetime import date, timedelta

import openpyxl
import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.errors import Refused
from accounts.imports import _base, agencies, people
from accounts.models import Agency, ImportDraft, Membership, Role, User
from accounts.services import agencies as agency_services
from accounts.services import people as people_services
from audit.models import Event
from conftest import make_person
from spbe_portal import sheets
from spbe_portal.sheets import Unreadable
from spbe_portal.tests.test_sheets import table

pytestmark = pytest.mark.django_db

PEOPLE = "Nama;Nama pengguna;Surel;Jabatan;OPD;Peran;Sejak;Sampai\n"
AGENCIES = "Nama;Singkatan;Jenis;Induk;Kode\n"


def outcomes(found) -> list[tuple]:
    return [(row.line, row.outcome) for row in found.rows]


def problems(found) -> list[str]:
    return [problem for row in found.rows for problem in row.problems]


def kept_people(text: str, city) -> ImportDraft:
    return _base.keep(people.plan(table(PEOPLE + text)), "people", "orang.csv", city.coordinator)


def kept_agencies(text: str, city) -> ImportDraft:
    return _base.keep(agencies.plan(table(AGENCIES + text)), "agencies", "opd.csv", city.coordinator)


def upload(client, name: str, content: str, file_name: str = "daftar.csv"):
    file = SimpleUploadedFile(file_name, content.encode())
    return client.post(reverse(name), {"file": file}, follow=True)


class TestAgencies:
    def test_new_changed_and_unchanged(self, city):
        text = (
            "Sekretariat Daerah;Setda;sekretariat;;\n"
            "Bagian Organisasi;Bag. Organisasi;Bagian;Setda;organisasi\n"
            "Dinas Kesehatan dan Gizi;;;;dinkes\n"
            "Dinas Sosial;Dinsos;dinas;;\n"
        )
        draft = kept_agencies(text, city)
        found = _base.kept(draft)
        assert outcomes(found) == [(2, "new"), (3, "new"), (4, "changed"), (5, "same")]
        assert found.rows[2].changes == [["Nama", "Dinas Kesehatan", "Dinas Kesehatan dan Gizi"]]
        assert Agency.objects.count() == 3
        agencies.apply(draft, city.coordinator)
        made = Agency.objects.get(slug="organisasi")
        assert (made.parent.slug, made.kind, made.short_name) == ("setda", "bagian", "Bag. Organisasi")
        assert Agency.objects.get(slug="dinkes").name == "Dinas Kesehatan dan Gizi"
        assert list(
            Event.objects.filter(action__startswith="agency.").order_by("id").values_list("action", "actor")
        ) == [
            ("agency.create", city.coordinator.pk),
            ("agency.create", city.coordinator.pk),
            ("agency.edit", city.coordinator.pk),
        ]
        assert not ImportDraft.objects.exists()

    def test_a_child_before_its_parent_in_the_file(self, city):
        draft = kept_agencies(
            "Bagian Umum;Bag. Umum;bagian;Sekretariat Daerah;\nSekretariat Daerah;Setda;setda;;\n", city
        )
        agencies.apply(draft, city.coordinator)
        assert Agency.objects.get(slug="bag-umum").parent.slug == "setda"

    @pytest.mark.parametrize(
        "row, said",
        [
            ("Dinas A;;dinas;;", "Singkatan: Isi nama singkat."),
            ("Dinas A;A;kantor;;", "Jenis: “kantor” tidak dikenal."),
            ("Dinas A;A;;;", "Jenis: Pilih jenis OPD."),
            ("Dinas A;Dinkes;dinas;;", "Singkatan: “Dinkes” sudah dipakai Dinas Kesehatan."),
            ("Dinas A;A;dinas;Entah;", "Induk: “Entah” tidak dikenal."),
            ("Dinas A;A;dinas;A;", "menjadi induknya"),
            ("Dinas A;A;dinas;;kode salah", "Kode: Pakai huruf kecil"),
            (f"{'A' * 201};A;dinas;;", "Nama: "),
            ("Dinas A;A;dinas;;\nDinas B;A;dinas;;", "Singkatan: “A” sudah dipakai baris 2."),
        ],
    )
    def test_what_is_wrong_names_its_row_and_column(self, city, row, said):
        found = agencies.plan(table(f"{AGENCIES}{row}\n"))
        assert found.rows[-1].outcome == "wrong"
        assert said in "".join(found.rows[-1].problems)

    def test_children_of_a_wrong_row_are_wrong_too(self, city):
        found = agencies.plan(table(f"{AGENCIES}Setda;S;apa;;s\nBagian;B;bagian;S;b\nSub;C;bagian;B;c\n"))
        assert [outcome for _, outcome in outcomes(found)] == ["wrong"] * 3

    def test_a_ring_over_stored_agencies_is_seen(self, city):
        Agency.objects.filter(pk=city.dinsos.pk).update(parent=city.dinkes)
        found = agencies.plan(table(f"{AGENCIES}Dinas Kesehatan;Dinkes;dinas;Dinsos;\n"))
        assert "menjadi induknya" in problems(found)[0]

    def test_what_changed_meanwhile_stops_everything(self, city):
        draft = kept_agencies("Dinas Baru;Baru;dinas;;\nDinas Kesehatan Kota;Dinkes;dinas;;dinkes\n", city)
        agency_services.edit_agency(actor=city.coordinator, agency_id=city.dinkes.pk, details={"short_name": "DKes"})
        with pytest.raises(Refused, match="Baris 3"):
            agencies.apply(draft, city.coordinator)
        assert not Agency.objects.filter(short_name="Baru").exists()

    def test_without_headings_it_says_what_is_needed(self, city):
        with pytest.raises(Unreadable, match="Judul kolom"):
            agencies.plan(table("a;b\nc;d\n"))


class TestPeople:
    def test_a_new_person_with_two_roles(self, city):
        text = (
            "Sri Wahyuni;Sri.W;sri@contoh.go.id;Analis;Dinkes;Operator OPD;1 Januari 2026;\n"
            ";sri.w;;;dinas komunikasi dan informatika;verifikator;01/02/2026;31/12/2026\n"
        )
        draft = kept_people(text, city)
        assert outcomes(_base.kept(draft)) == [(2, "new"), (3, "changed")]
        people.apply(draft, city.coordinator)
        made = User.objects.get(username="sri.w")
        assert (made.name, made.email, made.position) == ("Sri Wahyuni", "sri@contoh.go.id", "Analis")
        assert made.has_usable_password() is False
        assert list(made.memberships.order_by("role").values_list("role", "agency", "valid_from", "valid_until")) == [
            ("operator", city.dinkes.pk, date(2026, 1, 1), None),
            ("verifier", city.diskominfo.pk, date(2026, 2, 1), date(2026, 12, 31)),
        ]
        acts = Event.objects.filter(stream=f"user:{made.pk}").order_by("id").values_list("action", flat=True)
        assert list(acts) == ["user.create", "membership.add", "membership.add"]

    def test_a_stored_person_gets_what_differs_and_an_empty_cell_changes_nothing(self, city):
        text = ";operator-dinkes;;Kepala Seksi;Dinkes;operator;;\n;operator2-dinkes;;;Dinkes;operator;;\n"
        draft = kept_people(text, city)
        found = _base.kept(draft)
        assert outcomes(found) == [(2, "changed"), (3, "same")]
        assert found.rows[0].changes == [["Jabatan", "", "Kepala Seksi"]]
        people.apply(draft, city.coordinator)
        city.operator.refresh_from_db()
        assert (city.operator.position, city.operator.name) == ("Kepala Seksi", "Operator-Dinkes")
        assert city.operator.memberships.count() == 1

    @pytest.mark.parametrize(
        "row, said",
        [
            ("Sri;;;;Dinkes;operator;;", "Nama pengguna: kosong."),
            (";sri;;;Dinkes;operator;;", "Nama: Isi nama lengkap."),
            ("Sri;sri wahyuni;;;Dinkes;operator;;", "Nama pengguna: Pakai huruf kecil"),
            ("Sri;sri;bukan surel;;Dinkes;operator;;", "Surel: Tulis alamat surel yang benar"),
            ("Sri;sri;a@b.go.id\\nBcc: x@y.id;;Dinkes;operator;;", "Surel: Tulis alamat surel"),
            ("Sri;sri;;;Entah;operator;;", "OPD: “Entah” tidak dikenal."),
            ("Sri;sri;;;;operator;;", "OPD: kosong"),
            ("Sri;sri;;;Dinkes;;;", "Peran: kosong"),
            ("Sri;sri;;;Dinkes;raja;;", "Peran: “raja” tidak dikenal."),
            ("Sri;sri;;;Dinkes;operator;31/31/2026;", "Sejak: “31/31/2026” bukan tanggal"),
            ("Sri;sri;;;Dinkes;operator;02/02/2026;01/02/2026", "Sampai: Hari terakhir"),
            ("Sri;sri;;;Dinkes;operator;01/01/1990;", "Sejak: Dinkes baru berlaku sejak"),
            ("Sri;sri;;;;;;", "pengguna baru memerlukan peran pertama"),
            ("Boss;admin;;;Dinkes;operator;;", "Akun administrator sistem tidak diubah"),
            (";operator-dinkes;;;Dinkes;operator;;31/12/2099", "Peran: Peran ini sudah dipegang"),
            ("A;sri;;;Dinkes;operator;;\nB;sri;;;Dinsos;operator;;", "Nama: berbeda dengan baris 2."),
            ("A;sri;;;Dinkes;operator;;\nA;sri;;;Dinkes;operator;01/01/2030;", "Peran: Peran ini sudah dipegang"),
            ("A;sri;;;Entah;operator;;\nA;sri;;;Dinkes;operator;;", "Baris 2, yang membuat akun ini, bermasalah."),
        ],
    )
    def test_what_is_wrong_names_its_row_and_column(self, city, row, said):
        found = people.plan(table(f"{PEOPLE}{row}\n"))
        assert found.rows[-1].outcome == "wrong"
        assert said in "".join(found.rows[-1].problems)

    def test_wrong_rows_are_left_out_and_the_others_stored(self, city):
        draft = kept_people("Sri;sri;;;Entah;operator;;\nBudi;budi;;;Dinkes;operator;;\n", city)
        people.apply(draft, city.coordinator)
        assert sorted(User.objects.filter(username__in=["sri", "budi"]).values_list("username", flat=True)) == ["budi"]

    def test_a_closed_account_and_an_ended_agency_are_refused(self, city):
        User.objects.filter(pk=city.operator2.pk).update(is_active=False)
        Agency.objects.filter(pk=city.dinsos.pk).update(valid_until=timezone.localdate() - timedelta(days=1))
        found = people.plan(table(f"{PEOPLE};operator2-dinkes;;;;;;\nS;s1;;;Dinsos;operator;;\n"))
        assert problems(found)[0] == "Akun ini nonaktif. Aktifkan dahulu di halaman pengguna."
        assert "sudah berakhir" in problems(found)[1]

    @pytest.mark.parametrize("moved", ["name taken", "person edited", "role given"])
    def test_what_changed_meanwhile_stops_everything(self, city, moved):
        text = "Sri;sri;;;Dinkes;operator;;\n;operator-dinkes;;Kepala;Dinsos;leader;;\n"
        draft = kept_people(text, city)
        if moved == "name taken":
            make_person("Sri")
        elif moved == "person edited":
            people_services.edit_person(actor=city.admin, person_id=city.operator.pk, details={"name": "Lain"})
        else:
            people_services.add_membership(
                actor=city.admin,
                person_id=city.operator.pk,
                agency=city.dinsos,
                role="leader",
                valid_from=timezone.localdate(),
            )
        before = (User.objects.count(), Membership.objects.count(), Event.objects.count())
        with pytest.raises(Refused, match="Belum ada yang disimpan"):
            people.apply(draft, city.coordinator)
        assert (User.objects.count(), Membership.objects.count(), Event.objects.count()) == before

    def test_a_draft_is_applied_once_by_its_owner_within_a_day(self, city):
        draft = kept_people("Sri;sri;;;Dinkes;operator;;\n", city)
        with pytest.raises(Refused):
            people.apply(draft, city.admin)
        with pytest.raises(PermissionDenied):
            people.apply(draft, city.operator)
        ImportDraft.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
        with pytest.raises(Refused):
            people.apply(draft, city.coordinator)
        assert _base.clean_up() == 1
        draft = kept_people("Sri;sri;;;Dinkes;operator;;\n", city)
        people.apply(draft, city.coordinator)
        with pytest.raises(Refused):
            people.apply(draft, city.coordinator)
        assert User.objects.filter(username="sri").count() == 1

    def test_checking_costs_the_same_for_any_length_and_three_hundred_are_stored_in_seconds(self, city):
        def cost(number: int) -> int:
            rows = "".join(f"Orang {n};orang-{n};o{n}@contoh.go.id;;Dinkes;operator;;\n" for n in range(number))
            with CaptureQueriesContext(
                connection,
            ) as asked:
                kept_people(rows, city)
            return len(asked)

        assert cost(2) == cost(300)
        started = time.monotonic()
        people.apply(ImportDraft.objects.get(), city.coordinator)
        assert User.objects.filter(username__startswith="orang-").count() == 300
        assert time.monotonic() - started < 30


class TestPages:
    def test_people_from_a_file_to_invitations(self, login, city, monkeypatch, django_capture_on_commit_callbacks):
        monkeypatch.setattr(tasks.send_invitation, "delay", tasks.send_invitation)
        client = login(city.coordinator)
        page = upload(client, "person_import", f"{PEOPLE}Sri;sri;s@contoh.go.id;;Dinkes;operator;;\n;x;;;;;;\n")
        text = page.content.decode()
        for said in ("Periksa sebelum disimpan", "Operator OPD, Dinkes, sejak", "1 pengguna baru", "Simpan 1 baris"):
            assert said in text
        assert not User.objects.filter(username="sri").exists()
        with django_capture_on_commit_callbacks(execute=True):
            page = client.post(page.request["PATH_INFO"], {"undang": "ya"}, follow=True)
        said = "Daftar tersimpan: 1 pengguna baru, 0 baris mengubah yang ada. Undangan dikirim kepada 1 orang."
        assert said in page.content.decode()
        assert [message.to for message in mail.outbox] == [["s@contoh.go.id"]]

    def test_without_the_tick_nobody_is_invited(self, login, city, django_capture_on_commit_callbacks):
        client = login(city.coordinator)
        page = upload(client, "person_import", f"{PEOPLE}Sri;sri;s@contoh.go.id;;Dinkes;operator;;\n")
        with django_capture_on_commit_callbacks() as queued:
            client.post(page.request["PATH_INFO"])
        assert (User.objects.get(username="sri").invited_at, queued) == (None, [])

    def test_agencies_from_a_file(self, login, city):
        client = login(city.coordinator)
        page = upload(client, "agency_import", f"{AGENCIES}Dinas Baru;Baru;dinas;;\n")
        assert "Simpan 1 baris" in page.content.decode()
        page = client.post(page.request["PATH_INFO"], follow=True)
        assert "Daftar tersimpan: 1 OPD baru, 0 baris mengubah yang ada." in page.content.decode()

    @pytest.mark.parametrize("subject", ["agency", "person"])
    def test_only_managers_come_here_and_only_the_owner_sees_a_draft(self, client, city, subject):
        draft = (
            kept_people("Sri;sri;;;Dinkes;operator;;\n", city)
            if subject == "person"
            else kept_agencies("Dinas Baru;Baru;dinas;;\n", city)
        )
        review = reverse(f"{subject}_import_review", args=[draft.pk])
        for who, status in (("operator", 403), ("verifier", 403), ("admin", 302), ("coordinator", 200)):
            client.force_login(getattr(city, who))
            assert client.get(review).status_code == status
            if who != "coordinator":
                client.post(review)
        assert ImportDraft.objects.filter(pk=draft.pk).exists()
        other = "agency" if subject == "person" else "person"
        assert client.get(reverse(f"{other}_import_review", args=[draft.pk])).status_code == 302

    @pytest.mark.parametrize("name, module", [("agency", agencies), ("person", people)])
    def test_the_template_is_read_back_and_holds_no_formula(self, login, city, name, module):
        response = login(city.coordinator).get(reverse(f"{name}_import_template"))
        assert (
            response["Content-Disposition"]
            == f'attachment; filename="templat-{"opd" if name == "agency" else "pengguna"}.xlsx"'
        )
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        assert [cell.value for cell in book.worksheets[0][1]] == list(module.HEADINGS.values())
        assert not any(cell.data_type == "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)
        rows = sheets.read(io.BytesIO(response.content), "a.xlsx", len(response.content))
        with pytest.raises(Unreadable, match="belum ada satu baris"):
            module.plan(rows)

    @pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "=HYPERLINK(1)", "' OR 1=1 --", "{{ 7*7 }}"])
    def test_what_a_cell_holds_is_shown_as_text(self, login, city, hostile):
        page = upload(
            login(city.coordinator), "person_import", f"{PEOPLE}{hostile};sri;;;{hostile};operator;;\n", hostile
        )
        text = page.content.decode()
        assert ("<script>alert" in text, page.status_code) == (False, 200)

    def test_what_is_no_list_is_said_and_nothing_is_kept(self, login, city):
        client = login(city.coordinator)
        assert "Unggah XLSX atau CSV" in upload(client, "person_import", "%PDF-1.4", "a.pdf").content.decode()
        assert "Judul kolom tidak dikenali" in upload(client, "agency_import", "a;b\nc;d").content.decode()
        assert "Pilih berkasnya." in client.post(reverse("agency_import")).content.decode()
        assert not ImportDraft.objects.exists()

    def test_the_coordinators_own_row_takes_nothing_from_them(self, login, city):
        text = f"{PEOPLE}Koordinator;koordinator;;;Dinkes;operator;;01/01/2099\n"
        client = login(city.coordinator)
        client.post(upload(client, "person_import", text).request["PATH_INFO"])
        held = Membership.objects.current().filter(user=city.coordinator)
        assert sorted(held.values_list("role", flat=True)) == [Role.COORDINATOR, Role.OPERATOR]
        assert client.get(reverse("person_list")).status_code == 200
