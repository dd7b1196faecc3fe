"""`load_instruments`, `compute_index` and `plan_roadmap` as they are called from the shell."""

import io
import json
import os
import subprocess
import sys
from fractions import Fraction

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from indicators.models import Indicator, Instrument
from indicators.scoring import score
from indicators.tests.instruments import published, shipped_spec

SHIPPED = ["permenpanrb-5-2018", "permenpanrb-59-2020", "permenpanrb-8-2026", "spbe-47-7aspek"]

# --- load_instruments ------------------------------------------------------------------------------


def load(**options):
    out, err = io.StringIO(), io.StringIO()
    call_command("load_instruments", stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_absent_instruments_are_added_and_a_second_start_is_silent(django_assert_num_queries):
    assert load() == (
        "".join(f"Instrumen {code} ditambahkan.\n" for code in SHIPPED) + "187 pemetaan indikator ditambahkan.\n",
        "",
    )
    with django_assert_num_queries(1 + 4 * 7 + 4):  # of the mappings two, in a transaction
        assert load(strict=True) == ("", "")
    assert Instrument.objects.count() == 4


@pytest.mark.django_db
def test_what_differs_is_named_and_not_touched():
    load()
    Indicator.objects.filter(code="12", instrument__code="spbe-47-7aspek").update(question="Pertanyaan kami?")
    out, err = load()
    assert out == ""
    assert err == (
        "Instrumen spbe-47-7aspek berbeda dari spbe-47-7aspek.json; tidak diubah:\n  indicator 12: question\n"
    )
    assert Indicator.objects.get(code="12", instrument__code="spbe-47-7aspek").question == "Pertanyaan kami?"


@pytest.mark.django_db
def test_strict_fails_where_something_differs_and_long_lists_are_cut():
    load()
    Indicator.objects.filter(instrument__code="permenpanrb-59-2020").update(note="x")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError):
        call_command("load_instruments", strict=True, stdout=out, stderr=err)
    assert err.getvalue().splitlines()[-1] == "  dan 37 perbedaan lain"


@pytest.mark.django_db
def test_a_broken_file_stops_the_start_with_its_name(tmp_path, settings):
    (tmp_path / "rusak.json").write_text('[{"model": "indicators.instrument", "fields": {"kode": 1}}]')
    (tmp_path / "lain.json").write_text("[]")
    settings.FIXTURE_DIRS = [tmp_path]
    with pytest.raises(CommandError) as caught:
        load()
    assert str(caught.value).startswith("rusak.json: ")


# --- compute_index ---------------------------------------------------------------------------------


def compute(lines, code="permenpanrb-59-2020", tmp_path=None):
    """Output lines, error text and whether it failed."""
    path = tmp_path / "input.jsonl"
    path.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode())
    out, err, failed = io.StringIO(), io.StringIO(), ""
    try:
        call_command("compute_index", instrument=code, input=str(path), stdout=out, stderr=err)
    except CommandError as error:
        failed = str(error)
    return out.getvalue().splitlines(), err.getvalue(), failed


@pytest.mark.django_db
def test_a_line_is_answered_with_these_keys_in_this_order(tmp_path):
    levels = {str(n): 3 for n in range(1, 48)} | {"12": 4, "14": 2}
    out, err, failed = compute([json.dumps({"id": "a", "levels": levels})], tmp_path=tmp_path)
    assert (err, failed) == ("", "")
    assert out == [
        '{"id": "a", "index": "3.00", "index_exact": "3", "predicate": "Baik", '
        '"coverage": {"answered": 47, "assigned": 47}, '
        '"domains": {"1": "3.00", "2": "3.00", "3": "3.00", "4": "3.00"}, '
        '"aspects": {"1": "3.00", "2": "3.00", "3": "3.00", "4": "3.00", "5": "3.00", "6": "3.00", '
        '"7": "3.00", "8": "3.00"}}'
    ]


