"""Sentences of the government's reports: figures from the facts, and nothing where there is nothing."""

import re
from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from reports import narrative
from reports.documents import Index
from reports.documents.pemda import PemdaReport
from reports.tests.sample import spec
from reports.tests.sample_government import _facts, draft_pemda, final_pemda, levels
from spbe_portal.formatting import decimal_id, level_id, weight_id

CODES = [item.code for item in spec().indicators]
some_levels = st.dictionaries(st.sampled_from(CODES), st.integers(1, 5), max_size=47)


def report_of(fixed):
    return PemdaReport(**_facts(fixed, suggested=levels()), trend=final_pemda().trend, steps=())


def everything(report):
    """All that is said of a report, sentence by sentence."""
    said = [
        *narrative.summary(report), *narrative.parts(report.domains, "domain"), *narrative.levels(report),
        *narrative.agencies(report), *narrative.distribution(report), *narrative.trend(report),
        *narrative.way(report), *narrative.follow_ups(report),
    ]  # fmt: skip
    for aspect, rows in report.groups:
        said += narrative.fulfilment(report, aspect, rows)
    return said


def figures(report):
    """Every figure the facts hold, as it is written."""
    scores = [line.index.value for line in report.scored_agencies]
    exact = [
        report.index.value, report.suggested_index.value, report.last_index.value, report.external_index.value,
        report.target, report.gap, report.change, report.index.value - report.external_index.value,
        *(band.minimum for band in report.bands), *(band.minimum - report.index.value for band in report.bands),
        *(getattr(part, name) for part in (*report.domains, *report.aspects)
          for name in ("value", "last_value", "change")),
        *(row.index.value for row in report.trend), report.trend[-1].index.value - report.trend[1].index.value,
        *scores, narrative.median(sorted(scores)),
        report.way.start, report.way.target, report.way.index,
    ]  # fmt: skip
    counts = {
        report.determined, report.total, report.undetermined, len(report.strengths), len(report.weaknesses),
        report.determined - len(report.strengths) - len(report.weaknesses), len(report.agencies),
        len(report.agencies) - report.agencies_in("cancelled"), report.agencies_approved,
        *(count for _, count in report.band_counts), *(count for _, count in report.state_counts),
        len(scores), len(report.agencies) - report.agencies_in("cancelled") - len(scores),
        len(report.way.rises), report.way.reached, len(report.follow_ups), report.open_follow_ups,
        len(report.follow_ups) - report.open_follow_ups, report.late_follow_ups, report.year, report.last_year,
        *(row.year for row in report.trend), *(len(rows) for _, rows in report.groups), *range(1, 6),
        *(sum(row.level is not None and row.level >= least for row in rows)
          for _, rows in report.groups for least in (2, 3)),
    }  # fmt: skip
    weights = {weight_id(part.weight).removesuffix(" %") for part in report.aspects}
    return {decimal_id(abs(value)) for value in exact if value is not None} | {str(n) for n in counts} | weights


@given(some_levels)
@settings(max_examples=25, deadline=None)
def test_every_figure_in_a_sentence_is_one_of_the_facts(fixed):
    report = report_of(fixed)
    known = figures(report)
    for sentence in everything(report):
        # The name of a plan and the codes of indicators are no figures.
        told = re.sub(r"^Indikator [\d, dan]+ belum", "", sentence.replace(report.way.plan, ""))
        for figure in re.findall(r"\d+(?:,\d+)?", told):
            assert figure in known, sentence


@given(some_levels)
@settings(max_examples=25, deadline=None)
def test_sentences_are_whole(fixed):
    for sentence in everything(report_of(fixed)):
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert "None" not in sentence
        assert "  " not in sentence


@given(some_levels)
@settings(max_examples=25, deadline=None)
def test_high_between_and_low_are_all_that_is_determined(fixed):
    report = report_of(fixed)
    said = narrative.levels(report)
    if not fixed:
        assert said == ()
        return
    counts = [int(number) for number in re.findall(r"(\d+) pada level", said[0])]
    assert sum(counts) == len(fixed)
    assert 0 not in counts


def test_there_is_no_sentence_for_an_empty_group():
    report = final_pemda()
    assert narrative.fulfilment(report, report.aspects[0], ()) == ()
    assert narrative.parts((), "domain") == ()
    nothing = replace(report, agencies=(), follow_ups=())
    assert (narrative.agencies(nothing), narrative.distribution(nothing)) == ((), ())


