"""Reading instruments: the same from the database and the file, in a fixed number of queries."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import DatabaseError

from indicators.models import EvidenceHint, Indicator, Instrument, LevelCriterion
from indicators.parts import shipped_parts, spec_of
from indicators.queries import (
    NotRelevantHint,
    get_spec,
    indicator_content,
    instrument_content,
    instrument_spec,
    level_names,
)
from indicators.scoring import exact_text, round_display, score
from indicators.services import add_instrument
from indicators.tests.instruments import official, published, seven


@pytest.fixture
def instrument(db):
    add_instrument(shipped_parts("spbe-47-7aspek"))
    return Instrument.objects.get()


def test_the_spec_of_the_database_is_that_of_the_file(instrument, django_assert_num_queries):
    with django_assert_num_queries(4):
        spec = instrument_spec(instrument)
    assert spec == seven()


def test_get_spec_takes_the_database_first_and_else_the_file(instrument):
    Instrument.objects.update(name="Milik kami")
    assert get_spec("spbe-47-7aspek").name == "Milik kami"
    assert get_spec("permenpanrb-59-2020") == official()
    assert get_spec("tidak-ada") is None


def test_get_spec_works_without_tables(monkeypatch):
    def no_table(*args, **kwargs):
        raise DatabaseError("no such table")

    monkeypatch.setattr(Instrument.objects, "filter", no_table)
    assert get_spec("spbe-47-7aspek") == seven()


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["permenpanrb-5-2018", "permenpanrb-8-2026"])
def test_the_tables_hold_instruments_of_other_shapes(code):
    """Level 0, weights of 10/3, items 35-1 to 35-3; no domains, fractional values, other bounds."""
    add_instrument(shipped_parts(code))
    stored = Instrument.objects.get()
    spec = instrument_spec(stored)
    assert spec == spec_of(shipped_parts(code))
    for record in published("results"):
        if record["instrument"] == code:
            assert str(round_display(score(spec, record["levels"]).index)) == record["index"]
    content = instrument_content(stored)
    assert [row.has_criteria for row in content.indicators] == [code == "permenpanrb-5-2018"] * len(spec.indicators)


@pytest.mark.django_db
def test_items_of_one_indicator_stand_in_order_with_their_group():
    add_instrument(shipped_parts("permenpanrb-5-2018"))
    content = instrument_content(Instrument.objects.get())
    last = content.indicators[-3:]
    assert [(row.code, row.group, row.weight) for row in last] == [
        (f"35-{n}", "35", Fraction(10, 3)) for n in (1, 2, 3)
    ]
    assert [row.level for row in last[0].ladder] == [0, 1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_an_instrument_without_domains_has_one_nameless_group():
    add_instrument(shipped_parts("permenpanrb-8-2026"))
    stored = Instrument.objects.get()
    assert exact_text(score(instrument_spec(stored), published("results")[-1]["levels"]).index) == "1.2415"
    (only,) = instrument_content(stored).domains
    assert (only.code, only.name, only.weight, len(only.aspects)) == ("", "", 100, 7)


def test_the_content_is_a_tree_in_seven_queries(instrument, django_assert_num_queries):
    with django_assert_num_queries(7):
        content = instrument_content(instrument)
    assert [len(domain.aspects) for domain in content.domains] == [1, 3, 1, 2]
    assert [row.code for row in content.indicators] == [str(n) for n in range(1, 48)]
    assert [aspect.code for aspect in content.aspects] == ["1", "2", "3", "4", "5", "6", "7"]
    assert content.domains[2].aspects[0].weight == Fraction("16.5")
    assert [(band.name, band.minimum, band.below) for band in content.bands] == [
        ("Memuaskan", Decimal("4.2"), None),
        ("Sangat Baik", Decimal("3.5"), Decimal("4.2")),
        ("Baik", Decimal("2.6"), Decimal("3.5")),
        ("Cukup", Decimal("1.8"), Decimal("2.6")),
        ("Kurang", Decimal("1"), Decimal("1.8")),
    ]


def test_a_ladder_names_levels_by_the_indicators_capability(instrument):
    content = instrument_content(instrument)
    process, service = content.indicators[0], content.indicators[46]
    assert [row.name for row in process.ladder] == [
        "Rintisan",
        "Terkelola",
        "Terdefinisi",
        "Terpadu dan Terukur",
        "Optimum",
    ]
    assert [row.name for row in service.ladder] == ["Informasi", "Interaksi", "Transaksi", "Kolaborasi", "Optimum"]
    assert level_names(instrument)["service", 3] == "Transaksi"


def test_a_level_brings_its_criterion_and_the_evidence_that_supports_it(instrument):
    row = instrument_content(instrument).indicators[0].ladder[2]
    criterion = LevelCriterion.objects.get(indicator__code="1", level=3)
    hint = EvidenceHint.objects.get(indicator__code="1", levels=[2, 3])
    assert (row.level, row.text, row.agency_text) == (3, criterion.text, criterion.agency_text)
    assert row.hints == (hint.text,)


def test_one_indicator_reads_like_its_part_of_the_whole(instrument, django_assert_num_queries):
    indicator = Indicator.objects.select_related("instrument").get(code="12")
    with django_assert_num_queries(3):
        content = indicator_content(indicator)
    assert content == instrument_content(instrument).indicators[11]


def test_hints_of_what_is_often_not_relevant_are_kind_and_reason(instrument):
    assert instrument_content(instrument).indicators[0].not_relevant_hints == (
        NotRelevantHint(
            "Kecamatan", "Umumnya tidak ikut menyusun kebijakan arsitektur dan hanya mengikuti aturan kota."
        ),
    )


def test_the_default_instrument_is_the_clients(instrument):
    assert Instrument.objects.get(is_default=True) == instrument