EXACT = {
    "kota-bandar-lampung-2022": "1.5025",
    "kota-bandar-lampung-2023": "2.1545",
    "kota-denpasar-2018": "2.64",
    "kota-denpasar-2018-mandiri": "3.67",
    "kab-aceh-tengah-pemdi-2026": "1.2415",
}


@pytest.mark.django_db
def test_published_results_come_out_as_published(tmp_path):
    exact = {}
    for code in SHIPPED:
        records = [record for record in published("results") if record["instrument"] == code]
        lines = [json.dumps({"id": record["id"], "levels": record["levels"]}) for record in records]
        for record, line in zip(records, compute(lines, code, tmp_path=tmp_path)[0], strict=True):
            answer = json.loads(line)
            wanted = {key: record[key] for key in ("index", "predicate", "domains") if record[key] is not None}
            assert {key: answer[key] for key in wanted} == wanted, record["id"]
            exact[record["id"]] = answer["index_exact"]
    assert exact == EXACT


@pytest.mark.django_db
def test_a_missing_key_is_the_lowest_level_and_null_is_left_out(tmp_path):
    levels = {str(n): None for n in range(29, 32)} | {"1": 3}
    out, _, _ = compute([json.dumps({"id": 7, "levels": levels})], tmp_path=tmp_path)
    answer = json.loads(out[0])
    assert (answer["id"], answer["coverage"]) == (7, {"answered": 1, "assigned": 44})
    assert (answer["index_exact"], answer["aspects"]["6"]) == ("981/955", None)
    assert answer["aspects"]["1"] == "1.20"


@pytest.mark.django_db
def test_nothing_left_has_no_index(tmp_path):
    out, _, _ = compute([json.dumps({"id": 1, "levels": {str(n): None for n in range(1, 48)}})], tmp_path=tmp_path)
    answer = json.loads(out[0])
    assert (answer["index"], answer["index_exact"], answer["predicate"]) == (None, None, None)


@pytest.mark.django_db
def test_bad_lines_are_named_by_number_and_the_good_ones_answered(tmp_path):
    out, err, failed = compute(
        [
            '{"id": 1, "levels": {"1": 3}}',
            "ini bukan JSON",
            '{"id": 3, "levels": {"48": 3}}',
            '{"id": 4, "levels": {"1": 6}}',
            "",
            '{"id": 6, "levels": {"1": 2.5}}',
            '{"id": 7, "levels": {"1": true}}',
            '{"id": 8, "levels": {"1": NaN}}',
            '{"id": 9, "levels": [3]}',
            "[1]",
            '{"id": 11, "levels": {"1": 1, "1": 5}}',
            '{"id": 12, "levels": {"1": 1e999999999}}',
            '{"id": 13, "levels": {"1": ' + "9" * 5000 + "}}",
            '{"id": 14, "levels": {"1": ' + "[" * 100_000,
            '{"id": 15, "levels": {"1": 3.0}}',
        ],
        tmp_path=tmp_path,
    )
    assert [json.loads(line)["id"] for line in out] == [1, 15]
    assert failed == "12 baris tidak dapat dihitung."
    whole = "isi dengan bilangan bulat 1 sampai 5."
    assert err.splitlines() == [
        "Baris 2: bukan JSON yang sah.",
        "Baris 3: Indikator '48' tidak ada dalam instrumen permenpanrb-59-2020.",
        f"Baris 4: Level 6 pada indikator 1 tidak berlaku; {whole}",
        f"Baris 6: Level 2.5 pada indikator 1 tidak berlaku; {whole}",
        f"Baris 7: Level True pada indikator 1 tidak berlaku; {whole}",
        "Baris 8: NaN bukan bilangan.",
        'Baris 9: tulis sebagai {"id": ..., "levels": {"1": 3, ...}}.',
        'Baris 10: tulis sebagai {"id": ..., "levels": {"1": 3, ...}}.',
        "Baris 11: '1' ditulis lebih dari sekali.",
        f"Baris 12: Level 1E+999999999 pada indikator 1 tidak berlaku; {whole}",
        "Baris 13: bukan JSON yang sah.",
        "Baris 14: bukan JSON yang sah.",
    ]


