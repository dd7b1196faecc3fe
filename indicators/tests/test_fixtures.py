"""The shipped instruments: whole, well formed, and loadable by Django's own loaddata."""

import json
from fractions import Fraction

import pytest
from django.core.management import call_command
from django.db import connection

from indicators.checks import problems
from indicators.models import EvidenceHint, Indicator, Instrument, LevelCriterion
from indicators.parts import flat, read_parts, shipped_files, shipped_parts, stored_parts
from indicators.tests.instruments import official, pemdi, seven, spbe_35

CODES = ["permenpanrb-59-2020", "spbe-47-7aspek"]
EVERY = ["permenpanrb-5-2018", "permenpanrb-59-2020", "permenpanrb-8-2026", "spbe-47-7aspek"]


COUNTS = {  # indicators (scored items), criteria
    "permenpanrb-5-2018": (37, 37 * 6),
    "permenpanrb-59-2020": (47, 47 * 5),
    "permenpanrb-8-2026": (20, 0),
    "spbe-47-7aspek": (47, 47 * 5),
}


def test_these_instruments_are_shipped():
    assert sorted(shipped_files()) == EVERY


@pytest.mark.parametrize("code", EVERY)
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


def test_spbe_35_has_3_domains_7_aspects_and_37_scored_items_of_35_indicators():
    spec, parts = spbe_35(), shipped_parts("permenpanrb-5-2018")
    assert (len(spec.domains), len(spec.aspects), len(spec.indicators)) == (3, 7, 37)
    assert len({indicator.group or indicator.code for indicator in parts.indicators}) == 35
    assert [(group.code, group.weight) for group in spec.domains] == [("1", 17), ("2", 28), ("3", 55)]
    assert [group.weight for group in spec.aspects] == [7, 10, 8, 8, 12, 35, 20]
    assert {indicator.code: indicator.weight for indicator in spec.indicators[31:]} == dict.fromkeys(
        ["32", "33", "34", "35-1", "35-2", "35-3"], Fraction(10, 3)
    )
    assert (spec.scale_min, spec.scale_max, spec.is_fractional, spec.level_if_missing) == (0, 5, False, 0)
    assert [(band.name, band.minimum) for band in spec.bands][:4] == [
        (band.name, band.minimum) for band in official().bands
    ][:4]
    assert (spec.bands[-1].name, spec.bands[-1].minimum) == ("Kurang", 0)


def test_pemdi_has_7_aspects_20_indicators_fractions_and_bounds_of_its_own():
    spec, parts = pemdi(), shipped_parts("permenpanrb-8-2026")
    assert (len(spec.domains), len(spec.aspects), len(spec.indicators)) == (0, 7, 20)
    assert [group.weight for group in spec.aspects] == [10, 10, 15, 15, 10, 15, 25]
    assert (spec.scale_min, spec.scale_max, spec.is_fractional, spec.level_if_missing) == (1, 5, True, 1)
    assert {band.name: str(band.minimum) for band in spec.bands} == {
        "Memuaskan": "4",
        "Sangat Baik": "7/2",
        "Baik": "5/2",
        "Cukup": "3/2",
        "Kurang": "1",
    }
    assert [row.name for row in parts.level_names] == ["Merintis", "Membangun", "Berkembang", "Melembaga", "Unggul"]
    assert [row.code for row in parts.indicators if row.external_source] == ["5", "6", "7", "18"]


def test_what_is_not_read_from_a_regulation_is_said():
    spbe, pemdi_20 = (shipped_parts(code).instrument for code in ("permenpanrb-5-2018", "permenpanrb-8-2026"))
    assert "hanya ringkasan" in spbe.caution
    assert "dicabut oleh PermenPANRB Nomor 59 Tahun 2020" in spbe.regulation_note
    for text in (pemdi_20.caution, pemdi_20.regulation_note, pemdi_20.source_note):
        assert "sumber sekunder" in text
        assert "dicocokkan" in text
    assert "Kriteria belum tersedia" in pemdi_20.caution
    assert [shipped_parts(code).instrument.caution for code in CODES] == ["", ""]


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


@pytest.mark.parametrize("code", EVERY)
def test_a_fixture_names_nothing_by_primary_key(code):
    entries = json.loads(shipped_files()[code].read_text("utf-8"))
    assert [entry for entry in entries if "pk" in entry] == []


@pytest.mark.django_db
@pytest.mark.parametrize("code", EVERY)
def test_loaddata_fills_an_empty_database_and_again_changes_nothing(code):
    assert Instrument.objects.count() == 0
    call_command("loaddata", code, verbosity=0)
    call_command("loaddata", code, verbosity=0)
    stored = stored_parts(Instrument.objects.get(code=code))
    assert flat(stored) == flat(shipped_parts(code))
    counts = (Indicator.objects.count(), LevelCriterion.objects.count(), EvidenceHint.objects.count())
    assert counts == (*COUNTS[code], len(stored.evidence_hints))
    assert problems(stored) == []


def test_reading_a_fixture_asks_no_database(monkeypatch):
    monkeypatch.setattr(connection, "ensure_connection", lambda: pytest.fail("asked the database"))
    assert len(read_parts(shipped_files()["spbe-47-7aspek"]).indicators) == 47
