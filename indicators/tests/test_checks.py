"""A broken instrument is named as such before it can be used."""

from decimal import Decimal

import pytest

from indicators.checks import problems, ready
from indicators.models import Instrument, LevelName
from indicators.parts import shipped_parts
from indicators.services import add_instrument


def parts():
    return shipped_parts("permenpanrb-5-2018")


def test_whole_instruments_have_no_problems():
    assert problems(shipped_parts("permenpanrb-5-2018")) == []
    assert problems(shipped_parts("permenpanrb-8-2026")) == []


def test_weights_that_do_not_total_100_are_named_at_every_level():
    broken = parts()
    broken.indicators[0].weight_numerator = 2
    assert problems(broken) == [
        "Jumlah bobot indikator 101, seharusnya 100.",
        "Jumlah bobot indikator dalam domain 1 adalah 18 bukan 17.",
        "Jumlah bobot indikator dalam aspek 1 adalah 8 bukan 7.",
    ]


def test_weights_moved_between_aspects_are_found_although_the_total_is_100():
    broken = parts()
    broken.indicators[0].aspect = broken.aspects[1]
    assert problems(broken) == [
        "Jumlah bobot indikator dalam aspek 1 adalah 6 bukan 7.",
        "Jumlah bobot indikator dalam aspek 2 adalah 11 bukan 10.",
    ]


def test_a_weight_of_nothing_is_found():
    broken = parts()
    broken.indicators[0].weight_numerator = 0
    broken.indicators[1].weight_numerator = 2
    assert problems(broken) == ["Bobot indikator 1 harus lebih dari 0."]


def test_an_aspect_without_indicators_is_found():
    broken = parts()
    for indicator in broken.indicators:
        if indicator.aspect.code == "3":
            indicator.aspect = broken.aspects[3]
    assert problems(broken) == [
        "Tidak ada indikator dalam aspek 3.",
        "Jumlah bobot indikator dalam aspek 4 adalah 16 bukan 8.",
    ]


def test_an_aspect_outside_every_domain_is_found():
    broken = parts()
    broken.aspects[0].domain = None
    assert "Aspek 1 tidak berada dalam domain." in problems(broken)


def test_rows_of_another_instrument_are_found():
    broken, other = parts(), parts()
    broken.aspects[0].domain = other.domains[0]
    broken.indicators[0].aspect = other.aspects[0]
    assert problems(broken) == [
        "Aspek 1 menunjuk domain instrumen lain.",
        "Indikator 1 menunjuk aspek instrumen lain.",
    ]


def test_an_instrument_without_indicators_or_bounds_is_not_whole():
    broken = parts()
    broken.indicators.clear()
    assert problems(broken) == ["Instrumen belum memiliki indikator."]
    broken = parts()
    broken.bands.clear()
    assert problems(broken) == ["Batas predikat belum ada."]


def test_an_index_without_predikat_is_found():
    broken = parts()
    broken.bands[-1].minimum = Decimal(1)
    assert problems(broken) == ["Indeks di bawah 1 tidak memiliki predikat."]


def test_a_bound_above_the_scale_is_found():
    broken = parts()
    broken.bands[0].minimum = Decimal("5.5")
    assert problems(broken) == ["Batas predikat Memuaskan di atas level tertinggi."]


def test_an_unnamed_level_and_a_missing_value_off_the_scale_are_found():
    broken = parts()
    broken.level_names.pop(0)
    broken.instrument.missing_level = 6
    assert problems(broken) == [
        "Nilai bagi indikator yang belum terisi berada di luar skala.",
        "Level 0 belum bernama untuk kapabilitas process.",
    ]


@pytest.mark.django_db
def test_a_stored_instrument_is_ready_until_a_level_loses_its_name():
    add_instrument(parts())
    instrument = Instrument.objects.get()
    assert ready(instrument) is True
    LevelName.objects.filter(level=3).delete()
    assert ready(instrument) is False
