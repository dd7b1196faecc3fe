"""Past years from a list: what is read, what is shown before, what is written, and what goes out again."""

from datetime import date
from fractions import Fraction
from io import BytesIO, StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Answer, Assessment, Determination, Evidence, PemdaResult, Period, Result, Review
from assessments.past import export, write
from assessments.past.plan import plan
from assessments.past.sheet import Entry, code_of, level_of, read, year_of
from assessments.queries.last_year import last_year_of
from assessments.queries.pemda import board
from assessments.queries.results import result_rows
from assessments.queries.sheet import sheet
from assessments.queries.trend import trend
from assessments.specs import spec_of
from audit.models import Event
from audit.verification import verify
from conftest import make_person
from indicators.scoring import score
from spbe_portal import sheets
from spbe_portal.lists import WRONG
from spbe_portal.sheets import Unreadable, write_csv


def table(*rows):
    return [(number, list(row)) for number, row in enumerate(rows, 1)]


def government(year=2023, level="3", **other):
    """47 lines of the government's levels."""
    return [[str(year), "", str(code), "", other.get(f"i{code}", level)] for code in range(1, 48)]


HEAD = ["Tahun", "OPD", "Indikator", "Nilai mandiri", "Nilai hasil"]


def planned(*rows, **options):
    return plan(read(table(HEAD, *rows)), **options)


# --- Reading -------------------------------------------------------------------------------------------


def test_a_line_a_value():
    found = read(
        table(
            ["No", "Tahun", "Nama OPD", "Nomor indikator", "Nilai", "Bobot", "Warna"],
            ["1", "2023", "Dinkes", "12", "3"],
        )
    )
    assert found.entries == [Entry(2, "2023", "Dinkes", "12", None, "3")]
    assert found.ignored == ["Warna"]


def test_a_column_a_year():
    found = read(table(["Judul"], ["No", "Nama indikator", "2022", "Nilai 2023"], ["1", "Arsitektur", "2", "3"]))
    assert found.entries == [
        Entry(3, "2022", "", "1", None, "2", name="Arsitektur"),
        Entry(3, "2023", "", "1", None, "3", name="Arsitektur"),
    ]


def test_a_recapitulation_as_cities_keep_it():
    """Titles, a heading over merged cells, lines of domains, aspects and the index, notes at the foot."""
    found = read(
        table(
            ["REKAPITULASI NILAI SPBE"],
            ["No", "Domain / Aspek / Indikator", "Bobot", "Nilai", "", "Keterangan"],
            ["", "", "", "2022", "2023", ""],
            ["I", "Domain Kebijakan Internal SPBE", "", "2,50", "3,00"],
            ["", "Aspek 1 - Kebijakan Internal", "13", "2,50", "3,00"],
            ["1", "Arsitektur SPBE", "1,30", "2,00", "3,00"],
            ["", "INDEKS SPBE", "", "2,41", "2,63"],
            ["", "Predikat", "", "Cukup", "Baik"],
            ["", "Sumber: LHE", "", "", ""],
        )
    )
    assert found.entries == [
        Entry(6, "2022", "", "1", None, "2,00", name="Arsitektur SPBE"),
        Entry(6, "2023", "", "1", None, "3,00", name="Arsitektur SPBE"),
    ]


def test_the_number_stands_in_either_column_or_in_none():
    lists = [
        table(["No", "Indikator", "2022", "2023"], ["1", "Arsitektur SPBE", "2", "3"]),
        table(["No", "Indikator", "2022", "2023"], ["9", "12. Peta Rencana SPBE", "2", "3"]),
        table(["Nama indikator", "2022", "2023"], ["Peta Rencana SPBE", "2", "3"]),
        table(["No", "Tahun", "Indikator", "Nilai"], ["1", "2022", "Peta Rencana SPBE", "2"]),
    ]
    first = [read(each).entries[0] for each in lists]
    assert [(entry.indicator, entry.name) for entry in first] == [
        ("1", "Arsitektur SPBE"),
        ("12. Peta Rencana SPBE", ""),
        ("", "Peta Rencana SPBE"),
        ("", "Peta Rencana SPBE"),
    ]


