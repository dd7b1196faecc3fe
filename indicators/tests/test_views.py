"""The instrument's page."""

import pytest
from django.urls import reverse

from indicators.models import Instrument
from indicators.parts import shipped_parts
from indicators.services import add_instrument, mark_in_use


@pytest.fixture
def person(django_user_model):
    return django_user_model.objects.create_user("tamu", name="Tamu")


def test_a_visitor_is_sent_to_the_log_in(client, instrument):
    answer = client.get(reverse("instrument", args=[instrument.code]))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))


def test_anyone_logged_in_reads_weights_criteria_and_what_is_in_force(client, person, instrument):
    client.force_login(person)
    text = client.get(reverse("instrument", args=[instrument.code])).content.decode()
    assert text.count('<details class="indicator">') == 47
    assert "Aspek 5. Manajemen SPBE dan Audit TIK" in text
    assert "11 indikator, bobot 16,5 %" in text
    assert "SPBE 47 dipakai untuk evaluasi nasional tahun 2021–2025" in text
    assert "pilihan pemerintah daerah" in text
    assert "Memuaskan 4,2 ke atas; Sangat Baik 3,5 sampai di bawah 4,2" in text
    assert "kalimat kami, bukan bagian peraturan" in text


def test_an_instrument_in_use_says_that_it_is_locked(client, person, instrument):
    client.force_login(person)
    page = reverse("instrument", args=[instrument.code])
    assert "susunan dan bobot terkunci" not in client.get(page).content.decode()
    mark_in_use(instrument)
    assert "susunan dan bobot terkunci" in client.get(page).content.decode()


def test_an_instrument_without_domains_or_criteria_says_so(client, person, db):
    add_instrument(shipped_parts("permenpanrb-8-2026"))
    client.force_login(person)
    text = client.get(reverse("instrument", args=["permenpanrb-8-2026"])).content.decode()
    assert "Domain 1" not in text
    assert "1 sampai 5, boleh pecahan" in text
    assert text.count('<p class="muted">Kriteria belum tersedia.</p>') == 20
    assert text.index('<div class="notice notice-warning instrument-caution">') < text.index("Susunan")
    assert "berasal dari sumber sekunder, bukan dari naskah peraturan" in text
    assert "Nilai berasal dari luar: skor Satu Data Indonesia (Bappenas)." in text


def test_an_unknown_instrument_is_not_found(client, person, db):
    client.force_login(person)
    assert client.get(reverse("instrument", args=["tidak-ada"])).status_code == 404


def test_a_page_of_any_length_asks_the_same_number_of_queries(
    client, person, instrument, django_assert_max_num_queries
):
    client.force_login(person)
    for code in Instrument.objects.values_list("code", flat=True):
        with django_assert_max_num_queries(13):
            client.get(reverse("instrument", args=[code]))


def test_the_page_is_only_read(login, city, instrument):
    client, page = login(city.outsider), reverse("instrument", args=[instrument.code])
    assert (client.head(page).status_code, client.post(page).status_code) == (200, 405)


def test_the_list_says_shape_scale_state_and_what_is_missing(login, city, instrument, django_assert_max_num_queries):
    client, page = login(city.outsider), reverse("instrument_list")
    mark_in_use(instrument)
    with django_assert_max_num_queries(10):
        answer = client.get(page)
    assert [(row.instrument.code, row.shape) for row in answer.context["rows"]] == [
        ("spbe-47-7aspek", "4 domain, 7 aspek, 47 indikator"),
        ("permenpanrb-5-2018", "3 domain, 7 aspek, 35 indikator (37 butir bernilai)"),
        ("permenpanrb-59-2020", "4 domain, 8 aspek, 47 indikator"),
        ("permenpanrb-8-2026", "7 aspek, 20 indikator"),
    ]
    text = answer.content.decode()
    assert text.count("terkunci</span>") == 1
    assert text.count("kriteria belum tersedia") == 1
    assert '1 sampai 5<span class="sub">boleh pecahan</span>' in text
    assert "berasal dari sumber sekunder" in text


def test_what_is_still_being_edited_is_listed_for_coordinators(login, city, instrument):
    Instrument.objects.filter(code="permenpanrb-59-2020").update(is_draft=True)
    shown = {
        person.username: len(login(person).get(reverse("instrument_list")).context["rows"])
        for person in (city.operator, city.coordinator)
    }
    assert shown == {city.operator.username: 3, city.coordinator.username: 4}