@pytest.mark.django_db
def test_bytes_that_are_no_text_are_a_bad_line_and_a_mark_of_the_editor_is_not(tmp_path):
    out, err, _ = compute(b'\xef\xbb\xbf{"id": 1, "levels": {}}\r\n\xff\xfe\n', tmp_path=tmp_path)
    assert (len(out), err) == (1, "Baris 2: bukan teks UTF-8.\n")


@pytest.mark.django_db
def test_an_unknown_instrument_is_refused_with_the_known_ones(tmp_path):
    assert compute([], code="spbe", tmp_path=tmp_path)[2] == (
        f"Instrumen 'spbe' tidak dikenal. Yang tersedia: {', '.join(SHIPPED)}."
    )


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_said():
    with pytest.raises(CommandError) as caught:
        call_command("compute_index", instrument="spbe-47-7aspek", input="/tidak/ada")
    assert str(caught.value) == "Berkas /tidak/ada tidak dapat dibaca: No such file or directory."


@pytest.mark.django_db
def test_a_stored_instrument_whose_weights_are_wrong_is_refused(tmp_path):
    load()
    Indicator.objects.filter(instrument__code="spbe-47-7aspek", code="1").update(weight_numerator=1)
    failed = compute(['{"id": 1, "levels": {}}'], code="spbe-47-7aspek", tmp_path=tmp_path)[2]
    assert failed.startswith("Instrumen spbe-47-7aspek belum dapat dipakai: Jumlah bobot indikator 98.8")


@pytest.mark.parametrize("database", ["", "postgres://nobody@127.0.0.1:1/none"], ids=["empty", "unreachable"])
def test_the_shell_command_works_on_a_machine_without_a_database(tmp_path, database):
    env = {**os.environ, "VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": database}
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "compute_index", "--instrument", "spbe-47-7aspek"],
        input='{"id": "a", "levels": {}}\nrusak\n{"id": "b", "levels": {"1": 5}}\n',
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a", "b"]
    assert done.stderr == "Baris 2: bukan JSON yang sah.\nCommandError: 1 baris tidak dapat dihitung.\n"
    assert done.returncode == 1


# --- plan_roadmap ----------------------------------------------------------------------------------


def plan(lines, target, code="spbe-47-7aspek", tmp_path=None):
    """Answers, error text and whether it failed."""
    path = tmp_path / "input.jsonl"
    path.write_text("\n".join(lines))
    out, err, failed = io.StringIO(), io.StringIO(), ""
    try:
        call_command("plan_roadmap", instrument=code, target=target, input=str(path), stdout=out, stderr=err)
    except CommandError as error:
        failed = str(error)
    return out.getvalue().splitlines(), err.getvalue(), failed


ALL_FOUR = {str(n): 4 for n in range(1, 48)}


@pytest.mark.django_db
def test_a_plan_is_answered_with_these_keys_in_this_order(tmp_path):
    out, err, failed = plan([json.dumps({"id": "a", "levels": ALL_FOUR | {"11": 2}})], "4", tmp_path=tmp_path)
    assert (err, failed) == ("", "")
    assert out == [
        '{"id": "a", "reachable": true, "effort": 7, "index": "4.00", '
        '"rises": [{"indicator": "11", "from": 2, "to": 4}]}'
    ]