def test_a_heading_over_merged_cells():
    codes = read(table(["Tahun", "OPD", "Indikator", ""], ["", "", "1", "2"], ["2023", "Dinkes", "2", "3"]))
    assert [(entry.indicator, entry.result) for entry in codes.entries] == [("1", "2"), ("2", "3")]
    kinds = read(table(["Tahun", "Indikator", "Nilai", ""], ["", "", "Mandiri", "Hasil"], ["2023", "1", "3", "2"]))
    assert kinds.entries == [Entry(3, "2023", "", "1", "3", "2")]


def test_a_column_an_indicator():
    found = read(table(["No", "Tahun", "OPD", "I1", "Indikator 2", "35-2"], ["1", "2023", "Dinkes", "2", "3", ""]))
    assert found.entries == [
        Entry(2, "2023", "Dinkes", "1", None, "2"),
        Entry(2, "2023", "Dinkes", "2", None, "3"),
        Entry(2, "2023", "Dinkes", "35-2", None, ""),
    ]


def test_a_list_without_known_headings_is_refused():
    with pytest.raises(Unreadable) as refused:
        read(table(["Nama", "Alamat"], ["a", "b"]))
    assert str(refused.value).startswith("Judul kolom tidak dikenali.")


@pytest.mark.parametrize(
    ("text", "level"),
    [("3", "3"), ("3,0", "3"), ("1,26", "1.26"), ("Level 4", "4"), ("", ""), ("tiga", None), ("3.145", None)],
)
def test_levels_as_people_write_them(text, level):
    assert level_of(text) == level


def test_years_and_codes_as_people_write_them():
    assert [year_of(text) for text in ("2023", "Tahun 2023", "TA 2023/", "23", "12023")] == [
        2023,
        2023,
        2023,
        None,
        None,
    ]
    assert [code_of(text) for text in ("12", "Indikator 12", "I07", "12. Peta rencana", "35-2", "x")] == [
        "12",
        "12",
        "7",
        "12",
        "35-2",
        "x",
    ]


# --- What it would become -------------------------------------------------------------------------------


def test_a_name_finds_its_indicator_and_one_beside_a_wrong_number_is_refused(city, instrument):
    rows = [["Arsitektur SPBE", "2"], ["Manajemen SPBE dan Audit TIK", "2,5"], ["Sesuatu yang lain sama sekali", "2"]]
    found = plan(read(table(["Nama indikator", "2023"], *rows)))
    assert [(row.about, row.problems) for row in found.rows] == [
        ("Indikator 11", []),
        ("Domain atau aspek, dilewati", []),
        ("", ["“Sesuatu yang lain sama sekali” bukan nama indikator pada SPBE 47, 7 aspek."]),
    ]
    several = plan(read(table(["No", "Nama indikator", "2022", "2023"], ["11", "Arsitektur SPBE", "2", "3"]))).rows[0]
    assert (several.name, several.about) == ("Pemerintah daerah", "Indikator 11")
    assert several.changes == [["2022", None, "2"], ["2023", None, "3"]]
    crossed = [["1", "Peta Rencana SPBE", "2"], ["45", "Layanan parkir kota", "2"]]
    found = plan(read(table(["No", "Nama indikator", "2023"], *crossed)))
    assert [row.problems for row in found.rows] == [
        ["Nama “Peta Rencana SPBE” adalah nama indikator 12, bukan 1."],
        [],
    ]


def test_the_instrument_is_the_one_cities_used_then(city, instrument):
    found = planned(["2019", "", "1", "", "3"], ["2023", "", "1", "", "3"], ["2026", "", "1", "", "3"])
    assert [year.instrument and year.instrument.code for year in found.years] == [
        "permenpanrb-5-2018",
        "spbe-47-7aspek",
        None,
    ]
    assert found.years[2].conflict == "Pilih instrumen yang dipakai tahun itu."
    assert [year.year for year in found.ready] == [2019, 2023]
    chosen = planned(["2026", "", "1", "", "3"], chosen={2026: "permenpanrb-8-2026"})
    assert chosen.ready[0].instrument.code == "permenpanrb-8-2026"


