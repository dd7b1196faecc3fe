"""The pages of past years: upload, check, choose the instrument, write, download, remove."""

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment, PemdaResult, Period, SheetDraft
from assessments.past import drafts, write
from assessments.past.plan import plan
from assessments.past.sheet import read
from assessments.tasks import sweep_sheets
from conftest import make_person
from spbe_portal.sheets import write_csv

HEAD = ["Tahun", "OPD", "Indikator", "Nilai mandiri", "Nilai hasil"]


def lines(year, slug, count=47, level="3"):
    return [[str(year), slug, str(code), "", level] for code in range(1, count + 1)]


def upload(client, rows, name="riwayat.csv"):
    file = io.BytesIO(write_csv(HEAD, rows))
    file.name = name
    return client.post(reverse("past_import"), {"file": file})


def bring_in(city, rows):
    table = [(line, row) for line, row in enumerate([HEAD, *rows], 1)]
    return write.apply(plan(read(table)), user=city.coordinator, file_name="riwayat.csv").periods[0]


def test_a_list_is_shown_before_it_is_written(city, instrument, login):
    client = login(city.coordinator)
    response = upload(client, [*lines(2023, ""), *lines(2023, "Dinkes", 5), ["2022", "", "1", "", "9"]])
    draft = SheetDraft.objects.get()
    assert response.url == reverse("past_review", args=[draft.pk])
    page = client.get(response.url)
    assert Period.objects.count() == 0
    text = page.content.decode()
    assert "Impor 1 tahun, 2 penilaian" in text
    assert "Dinkes: 3,00, 5 dari 5 terisi" in text
    assert "1 nilai bermasalah" in text
    wrong = client.get(response.url + "?hasil=wrong").content.decode()
    assert "tidak berlaku; isi dengan bilangan bulat 1 sampai 5." in wrong
    assert len(page.context["rows"]) == 53
    saved = client.post(response.url, {"aksi": "simpan", "token": page.context["plan"].token}, follow=True)
    assert "Riwayat 2023 tersimpan: 1 nilai Pemda dan 1 penilaian OPD, tanpa bukti." in saved.content.decode()
    assert PemdaResult.objects.get().index == 3
    assert not SheetDraft.objects.exists()
    assert client.get(response.url).url == reverse("past_import")


def test_the_instrument_of_a_year_is_chosen_on_the_page(city, instrument, login):
    client = login(city.coordinator)
    address = upload(client, [["2026", "", "1", "", "1,26"]]).url
    before = client.get(address)
    assert "Pilih instrumen yang dipakai tahun itu." in before.content.decode()
    stale = {"instrumen-2026": "permenpanrb-8-2026", "aksi": "simpan", "token": before.context["plan"].token}
    again = client.post(address, stale, follow=True)
    assert "Periksa kembali sebelum menyimpan." in again.content.decode()
    assert Period.objects.count() == 0
    client.post(address, {**stale, "token": again.context["plan"].token})
    assert Period.objects.get().instrument.code == "permenpanrb-8-2026"


def test_a_year_of_the_government_alone_says_so_everywhere(city, instrument, login):
    period = bring_in(city, lines(2023, ""))
    client = login(city.coordinator)
    for address in (
        reverse("period", args=[period.pk]),
        *(f"{reverse(name)}?periode={period.pk}" for name in ("results", "heat")),
    ):
        response = client.get(address)
        assert response.status_code == 200
        assert "Riwayat ini tanpa nilai OPD" in response.content.decode()


def test_a_file_that_is_no_list_says_so(city, instrument, login):
    client = login(city.coordinator)
    file = io.BytesIO(b"a;b\n1;2\n")
    file.name = "a.csv"
    response = client.post(reverse("past_import"), {"file": file})
    assert response.status_code == 422
    assert "Judul kolom tidak dikenali." in response.content.decode()


def test_somebody_elses_list_is_not_there(city, instrument, login):
    address = upload(login(city.coordinator), lines(2023, "")).url
    other = make_person("koordinator2", ("coordinator", city.dinkes))
    assert login(other).get(address).status_code == 404
    assert login(other).post(address, {"aksi": "simpan"}).status_code == 404
    assert Period.objects.count() == 0


def test_what_was_brought_in_goes_out_and_can_be_removed(city, instrument, login):
    period = bring_in(city, [*lines(2023, ""), *lines(2023, "Dinkes")])
    client = login(city.coordinator)
    out = client.get(reverse("past_export") + "?bentuk=csv")
    assert out.content.decode("utf-8-sig").splitlines()[:2] == [
        "Tahun;Instrumen;OPD;Indikator;Nilai mandiri;Nilai hasil",
        "2023;spbe-47-7aspek;;1;;3",
    ]
    assert client.get(reverse("past_export") + "?bentuk=templat").status_code == 200
    assert client.get(reverse("past_export") + "?bentuk=pdf").status_code == 404
    address = reverse("past_remove", args=[period.pk])
    assert address in client.get(reverse("period", args=[period.pk])).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Salah berkas."}).url == reverse("period_list")
    assert not Period.objects.exists()


def test_only_who_brought_it_in_may_remove_it(city, instrument, login):
    period = bring_in(city, lines(2023, ""))
    address = reverse("past_remove", args=[period.pk])
    other = make_person("koordinator2", ("coordinator", city.dinkes))
    assert login(other).get(address).status_code == 403
    assert login(city.verifier).get(address).status_code == 403
    Period.objects.update(is_imported=False)
    assert login(city.coordinator).get(address).status_code == 404


@pytest.mark.parametrize("name", ["period", "sheet", "results", "pemda", "heat", "determination", "answer", "roadmap"])
def test_every_page_of_it_says_what_it_is(city, instrument, login, name):
    period = bring_in(city, [*lines(2023, ""), *lines(2023, "Dinkes")])
    assessment = Assessment.objects.get()
    args = {"period": [period.pk], "sheet": [assessment.pk], "answer": [assessment.pk, "1"]}.get(name, [])
    query = "" if args else f"?periode={period.pk}"
    response = login(city.coordinator).get(reverse(name, args=args) + query)
    assert response.status_code == 200
    assert "riwayat impor" in response.content.decode().lower()
    assert "tanpa bukti" in response.content.decode()


def test_a_page_takes_no_more_values_than_it_can_write(city, instrument, login, monkeypatch):
    monkeypatch.setattr(drafts, "MOST", 46)
    response = upload(login(city.coordinator), lines(2023, ""))
    assert response.status_code == 422
    assert "lebih dari 46 nilai" in response.content.decode()
    assert not SheetDraft.objects.exists()


def test_a_list_that_nobody_confirmed_goes(city, instrument, login):
    client = login(city.coordinator)
    address = upload(client, lines(2023, "")).url
    sweep_sheets()
    assert client.get(address).status_code == 200
    SheetDraft.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    assert client.get(address).url == reverse("past_import")
    sweep_sheets()
    assert not SheetDraft.objects.exists()