@pytest.mark.django_db
def test_the_target_counts_unrounded(tmp_path):
    spec = shipped_spec("spbe-47-7aspek")
    levels = {str(n): 5 for n in range(1, 48)} | {"1": 4}
    assert score(spec, levels).index == Fraction("4.987")
    out, _, _ = plan([json.dumps({"levels": levels})], "4.99", tmp_path=tmp_path)
    assert json.loads(out[0]) == {
        "id": None,
        "reachable": True,
        "effort": 5,
        "index": "5.00",
        "rises": [{"indicator": "1", "from": 4, "to": 5}],
    }


@pytest.mark.django_db
def test_a_target_met_needs_nothing_and_one_out_of_reach_is_said(tmp_path):
    lines = [json.dumps({"id": n, "levels": levels}) for n, levels in enumerate([ALL_FOUR, {"1": 5}])]
    met, far = (json.loads(line) for line in plan(lines, "3,5", tmp_path=tmp_path)[0])
    assert met == {"id": 0, "reachable": True, "effort": 0, "index": "4.00", "rises": []}
    assert far["reachable"]
    answer = json.loads(plan(lines[:1], "5.01", tmp_path=tmp_path)[0][0])
    assert (answer["reachable"], answer["index"], answer["effort"], len(answer["rises"])) == (False, "5.00", 235, 47)


@pytest.mark.django_db
def test_nothing_to_score_is_answered_without_an_index(tmp_path):
    out, _, _ = plan([json.dumps({"id": 1, "levels": dict.fromkeys(ALL_FOUR)})], "3", tmp_path=tmp_path)
    assert json.loads(out[0]) == {"id": 1, "reachable": False, "effort": 0, "index": None, "rises": []}


@pytest.mark.django_db
def test_a_fraction_rises_to_the_next_whole_level_and_pays_that_step_in_full(tmp_path):
    levels = {str(n): 5 for n in range(1, 21)} | {"20": "1.26"}
    out, _, _ = plan([json.dumps({"levels": levels})], "4.53", code="permenpanrb-8-2026", tmp_path=tmp_path)
    # From 4.439: to level 2 brings 0.74 x 15 % = 0.111 and costs 2.
    assert json.loads(out[0]) == {
        "id": None,
        "reachable": True,
        "effort": 2,
        "index": "4.55",
        "rises": [{"indicator": "20", "from": 1.26, "to": 2}],
    }


@pytest.mark.django_db
def test_a_plan_begins_at_level_0_where_the_scale_does(tmp_path):
    levels = dict.fromkeys([*map(str, range(1, 35)), "35-1", "35-2"], 3)
    out, _, _ = plan([json.dumps({"levels": levels})], "3", code="permenpanrb-5-2018", tmp_path=tmp_path)
    assert json.loads(out[0])["rises"] == [{"indicator": "35-3", "from": 0, "to": 3}]


@pytest.mark.django_db
def test_the_target_may_be_a_predikat(tmp_path):
    line = json.dumps({"id": 1, "levels": ALL_FOUR})
    assert plan([line], "Memuaskan", tmp_path=tmp_path)[0] == plan([line], "4.2", tmp_path=tmp_path)[0]


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["tinggi", "-1", "4.5.1", "nan", "1e3", ""])
def test_a_target_that_is_neither_is_refused(tmp_path, target):
    failed = plan(['{"id": 1, "levels": {}}'], target, tmp_path=tmp_path)[2]
    assert failed.startswith(f"Target {target!r} bukan indeks (misalnya 4.50) dan bukan predikat (")


@pytest.mark.django_db
def test_bad_lines_of_a_plan_are_named_and_the_good_ones_answered(tmp_path):
    out, err, failed = plan(
        ['{"id": 1, "levels": {}}', "rusak", '{"id": 3, "levels": {"48": 3}}', '{"id": 4, "levels": {"1": 6}}'],
        "2",
        tmp_path=tmp_path,
    )
    assert [json.loads(line)["id"] for line in out] == [1]
    assert [line.split(":")[0] for line in err.splitlines()] == ["Baris 2", "Baris 3", "Baris 4"]
    assert failed == "3 baris tidak dapat dihitung."