def test_every_line_that_cannot_be_taken_says_why_and_keeps_its_year_out(city, instrument):
    found = planned(
        ["2023", "", "1", "", "6"],
        ["2023", "Dinas Ghaib", "1", "", "3"],
        ["2023", "", "48", "", "3"],
        ["2023", "", "2", "", "3"],
        ["2023", "", "2", "", "3"],
        ["", "", "2", "", "3"],
        ["2017", "", "2", "", "3"],
        ["2022", "", "2", "", "–"],
        ["2021", "", "2", "", "3"],
    )
    assert [row.problems for row in found.rows if row.outcome == WRONG] == [
        ["Level '6' pada indikator 1 tidak berlaku; isi dengan bilangan bulat 1 sampai 5."],
        ["OPD “Dinas Ghaib” tidak dikenal. Tambahkan dahulu OPD itu."],
        ["Indikator “48” tidak ada pada SPBE 47, 7 aspek."],
        ["Indikator 2 sudah ada pada baris 5."],
        ["Tahun kosong."],
        [f"Tahun 2017 bukan tahun riwayat (2018 sampai {date.today().year})."],
        ["Indikator 2: nilai Pemda tidak dapat dikeluarkan dari hitungan."],
    ]
    assert [year.year for year in found.ready] == [2021]


def test_what_is_left_out_does_not_count_and_what_is_empty_counts_as_the_lowest(city, instrument):
    group = (
        planned(["2023", "Dinkes", "1", "", "3"], ["2023", "Dinkes", "2", "", "-"], ["2023", "Dinkes", "3", "", ""])
        .ready[0]
        .groups[0]
    )
    assert group.assigned == ["1", "3"]
    assert (group.answered, group.missing) == (1, 1)
    assert group.score.index == 2  # 3 and the lowest level, of equal weight
    assert group.own_score is None


def test_planning_costs_the_same_for_one_and_for_many(city, instrument, django_assert_num_queries):
    planned(["2023", "", "1", "", "3"])
    with django_assert_num_queries(7):
        planned(["2023", "", "1", "", "3"])
    with django_assert_num_queries(7):
        planned(
            *government(2022), *government(2023), *[["2023", "Dinkes", str(code), "2", "3"] for code in range(1, 48)]
        )


# --- Writing --------------------------------------------------------------------------------------------


def brought_in(city, *rows, **options):
    return write.apply(planned(*rows, **options), user=city.coordinator, file_name="riwayat.csv")


@pytest.fixture
def past(city, instrument):
    """2023: the government at 3 but for an empty first indicator, Dinkes with both values, Dinsos with its own."""
    rows = government(2023)
    rows[0][4] = ""
    rows += [["2023", "Dinkes", str(code), "4", "3"] for code in range(1, 48)]
    rows += [["2023", "Dinsos", "1", "4", ""], ["2023", "Dinsos", "2", "2", ""]]
    return brought_in(city, *rows)


def test_a_year_becomes_a_final_imported_period(past, city, instrument):
    period = Period.objects.get()
    assert (period.name, period.status, period.is_imported) == ("Riwayat impor 2023, tanpa bukti", "final", True)
    assert (past.assessments, past.governments) == (2, 1)
    result = PemdaResult.objects.get()
    spec = spec_of(instrument)
    assert result.index == score(spec, {str(code): 3 for code in range(2, 48)}).index
    assert result.snapshot["score"]["answered"] == 46
    assert result.snapshot["indicators"][0]["level"] is None
    assert board(period).is_locked
    dinkes = Result.objects.get(assessment__agency=city.dinkes)
    assert (dinkes.is_complete, Fraction(dinkes.verified_exact), Fraction(dinkes.self_exact)) == (True, 3, 4)
    assert dinkes.snapshot["indicators"][0]["verified_level"] == "3"
    dinsos = Result.objects.get(assessment__agency=city.dinsos)
    assert (dinsos.is_complete, dinsos.verified_exact, Fraction(dinsos.self_exact)) == (False, "", 3)


