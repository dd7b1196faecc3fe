"""The pages of assignments: the table, the patterns, CSV out and in."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency
from assessments import workflow
from assessments.assignment_csv import TOO_MANY, LineError, names, read
from assessments.models import Assessment, Assignment, Period
from assessments.services import periods as period_services
from assessments.services.assignments import set_assignments
from audit.models import Event
from conftest import hand_in


@pytest.fixture
def draft(city, instrument) -> Period:
    """A period in preparation: Dinkes and Diskominfo support every indicator."""
    return period_services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=60),
        agencies=[city.dinkes, city.diskominfo],
    )


def kind_of(period: Period, agency: Agency, code: str) -> str | None:
    found = Assignment.objects.filter(period=period, agency=agency, indicator__code=code)
    return found.values_list("kind", flat=True).first()


def save(client, period: Period, changes, **more):
    return client.post(
        reverse("assignments_save", args=[period.pk]),
        json.dumps({"changes": changes, **more}),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


# --- The table ------------------------------------------------------------------------------------------


def test_the_table_has_a_cell_for_every_agency_and_indicator(login, city, draft):
    text = login(city.coordinator).get(reverse("assignments", args=[draft.pk])).content.decode()
    assert text.count('<td class="s">P') == 94
    assert text.count("<td>") == 47
    assert "Dinas Sosial" in text
    assert "1–47" in text  # nobody is PIC


def test_a_final_period_is_read_only(login, city, final, period):
    client = login(city.coordinator)
    page = client.get(reverse("assignments", args=[period.pk]))
    assert "data-save-state" not in page.content.decode()
    assert save(client, period, [[city.dinkes.pk, "1", "support", "pic"]]).status_code == 409
    for name in ("assignments_preset", "assignments_import"):
        assert client.get(reverse(name, args=[period.pk])).status_code == 302
    assert kind_of(period, city.dinkes, "1") == "support"


def test_saving_changes_all_cells_at_once(login, city, draft):
    changes = [
        [city.dinkes.pk, "1", "support", "pic"],
        [city.dinkes.pk, "2", "support", ""],
        [city.dinsos.pk, "3", "", "support"],
    ]
    response = save(login(city.coordinator), draft, changes, reason="Rapat.")
    assert response.json() == {
        "saved": 3,
        "detail": "Penugasan sudah disimpan: 1 ditambahkan, 1 diubah, 1 dihapus.",
    }
    assert [kind_of(draft, city.dinkes, code) for code in ("1", "2", "3")] == ["pic", None, "support"]
    assert kind_of(draft, city.dinsos, "3") == "support"
    assert Event.objects.get(action="period.assign").reason == "Rapat."


def test_refusals_are_listed_and_nothing_is_saved(login, city, submitted, period):
    changes = [[city.dinkes.pk, "1", "support", ""], [city.dinsos.pk, "1", "support", "pic"]]
    response = save(login(city.coordinator), period, changes)
    assert response.status_code == 422
    assert response.json()["problems"] == [
        "Dinas Kesehatan: indikator 1 tidak dapat dihapus karena penilaiannya berstatus Diajukan."
    ]
    assert kind_of(period, city.dinsos, "1") == "support"


def test_a_cell_changed_by_somebody_else_comes_back_as_it_is(login, city, draft):
    set_assignments(period_id=draft.pk, user=city.coordinator, changes=[(city.dinkes.pk, "1", "pic")])
    response = save(login(city.coordinator), draft, [[city.dinkes.pk, "1", "support", ""]])
    assert (response.status_code, response.json()["cells"]) == (409, [[city.dinkes.pk, "1", "pic"]])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"changes": 1}',
        '{"changes": [[1, "1", "support"]]}',
        '{"changes": [["1", "1", "", "pic"]]}',
        '{"changes": [[true, "1", "", "pic"]]}',
        '{"changes": [[1, "1", [], "pic"]]}',
        '{"changes": [[1, "1", "", "boss"]]}',
        '{"changes": [[99999, "1", "", "pic"]]}',
        '{"changes": [], "reason": 3}',
        "[" * 100_000,
    ],
)
def test_what_is_no_list_of_changes_is_refused(login, city, draft, body):
    client = login(city.coordinator)
    response = client.post(reverse("assignments_save", args=[draft.pk]), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"]
    assert not Event.objects.filter(action="period.assign").exists()


@pytest.mark.parametrize("who", ["operator", "other_operator", "verifier", "leader", "admin", "outsider"])
@pytest.mark.parametrize("status", ["draft", "open"])
def test_nobody_else_sees_or_changes_assignments(login, city, draft, period, who, status):
    target = draft if status == "draft" else period
    client = login(getattr(city, who))
    for name in ("assignments", "assignments_preset", "assignments_export", "assignments_import"):
        assert client.get(reverse(name, args=[target.pk])).status_code == 403, name
        assert client.get(reverse(name, args=[0])).status_code == 403, name
    assert save(client, target, [[city.dinkes.pk, "1", "support", "pic"]]).status_code == 403
    url = f"{reverse('assignments_preset', args=[target.pk])}?pola=semua"
    assert client.post(url, {"token": "x"}).status_code == 403
    assert client.post(reverse("assignments_import", args=[target.pk]), {}).status_code == 403
    assert kind_of(target, city.dinkes, "1") == "support"


def many(number: int) -> list[Agency]:
    return [
        Agency.objects.create(slug=f"kec-{n}", name=f"Kecamatan {n:02}", short_name=f"Kec. {n}", kind="kecamatan")
        for n in range(number)
    ]


@pytest.mark.parametrize(
    ("name", "query"),
    [("assignments", ""), ("assignments_export", ""), ("assignments_preset", "?pola=semua"), ("period", "")],
)
def test_pages_take_as_many_queries_for_forty_agencies_as_for_two(login, city, draft, name, query):
    client, page = login(city.coordinator), reverse(name, args=[draft.pk]) + query
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    set_assignments(
        period_id=draft.pk,
        user=city.coordinator,
        changes=[(agency.pk, "1", "support") for agency in many(38)],
    )
    with CaptureQueriesContext(connection) as more:
        client.get(page)
    assert len(more) == len(few)
    assert len(more) <= 17


def test_the_period_leads_to_its_assignments_and_says_what_lacks_a_pic(login, city, draft):
    set_assignments(period_id=draft.pk, user=city.coordinator, changes=[(city.dinkes.pk, "1", "pic")])
    page = login(city.coordinator).get(reverse("period", args=[draft.pk])).content.decode()
    assert reverse("assignments", args=[draft.pk]) in page
    assert "46 tanpa PIC" in page


# --- Patterns -------------------------------------------------------------------------------------------


def confirm(client, url: str, **more):
    """Look at a plan, then confirm it."""
    plan = client.get(url).context["plan"]
    return client.post(url, {"token": plan.token, **more})


def test_a_pattern_is_shown_first_and_saved_when_confirmed(login, city, draft):
    client = login(city.coordinator)
    url = f"{reverse('assignments_preset', args=[draft.pk])}?pola=lazim"
    page = client.get(url)
    assert "BPKAD (PIC indikator 24, 33, 34, 38)" in page.content.decode()
    assert kind_of(draft, city.diskominfo, "12") == "support"
    assert not Event.objects.filter(action="period.assign").exists()
    assert confirm(client, url, reason="Sesuai SK.").status_code == 302
    assert kind_of(draft, city.diskominfo, "12") == "pic"
    assert kind_of(draft, city.dinkes, "47") == "pic"
    assert Event.objects.get(action="period.assign").reason == "Sesuai SK."


def test_a_plan_that_is_no_longer_what_was_shown_is_shown_again(login, city, draft):
    client = login(city.coordinator)
    url = f"{reverse('assignments_preset', args=[draft.pk])}?pola=semua"
    token = client.get(url).context["plan"].token
    set_assignments(period_id=draft.pk, user=city.coordinator, changes=[(city.dinsos.pk, "1", "pic")])
    page = client.post(url, {"token": token, "reason": "Ketikan saya"})
    assert page.status_code == 200
    assert "Penugasan berubah setelah halaman ini dibuka" in page.content.decode()
    assert "Ketikan saya" in page.content.decode()
    assert kind_of(draft, city.dinsos, "2") is None
    assert client.post(url, {"token": page.context["plan"].token}).status_code == 302
    assert [kind_of(draft, city.dinsos, code) for code in ("1", "2")] == ["pic", "support"]


def test_a_pattern_leaves_out_what_is_refused_and_says_so(login, city, assessment, period):
    set_assignments(period_id=period.pk, user=city.coordinator, changes=[(city.dinkes.pk, "1", None)])
    hand_in(assessment, city.operator)
    set_assignments(period_id=period.pk, user=city.coordinator, changes=[(city.dinsos.pk, "2", None)])
    client = login(city.coordinator)
    url = f"{reverse('assignments_preset', args=[period.pk])}?pola=semua"
    page = client.get(url)
    assert (page.context["plan"].added, page.context["plan"].refused_count) == (1, 1)
    assert "karena penilaiannya berstatus Diajukan" in page.content.decode()
    confirm(client, url)
    assert (kind_of(period, city.dinkes, "1"), kind_of(period, city.dinsos, "2")) == (None, "support")


def test_last_years_assignments_are_copied(login, city, period, draft):
    changes = [(city.dinkes.pk, "1", "pic"), (city.dinkes.pk, "2", None)]
    set_assignments(period_id=period.pk, user=city.coordinator, changes=changes)
    client = login(city.coordinator)
    base = reverse("assignments_preset", args=[draft.pk])
    assert "Penilaian 2026" in client.get(base).content.decode()
    confirm(client, f"{base}?pola=salin&dari={period.pk}")
    assert [kind_of(draft, city.dinkes, code) for code in ("1", "2", "3")] == ["pic", None, "support"]
    assert kind_of(draft, city.dinsos, "1") == "support"


def test_only_known_patterns_and_periods_of_the_same_instrument(login, city, draft):
    client, base = login(city.coordinator), reverse("assignments_preset", args=[draft.pk])
    for query in ("?pola=lain", "?pola=salin", f"?pola=salin&dari={draft.pk}", "?pola=salin&dari=x"):
        assert client.get(base + query).status_code == 404, query


# --- CSV ------------------------------------------------------------------------------------------------


def upload(client, period: Period, text: str | bytes, mode: str = "tambah"):
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("penugasan.csv", data, content_type="text/csv")
    return client.post(reverse("assignments_import", args=[period.pk]), {"file": file, "mode": mode})


def accept(client, period: Period, page):
    body = {"token": page.context["plan"].token, "sealed": page.context["sealed"]}
    return client.post(reverse("assignments_import", args=[period.pk]), body)


def test_what_goes_out_and_comes_in_changes_nothing(login, city, draft):
    Agency.objects.filter(pk=city.dinkes.pk).update(name='=1+1;"Dinas"\nKesehatan')
    set_assignments(period_id=draft.pk, user=city.coordinator, changes=[(city.dinkes.pk, "1", "pic")])
    client = login(city.coordinator)
    response = client.get(reverse("assignments_export", args=[draft.pk]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbfKode OPD;Nama OPD;Kode indikator;Nama indikator;Peran\r\n")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(rows) == 95
    mine = next(row for row in rows if row[0] == "dinkes" and row[2] == "1")
    assert (mine[1], mine[4]) == ('\'=1+1;"Dinas"\nKesehatan', "PIC")
    for mode in ("tambah", "ganti"):
        page = upload(client, draft, response.content, mode)
        assert page.context["plan"].changes == (), mode
        assert page.context["lines_read"] == 94


def test_a_file_is_tried_first_and_saved_when_confirmed(login, city, draft):
    client = login(city.coordinator)
    page = upload(client, draft, "opd,indikator,peran\nDinsos,07,pic\ndinkes,1.0,Kosong\n\nDinas Kesehatan,2,P\n")
    plan = page.context["plan"]
    assert (plan.added, plan.changed, plan.removed) == (1, 0, 1)
    assert kind_of(draft, city.dinsos, "7") is None
    assert accept(client, draft, page).status_code == 302
    assert kind_of(draft, city.dinsos, "7") == "pic"
    assert kind_of(draft, city.dinkes, "1") is None
    assert kind_of(draft, city.diskominfo, "1") == "support"


def test_a_file_may_be_the_whole(login, city, draft):
    client = login(city.coordinator)
    page = upload(client, draft, "Kode OPD;Kode indikator;Peran\ndinkes;1;PIC\n", "ganti")
    assert (page.context["plan"].changed, page.context["plan"].removed) == (1, 93)
    accept(client, draft, page)
    assert Assignment.objects.filter(period=draft).count() == 1


def test_every_faulty_line_is_named_and_nothing_is_saved(login, city, draft):
    lines = ["x;1;PIC", "dinkes;99;PIC", "dinkes;1;boss", "dinkes;2;PIC", "dinkes;2;Pendukung", ";1;PIC"]
    text = "\n".join(["Kode OPD;Kode indikator;Peran", *lines])
    page = upload(login(city.coordinator), draft, text)
    assert [(error.line, error.text) for error in page.context["sheet"].errors] == [
        (2, "OPD “x” tidak dikenal."),
        (3, "Indikator “99” tidak dikenal."),
        (4, "Peran “boss” tidak dikenal. Isi PIC, Pendukung, atau Kosong."),
        (6, "OPD dan indikator ini sudah ada pada baris 5 dengan peran lain."),
        (7, "OPD belum diisi."),
    ]
    assert "Baris 3: Indikator “99” tidak dikenal." in page.content.decode()
    assert kind_of(draft, city.dinkes, "2") == "support"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04rest of a workbook", "Berkas ini bukan teks CSV."),
        (b"\x00\x01\x02", "Berkas ini bukan teks CSV."),
        (b"   \n", "Berkas ini kosong."),
        (b"a;b;c\n1;2;3\n", "Judul kolom tidak ditemukan: Kode OPD, Kode indikator, Peran."),
        (b"Kode OPD;Kode indikator;Peran\n", "Berkas ini hanya berisi judul kolom."),
    ],
)
def test_what_is_no_such_sheet_is_said_so(login, city, draft, data, message):
    assert message in upload(login(city.coordinator), draft, data).content.decode()


def test_without_a_file_the_page_says_so(login, city, draft):
    page = login(city.coordinator).post(reverse("assignments_import", args=[draft.pk]), {"mode": "tambah"})
    assert "Pilih berkas CSV terlebih dahulu." in page.content.decode()


def test_a_confirmation_is_good_for_its_own_period_only_and_cannot_be_forged(login, city, draft, period):
    client = login(city.coordinator)
    page = upload(client, draft, "Kode OPD;Kode indikator;Peran\ndinkes;1;PIC\n")
    accept(client, period, page)
    body = {"token": page.context["plan"].token, "sealed": page.context["sealed"][:-2]}
    assert client.post(reverse("assignments_import", args=[draft.pk]), body).status_code == 302
    assert (kind_of(period, city.dinkes, "1"), kind_of(draft, city.dinkes, "1")) == ("support", "support")


def test_sheets_of_other_programs_are_read():
    known = names([(1, "dinkes", "Dinas Kesehatan", "Dinkes"), (2, "a-b", "X", "ab"), (3, "ab", "Y", "Y")])
    text = "OPD\tNo. indikator\tPenugasan\nDINKES\t35-1\tpenanggung jawab\nab\t2\ts\n"
    for data in (text.encode(), text.encode("utf-16"), text.encode("utf-8-sig"), text.encode("cp1252")):
        sheet = read(data, known, ["1", "2", "35-1"])
        assert (sheet.errors, dict(sheet.cells)) == ((), {(1, "35-1"): "pic", (3, "2"): "support"})
    twice = names([(1, "a", "Sama", "X"), (2, "b", "Sama", "Y")])
    assert read(b"OPD;Indikator;Peran\nSama;1;PIC\n", twice, ["1"]).errors == (
        LineError(2, "OPD “Sama” cocok dengan beberapa OPD. Pakai kodenya."),
    )


def test_a_file_may_bring_an_agency_into_a_running_period(login, city, period):
    late = Agency.objects.create(slug="bappeda", name="Badan Perencanaan", short_name="Bappeda", kind="badan")
    client = login(city.coordinator)
    page = upload(client, period, "Kode OPD;Kode indikator;Peran\nbappeda;13;PIC\n")
    assert "1 OPD baru mendapat penilaian" in page.content.decode()
    accept(client, period, page)
    assert Assessment.objects.get(period=period, agency=late).assigned_count == 1


def test_a_cancelled_period_still_gives_its_csv(login, city, period):
    workflow.cancel_period(period_id=period.pk, user=city.coordinator, reason="Salah.")
    response = login(city.coordinator).get(reverse("assignments_export", args=[period.pk]))
    assert response.content.count(b"\r\n") == 1 + 3 * 47


def test_reading_ends_where_a_file_can_only_repeat_itself():
    sheet = read(b"Kode OPD;Indikator;Peran\n" + b"dinkes;1;PIC\n" * 5_000, {"dinkes": {1}}, ["1", "2"])
    assert sheet.errors == (LineError(1_004, TOO_MANY),)
    assert sheet.cells == {(1, "1"): "pic"}
