"""Results of a period and lists of evidence as files: what is in them, who gets them, what is recorded."""

import csv
import io

import openpyxl
import pytest
from django.urls import reverse

from assessments.models import DocumentVersion
from audit.models import Event
from conftest import attach
from spbe_portal import sheets


def book_of(response) -> openpyxl.Workbook:
    assert response["Content-Type"] == sheets.XLSX
    return openpyxl.load_workbook(io.BytesIO(response.content))


def rows_of(sheet) -> list[dict]:
    head = [cell.value for cell in sheet[1]]
    return [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]


def csv_of(response) -> list[list[str]]:
    text = b"".join(response).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_results_hold_the_figures_and_every_level_of_each_agency(approved, period, city, login):
    response = login(city.coordinator).get(reverse("results_export", args=[period.pk]) + "?bentuk=xlsx")
    book = book_of(response)
    assert book.sheetnames == ["Hasil", "Level"]
    dinkes, diskominfo, dinsos = rows_of(book["Hasil"])
    assert [row["OPD"] for row in (dinkes, diskominfo, dinsos)] == [
        "Dinas Kesehatan",
        "Dinas Komunikasi dan Informatika",
        "Dinas Sosial",
    ]
    assert (dinkes["Status"], dinkes["Terisi"], dinkes["Indeks verifikasi"]) == ("Disetujui", 47, 3)
    assert (dinsos["Status"], dinsos["Indeks verifikasi"]) == ("Draf", None)
    levels = rows_of(book["Level"])
    assert [(row["OPD"], row["Nilai"]) for row in levels[:3]] == [
        ("Dinas Kesehatan", "Mandiri"),
        ("Dinas Kesehatan", "Verifikasi"),
        ("Dinas Komunikasi dan Informatika", "Mandiri"),
    ]
    assert (levels[0]["1"], levels[1]["47"], levels[2]["1"]) == (3, 3, "belum terisi")


def test_the_same_as_csv(approved, period, city, login):
    client = login(city.coordinator)
    address = reverse("results_export", args=[period.pk])
    results, levels = (
        csv_of(client.get(f"{address}?bentuk=csv")),
        csv_of(client.get(f"{address}?bentuk=csv&isi=level")),
    )
    assert results[1][:10] == ["Dinas Kesehatan", "Dinkes", "Dinas", "Disetujui", "47", "47", "3,00", "3", "3,00", "3"]
    assert levels[2][:3] == ["Dinas Kesehatan", "Verifikasi", "3"]


def test_everyone_gets_the_agencies_they_may_see(submitted, period, city, login):
    address = reverse("results_export", args=[period.pk])
    found = {}
    for user in (city.coordinator, city.verifier, city.leader):
        found[user.username] = [row["OPD"] for row in rows_of(book_of(login(user).get(address))["Hasil"])]
    assert found["koordinator"] == ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika", "Dinas Sosial"]
    assert found["verifikator"] == ["Dinas Kesehatan", "Dinas Komunikasi dan Informatika"]
    assert found["pimpinan"] == ["Dinas Kesehatan"]


@pytest.fixture
def hostile(assessment, city) -> DocumentVersion:
    """Evidence of Dinkes for two indicators, with a title that a program would compute."""
    first = attach(assessment.answers.get(indicator__code="1"), city.operator, "=HYPERLINK(1)")
    first.version.document.number = "+62"
    first.version.document.save()
    assessment.answers.get(indicator__code="3").evidence.create(version=first.version, added_by=city.operator)
    return first.version


def test_evidence_of_a_period_is_for_coordinators_and_recorded(hostile, period, city, login):
    address = reverse("period_evidence_export", args=[period.pk])
    for user in (city.operator, city.verifier, city.leader, city.admin):
        assert login(user).get(address).status_code == 403
    assert not Event.objects.filter(action="evidence.export").exists()
    first, second = rows_of(book_of(login(city.coordinator).get(address))["Bukti dukung"])
    assert (first["OPD"], first["Nomor"], first["Judul bukti"]) == ("Dinas Kesehatan", "1", "=HYPERLINK(1)")
    assert (first["SHA-256"], first["Ukuran (byte)"], first["Pemeriksaan virus"]) == ("0" * 64, 9, "Tidak diperiksa")
    assert (first["Dipakai juga pada indikator"], second["Dipakai juga pada indikator"]) == ("3", "1")
    event = Event.objects.get(action="evidence.export")
    assert (event.actor, event.subject_id, event.after) == (city.coordinator, str(period.pk), {"format": "xlsx"})


def test_nothing_in_the_files_is_computed(hostile, assessment, city, login):
    client = login(city.operator)
    address = reverse("evidence_export", args=[assessment.pk])
    sheet = book_of(client.get(address))["Bukti dukung"]
    assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    content = b"".join(client.get(f"{address}?bentuk=csv")).decode("utf-8-sig")
    assert content.splitlines()[1].split(";")[3:5] == ["'=HYPERLINK(1)", "'+62"]
    assert not Event.objects.filter(action="evidence.export").exists()


def test_files_take_the_same_queries_whatever_is_in_them(
    hostile, assessment, period, city, login, django_assert_max_num_queries
):
    client = login(city.coordinator)
    for answer in assessment.answers.exclude(indicator__code__in=["1", "3"])[:20]:
        answer.evidence.create(version=hostile, added_by=city.operator)
    with django_assert_max_num_queries(9):
        client.get(reverse("evidence_export", args=[assessment.pk]))
    with django_assert_max_num_queries(16):
        client.get(reverse("results_export", args=[period.pk]))


def test_another_form_is_not_found(assessment, city, login):
    assert (
        login(city.operator).get(reverse("evidence_export", args=[assessment.pk]) + "?bentuk=pdf").status_code == 404
    )