def test_nothing_is_made_up(past):
    assert Review.objects.count() == 0
    assert Evidence.objects.count() == 0
    assert not Answer.objects.exclude(fact="", analysis="").exists()
    assert not Assessment.objects.exclude(round=0, submitted_at=None, approved_at=None, approved_by=None).exists()


def test_one_event_a_period_and_assessment_and_the_chain_holds(past, city):
    told = Event.objects.filter(action__in=["period.import", "assessment.import", "pemda.finalise"])
    assert sorted(told.values_list("action", flat=True)) == [
        "assessment.import",
        "assessment.import",
        "pemda.finalise",
        "period.import",
    ]
    assert told.get(action="period.import").after["levels"]["2"] == "3"
    assert verify().problems == ()


def test_a_list_without_own_values_shows_none(city, instrument):
    brought_in(city, *[["2023", "Dinkes", str(code), "", "3"] for code in range(1, 48)])
    assessment = Assessment.objects.select_related("period__instrument", "agency").get()
    shown = sheet(assessment, rights_of(city.coordinator))
    assert (shown.own.index, shown.verified.index) == (None, 3)
    assert {row.state.text for row in shown.rows} == {"Riwayat impor"}
    row = result_rows(assessment.period, rights_of(city.leader))[0]
    assert (row.self_index, row.verified_index) == (None, 3)


def test_the_year_after_sees_it_as_last_years(past, period, assessment, city):
    answer = assessment.answers.select_related("indicator").get(indicator__code="5")
    last = last_year_of(assessment, [answer])[answer.pk]
    assert (last.year, last.self_level, last.verified_level, last.level) == (2023, 4, 3, 3)
    assert [point.year for point in trend()] == [2023]
    rows = board(period).rows
    assert (rows[0].last, rows[1].last) == (None, 3)


def test_a_year_that_is_there_is_not_brought_in_again(past, city):
    found = planned(*government(2023), *government(2022))
    assert [year.year for year in found.ready] == [2022]
    assert found.years[1].conflict == (
        "Tahun 2023 sudah ada: periode “Riwayat impor 2023, tanpa bukti”. Tidak diimpor lagi. Untuk menggantinya, "
        "hapus dahulu riwayat itu dari halaman periodenya."
    )


def test_only_what_was_shown_is_written(city, instrument):
    shown = planned(*government(2023))
    other = planned(*government(2023, level="4"))
    with pytest.raises(Stale):
        write.apply(other, user=city.coordinator, file_name="a.csv", token=shown.token)
    with pytest.raises(Invalid):
        write.apply(planned(["2023", "", "1", "", "9"]), user=city.coordinator, file_name="a.csv")
    with pytest.raises(PermissionDenied):
        write.apply(shown, user=city.verifier, file_name="a.csv")
    assert Period.objects.count() == 0


def test_the_number_of_statements_grows_with_the_batches_not_with_the_agencies(city, instrument, monkeypatch):
    from django.test.utils import CaptureQueriesContext

    def cost(year, slugs):
        rows = [[str(year), slug, str(code), "", "3"] for slug in slugs for code in (1, 2, 3)]
        found = planned(*rows)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            write.apply(found, user=city.coordinator, file_name="a.csv")
        return len(asked)

    cost(2021, ["dinkes"])
    assert cost(2022, ["dinkes"]) == cost(2023, ["dinkes", "dinsos", "diskominfo"])


# --- Taking away -----------------------------------------------------------------------------------------


