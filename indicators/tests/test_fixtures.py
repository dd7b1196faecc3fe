"""The shipped instruments: whole, well formed, and loadable by Django's own loaddata."""

import json

import pytest
from django.core.management import call_command
from django.db import connection

from indicators.checks import problems
from indicators.models import EvidenceHint, Indicator, Instrument, LevelCriterion
from indicators.parts import flat, read_parts, shipped_files, shipped_parts, stored_parts
from indicators.tests.instruments import official, seven

CODES = ["permenpanrb-59-2020", "spbe-47-7aspek"]


def test_these_instruments_are_shipped():
    assert sorted(shipped_files()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_instrument_is_whole_and_carries_its_files_name(code):
    parts = shipped_parts(code)
    assert parts.instrument.code == code
    assert problems(parts) == []


@pytest.mark.parametrize("code", CODES)
def test_every_indicator_has_five_criteria_for_both_readings_and_evidence_for_every_level(code):
    parts = shipped_parts(code)
    for indicator in parts.indicators:
        criteria = [row for row in parts.criteria if row.indicator is indicator]
        assert [row.level for row in criteria] == [1, 2, 3, 4, 5], indicator.code
        assert all(row.text and row.agency_text for row in criteria), indicator.code
        hints = [row for row in parts.evidence_hints if row.indicator is indicator]
        assert {level for row in hints for level in row.levels} == {1, 2, 3, 4, 5}, indicator.code
        texts = [indicator.question, indicator.explanation, indicator.agency_explanation]
        assert all([*texts, indicator.fact_hint, indicator.analysis_hint, indicator.agency_evidence]), indicator.code


def test_the_shapes_are_4_8_47_and_4_7_47():
    assert [(len(spec.domains), len(spec.aspects), len(spec.indicators)) for spec in (official(), seven())] == [
        (4, 8, 47),
        (4, 7, 47),
    ]


def test_the_official_weights_are_the_regulations():
    assert {(aspect.code, str(aspect.weight)) for aspect in official().aspects} == {
        ("1", "13"),
        ("2", "10"),
        ("3", "10"),
        ("4", "5"),
        ("5", "12"),
        ("6", "9/2"),
        ("7", "55/2"),
        ("8", "18"),
    }
    assert sorted({str(float(indicator.weight)) for indicator in official().indicators}) == [
        "1.3",
        "1.5",
        "2.5",
        "2.75",
        "3.0",
    ]


def test_the_seven_aspects_join_management_and_audit_and_change_nothing_else():
    assert [aspect.name for aspect in seven().aspects] == [
        "Kebijakan Internal Tata Kelola SPBE",
        "Perencanaan Strategis SPBE",
        "Teknologi Informasi dan Komunikasi",
        "Penyelenggara SPBE",
        "Manajemen SPBE dan Audit TIK",
        "Layanan Administrasi Pemerintahan Berbasis Elektronik",
        "Layanan Publik Berbasis Elektronik",
    ]
    assert [(i.code, i.weight, i.domain) for i in seven().indicators] == [
        (i.code, i.weight, i.domain) for i in official().indicators
    ]
    assert seven().domains == official().domains
    assert seven().bands == official().bands


def test_the_texts_of_both_instruments_are_the_same():
    eight, grouped = (flat(shipped_parts(code)) for code in CODES)

    def texts(rows):
        moved = {"instrument", "aspect", "indicator"}
        return {
            (key[0], key[2:]): {name: value for name, value in values.items() if name not in moved}
            for key, values in rows.items()
            if key[0] in {"indicator", "levelcriterion", "evidencehint", "levelname", "predicateband"}
        }

    assert texts(eight) == texts(grouped)


def test_the_instruments_say_what_is_in_force_and_whose_grouping_it_is():
    for code in CODES:
        instrument = shipped_parts(code).instrument
        assert "2021–2025" in instrument.regulation_note
        assert "sumber sekunder" in instrument.regulation_note
        assert instrument.is_default is (code == "spbe-47-7aspek")
    help_text = shipped_parts("spbe-47-7aspek").instrument.help_text
    assert "pilihan pemerintah daerah" in help_text
    assert "sama persis" in help_text


@pytest.mark.parametrize("code", CODES)
def test_a_fixture_names_nothing_by_primary_key(code):
    entries = json.loads(shipped_files()[code].read_text("utf-8"))
    assert [entry for entry in entries if "pk" in entry] == []


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_loaddata_fills_an_empty_database_and_again_changes_nothing(code):
    assert Instrument.objects.count() == 0
    call_command("loaddata", code, verbosity=0)
    call_command("loaddata", code, verbosity=0)
    stored = stored_parts(Instrument.objects.get(code=code))
    assert flat(stored) == flat(shipped_parts(code))
    counts = (Indicator.objects.count(), LevelCriterion.objects.count(), EvidenceHint.objects.count())
    assert counts == (47, 235, len(stored.evidence_hints))
    assert problems(stored) == []


def test_reading_a_fixture_asks_no_database(monkeypatch):
    monkeypatch.setattr(connection, "ensure_connection", lambda: pytest.fail("asked the database"))
    assert len(read_parts(shipped_files()["spbe-47-7aspek"]).indicators) == 47
