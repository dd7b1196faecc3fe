"""The instrument editor as its pages: one for each thing, problems in sight, two editors beside each other."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indicators.editor import changes, drafts, exchange
from indicators.editor.values import indicator_values, version_of
from indicators.models import Instrument


@pytest.fixture
def copied(city, instrument) -> Instrument:
    return drafts.copy(actor=city.coordinator, source=instrument, code="spbe-47-2027", name="SPBE 47 tahun 2027")


def part(instrument: Instrument, code: str, kind: str = "indikator") -> str:
    return reverse("instrument_part", args=[instrument.code, kind, code])


def typed(instrument: Instrument, code: str, **changed: str) -> dict[str, str]:
    held = indicator_values(changes.part_of(instrument, "indikator", code))
    return {**held, "version": str(version_of(held)), **changed}


def test_a_coordinator_copies_changes_and_publishes(login, city, instrument):
    client = login(city.coordinator)
    answer = client.post(f"/instrumen/{instrument.code}/salin/", {"name": "SPBE 47 tahun 2027", "code": "baru"})
    made = Instrument.objects.get(code="baru")
    assert answer.url == "/instrumen/baru/ubah/"
    client.post(part(made, "1"), typed(made, "1", weight="2,3"))
    page = client.get("/instrumen/baru/ubah/").content.decode()
    assert "Belum dapat diterbitkan: 3 hal perlu dibereskan." in page
    assert f'<a href="{part(made, "1", "aspek")}">Jumlah bobot indikator dalam aspek 1 adalah 14 bukan 13.</a>' in page
    assert "jumlah bobot <strong>101</strong> dari 100" in page
    assert "Terbitkan</button>" not in page
    client.post(part(made, "1"), typed(made, "1", weight="13/10", lalu="susunan"))
    page = client.get("/instrumen/baru/ubah/").content.decode()
    assert 'name="edits" value="2"' in page
    assert client.post("/instrumen/baru/terbitkan/", {"edits": "2"}).url == "/instrumen/baru/"
    made.refresh_from_db()
    assert made.is_draft is False


def test_nothing_typed_is_lost_when_it_cannot_be_kept(login, city, copied):
    body = typed(copied, "1", weight="banyak", name="Nama yang baru diketik")
    page = login(city.coordinator).post(part(copied, "1"), body).content.decode()
    assert "Tulis bobot sebagai bilangan atau pecahan, misalnya 2,75 atau 10/3." in page
    assert 'value="Nama yang baru diketik"' in page


def test_of_two_editors_the_second_sees_the_first_and_saves_again(login, city, copied):
    body = typed(copied, "1", short_name="Punya saya")
    changes.save_part(
        actor=city.admin, instrument_id=copied.pk, kind="indikator", code="1", typed={"short_name": "Punya mereka"}
    )
    client = login(city.coordinator)
    answer = client.post(part(copied, "1"), body)
    page = answer.content.decode()
    assert (answer.status_code, "<dd>Punya mereka</dd>" in page, "<dd>Punya saya</dd>" in page) == (409, True, True)
    body["version"] = str(version_of(indicator_values(changes.part_of(copied, "indikator", "1"))))
    assert f'value="{body["version"]}"' in page
    assert client.post(part(copied, "1"), body).status_code == 302


def test_what_is_published_offers_its_wording_only_and_asks_why(login, city, instrument):
    client = login(city.coordinator)
    page = client.get(part(instrument, "12")).content.decode()
    assert ('name="weight"' in page, 'name="question"' in page, 'name="criterion_3"' in page) == (False, True, True)
    body = typed(instrument, "12", question="Sejauh mana, menurut Anda?", weight="99")
    assert "Tulis alasannya." in client.post(part(instrument, "12"), body).content.decode()
    assert client.post(part(instrument, "12"), {**body, "reason": "Lebih jelas."}).status_code == 302
    stored = changes.part_of(instrument, "indikator", "12")
    assert (stored.question, stored.weight_numerator) == ("Sejauh mana, menurut Anda?", 5)


def test_a_draft_is_seen_by_its_editors_only(login, city, copied):
    for who, status in (("operator", 404), ("verifier", 404), ("leader", 404), ("coordinator", 200), ("admin", 200)):
        client = login(getattr(city, who))
        assert (who, client.get("/instrumen/spbe-47-2027/").status_code) == (who, status)
        assert ("SPBE 47 tahun 2027" in client.get("/instrumen/").content.decode()) == (status == 200)


def test_the_difference_is_shown_word_by_word(login, city, copied):
    changes.save_part(
        actor=city.coordinator, instrument_id=copied.pk, kind="indikator", code="1", typed={"weight": "10/3"}
    )
    page = login(city.coordinator).get("/instrumen/spbe-47-2027/perbedaan/").content.decode()
    assert "<del>1,3</del> menjadi <ins>10/3</ins>" in page


def test_a_file_taken_out_is_brought_in(login, city, instrument):
    client = login(city.admin)
    answer = client.get(f"/instrumen/{instrument.code}/berkas/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{instrument.code}.json"'
    file = SimpleUploadedFile("spbe.json", answer.content)
    assert client.post("/instrumen/impor/", {"file": file, "code": "kota-lain"}).url == "/instrumen/kota-lain/ubah/"
    page = client.post("/instrumen/impor/", {"file": SimpleUploadedFile("a.json", b"[]"), "code": "x"})
    assert "Berkas ini bukan instrumen yang diekspor dari portal SPBE." in page.content.decode()
    assert exchange.to_file(Instrument.objects.get(code="kota-lain")).count(b"indicators.indicator") == 47


def test_the_editor_costs_the_same_however_large_the_instrument(login, city, copied):
    client = login(city.coordinator)

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    urls = ["/instrumen/spbe-47-2027/ubah/", part(copied, "1"), "/instrumen/spbe-47-2027/perbedaan/"]
    many = [cost(url) for url in urls]
    copied.indicators.exclude(code__in=["1", "2"]).delete()
    assert [cost(url) for url in urls] == many