def test_who_brought_it_in_can_take_it_away_while_nothing_builds_on_it(past, city):
    period = Period.objects.get()
    other = make_person("koordinator2", ("coordinator", city.dinkes))
    with pytest.raises(PermissionDenied):
        write.remove(period_id=period.pk, user=other, reason="Keliru.")
    with pytest.raises(Invalid):
        write.remove(period_id=period.pk, user=city.coordinator, reason=" ")
    write.remove(period_id=period.pk, user=city.coordinator, reason="Salah berkas.")
    assert (Period.objects.count(), Result.objects.count(), Determination.objects.count()) == (0, 0, 0)
    assert Event.objects.get(action="period.remove_import").reason == "Salah berkas."
    assert verify().problems == ()
    assert planned(*government(2023)).ready


def test_what_is_built_on_stays(past, city):
    period = Period.objects.get()
    PemdaResult.objects.update(revision=2)
    with pytest.raises(WrongState):
        write.remove(period_id=period.pk, user=city.coordinator, reason="Salah.")
    assert Period.objects.exists()


def test_no_move_is_made_on_it(past, city):
    period = Period.objects.get()
    for pk in Assessment.objects.values_list("pk", flat=True):
        with pytest.raises(WrongState):
            workflow.reopen(assessment_id=pk, user=city.coordinator, reason="Perbaiki.")
    with pytest.raises(WrongState):
        workflow.reopen_pemda(period_id=period.pk, user=city.coordinator, reason="Perbaiki.")


# --- Out and in again ------------------------------------------------------------------------------------


def test_out_in_and_out_again_is_the_same_to_the_byte(past, city):
    rows = list(export.rows())
    rows.append([2022, "permenpanrb-8-2026", "dinsos", "1", "", "1,26"])
    out = write_csv(export.HEAD, rows)
    write.remove(period_id=Period.objects.get().pk, user=city.coordinator, reason="Pindah.")
    entries = read(sheets.read(BytesIO(out), "riwayat.csv", len(out)))
    write.apply(plan(entries), user=city.coordinator, file_name="riwayat.csv")
    again = write_csv(export.HEAD, sorted(export.rows(), key=lambda row: -row[0]))
    assert again == out


# --- The command -----------------------------------------------------------------------------------------


def run(path, *args):
    out, err = StringIO(), StringIO()
    call_command("import_history", str(path), *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_shows_first_and_writes_when_told(city, instrument, tmp_path):
    path = tmp_path / "riwayat.csv"
    rows = [*government(2023), ["2022", "", "1", "", "9"], ["2026", "dinkes", "1", "", "2"]]
    path.write_bytes(write_csv(HEAD, rows))
    out, err = run(path)
    assert out.splitlines() == [
        "2022 (SPBE 47, 7 aspek) tidak diimpor: 1 nilai bermasalah",
        "2023 (SPBE 47, 7 aspek): 0 OPD, indeks Pemda 3,00 (47 dari 47 indikator)",
        "2026 (tanpa instrumen) tidak diimpor: Pilih instrumen yang dipakai tahun itu.",
        "  baris 49: Level '9' pada indikator 1 tidak berlaku; isi dengan bilangan bulat 1 sampai 5.",
        "Belum ada yang disimpan. Ulangi dengan --apply untuk menyimpan.",
    ]
    assert err == "Memeriksa nilai: 49 dari 49\n"
    assert Period.objects.count() == 0
    out, err = run(path, "--apply", "--instrument", "permenpanrb-8-2026")
    assert "Menyimpan penilaian: 1 dari 1\n" in err
    assert {period.year: period.instrument.code for period in Period.objects.select_related("instrument")} == {
        2026: "permenpanrb-8-2026"
    }
    run(path, "--apply", "--user", "koordinator")
    assert PemdaResult.objects.get().index == 3


def test_the_command_says_what_is_wrong(city, instrument, tmp_path):
    path = tmp_path / "riwayat.csv"
    with pytest.raises(CommandError, match="tidak dapat dibuka"):
        run(path)
    path.write_text("a;b\n1;2\n")
    for args, said in (
        ((), "Judul kolom tidak dikenali"),
        (("--instrument", "lain"), "Instrumen lain tidak ada"),
        (("--apply", "--user", "tamu"), "Tidak ada koordinator bernama tamu"),
    ):
        with pytest.raises(CommandError, match=said):
            run(path, *args)