def test_an_aspect_states_weight_value_change_and_counts():
    report = final_pemda()
    aspect, rows = report.groups[0]
    assert narrative.fulfilment(report, aspect, rows) == (
        "Aspek ini berbobot 13 % dari indeks dan memuat 10 indikator.",
        f"Nilainya {decimal_id(aspect.value)}, naik {decimal_id(aspect.change)} dari tahun 2024 "
        f"({decimal_id(aspect.last_value)}).",
        f"{sum(row.level >= 2 for row in rows)} dari 10 indikator memenuhi kriteria level 2 atau lebih dan "
        f"{sum(row.level >= 3 for row in rows)} mencapai level 3 yang ditargetkan instrumen.",
    )


def test_what_is_not_determined_is_named_and_no_change_is_said():
    report = draft_pemda()
    aspect, rows = report.groups[0]
    said = " ".join(narrative.fulfilment(report, aspect, rows))
    assert "Indikator 6, 7, 8, 9, dan 10 belum ditetapkan dan dihitung sebagai level 1." in said
    assert "naik" not in said
    summary = " ".join(narrative.summary(report))
    assert "Indeks sementara" in summary
    assert "9 indikator belum ditetapkan dan dihitung sebagai level 1." in summary
    assert "Indeks sementara bukan hasil penilaian." in summary
    assert (report.index.predicate in summary.split("Indeks tahun")[0], "target" in summary) == (False, False)
    assert "Dibandingkan" not in summary


def test_another_instruments_index_is_not_compared():
    said = " ".join(narrative.summary(replace(final_pemda(), last_comparable=False)))
    assert "berasal dari instrumen lain sehingga tidak dibandingkan." in said
    assert "naik" not in said


def test_a_target_is_met_missed_or_passed():
    report = final_pemda()
    for value, told in (
        (Fraction("3.40"), "Jarak ke target 3,60 (Sangat Baik) masih 0,20."),
        (Fraction("3.60"), "Target 3,60 tercapai."),
        (Fraction("3.75"), "Target 3,60 tercapai dan terlampaui 0,15."),
    ):
        assert told in narrative.gap(replace(report, index=Index(value, "Baik")))


def test_the_way_names_its_start_its_aim_and_what_it_reaches():
    report = draft_pemda()
    way = report.way
    assert narrative.way(report) == (
        f"Dari hasil Pemda 2024 ({decimal_id(way.start)}), target 3,60 tercapai dengan upaya terkecil bila "
        f"{len(way.rises)} indikator naik; indeksnya menjadi {decimal_id(way.index)} ({way.predicate}).",
    )
    beyond = replace(report, way=replace(way, aim="Memuaskan", target=Fraction("4.2")))
    assert "predikat Memuaskan (4,20) tercapai" in narrative.way(beyond)[0]
    unreachable = replace(report, way=replace(way, index=None, rises=()))
    assert "tidak dapat dicapai walau semua indikator naik ke level tertinggi." in narrative.way(unreachable)[0]
    assert "belum dihitung" in narrative.way(replace(report, way=None))[0]


def test_a_plan_says_how_much_of_it_is_reached():
    report = final_pemda()
    begun = replace(report, way=replace(report.way, start=Fraction(3)))
    assert narrative.way(begun)[1] == f"1 dari {len(report.way.rises)} kenaikan tercapai menurut nilai Pemda."


def test_a_plan_that_starts_from_this_index_is_only_named():
    assert len(narrative.way(final_pemda())) == 1


def test_closed_follow_ups_are_told_where_there_are_any():
    report = final_pemda()
    assert narrative.follow_ups(report) == (
        "4 tindak lanjut dicatat: 3 terbuka dan 1 ditutup.",
        "1 melewati tenggat.",
    )
    assert narrative.follow_ups(replace(report, follow_ups=report.follow_ups[:1])) == (
        "1 tindak lanjut dicatat: 1 terbuka.",
    )


def test_the_trend_is_told_since_the_instrument_changed():
    said = narrative.trend(final_pemda())
    assert said[0] == "Indeks final naik 0,54 dari 2,64 pada tahun 2023 menjadi 3,18 pada tahun 2025."
    assert said[1] == "Instrumen berganti pada tahun 2023; nilai sebelum dan sesudahnya tidak dibandingkan."


def test_the_distribution_names_no_agency():
    report = final_pemda()
    said = " ".join((*narrative.distribution(report), *narrative.agencies(report)))
    assert [line.name for line in report.agencies if line.name in said] == []


def test_things_are_listed_as_indonesian_does():
    assert [narrative.listed(["a", "b", "c"][:count]) for count in range(4)] == ["", "a", "a dan b", "a, b, dan c"]


def test_the_levels_between_are_named_for_whole_and_other_scales():
    report = final_pemda()
    assert "pada level 3" in narrative.levels(report)[0]
    assert f"pada level di antara {level_id(2)} dan {level_id(5)}" in narrative.levels(replace(report, scale_max=6))[0]
