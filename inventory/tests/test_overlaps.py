"""Which applications seem to do the same. No database."""

import json
import time
from pathlib import Path

import pytest

from inventory import overlaps
from inventory.overlaps import ALIKE, Entry, containment, groups, jaccard, likeness, name_words, same_name, words

CITY = Path(__file__).parents[2] / "spbe_portal" / "demo" / "city.json"


def entry(pk, name="", function="", users="", category="kearsipan", owner=""):
    return Entry(pk, name or f"Nama{pk}x{pk}", function, users, category, owner)


def of_kind(found, kind):
    return [set(group.members) for group in found if group.kind == kind]


@pytest.mark.parametrize(
    "name, kept",
    [
        ("Sistem Informasi Kepegawaian", ("kepegawaian",)),
        ("Aplikasi e-Surat Kota Arunika (lama)", ("surat",)),
        ("e-Persuratan", ("surat",)),
        ("Portal Layanan Daring", ("portal", "layanan", "daring")),  # nothing else is left of it
        ("Disposisi Digital Dinkes", ("disposisi",)),
    ],
)
def test_a_name_loses_what_says_nothing(name, kept):
    assert name_words(name, words("Pemerintah Kota Arunika") | words("Dinas Kesehatan Dinkes")) == kept


def test_words_of_one_sense_are_one_word():
    assert words("Aduan warga, dan pengaduan ASN") == {"pengaduan", "masyarakat", "pegawai"}


def test_the_measures():
    assert jaccard(frozenset("ab"), frozenset("bc")) == 1 / 3
    assert containment(frozenset("a"), frozenset("ab")) == 1
    assert jaccard(frozenset(), frozenset()) == containment(frozenset(), frozenset("a")) == 0
    same, other = frozenset("a"), frozenset("b")
    assert likeness((same, other), (same, same)) == pytest.approx(ALIKE)  # the same users are just enough
    assert likeness((same, same), (same, same)) == pytest.approx(1)


def test_the_same_function_is_found_whoever_uses_it():
    found = groups(
        [
            entry(1, function="Surat masuk, surat keluar, dan disposisi", users="Pegawai dinas dan sekolah"),
            entry(2, function="Surat masuk dan disposisi", users="Sekretariat DPRD"),
            entry(3, function="Arsip statis", users="Peneliti"),
        ]
    )
    assert of_kind(found, "function") == [{1, 2}]
    assert found[0].words == ("disposisi", "masuk", "surat")


def test_the_same_users_are_enough_inside_a_category_and_nowhere_else():
    function = ("Pengaduan jalan rusak", "Sanggahan bantuan sosial")
    same = [entry(pk, function=text, users="Masyarakat", category="pengaduan") for pk, text in enumerate(function)]
    assert of_kind(groups(same), "function") == [{0, 1}]
    apart = [entry(0, function=function[0], users="Masyarakat"), same[1]]
    assert groups(apart) == []
    nameless = [entry(pk, function=text, users="Masyarakat", category="lainnya") for pk, text in enumerate(function)]
    assert groups(nameless) == []


def test_similar_names_are_found_across_categories():
    found = same_name(
        [
            entry(1, "e-Office Arunika", category="kearsipan"),
            entry(2, "E-OFFICE (lama)", category="lainnya"),
            entry(3, "Simpeg", category="kepegawaian"),
            entry(4, "SIPD", category="perencanaan"),
            entry(5, "SIKD", category="kearsipan"),
        ],
        "Pemerintah Kota Arunika",
    )
    assert of_kind(found, "name") == [{1, 2}]


def test_a_slip_of_the_hand_is_the_same_name():
    assert of_kind(same_name([entry(1, "Kepegawaian"), entry(2, "Kepegawain")]), "name") == [{1, 2}]


def test_names_that_a_function_group_holds_are_not_told_twice():
    found = groups([entry(pk, "e-Surat", "Surat masuk", "Pegawai") for pk in (1, 2)])
    assert [group.kind for group in found] == ["function"]


def test_a_chain_of_likenesses_is_not_one_group():
    texts = [" ".join(f"kata{number}" for number in range(start, start + 5)) for start in range(9)]
    found = groups([entry(pk, function=text) for pk, text in enumerate(texts)])
    assert [len(group.members) for group in found] == [3, 2, 2, 2]


def test_the_order_of_the_entries_changes_nothing():
    rows = json.loads(CITY.read_text(encoding="utf-8"))["applications"]
    entries = [
        Entry(pk, row["name"], row["function"], row["users"], row["category"], row["agency"])
        for pk, row in enumerate(rows)
    ]
    found = groups(entries, "Pemerintah Kota Arunika")
    assert found == groups(reversed(entries), "Pemerintah Kota Arunika")
    named = [{rows[pk]["name"] for pk in group.members} for group in found]
    assert {"SP4N-LAPOR!", "Lapor Arunika", "Lapor Jalan Rusak", "Lapor Trantib", "Aduan Bansos"} <= named[0]
    assert {"SRIKANDI", "e-Office Arunika", "e-Surat Disdik", "e-Office Setwan", "Disposisi Digital Dinkes"} in named


def test_three_thousand_that_all_say_the_same_take_no_time():
    """Every word is shared by all: no pair is looked at, and the groups are found all the same."""
    entries = [
        entry(pk, f"Lapor {pk}", f"Pengaduan warga wilayah {pk}", "Masyarakat", "pengaduan", f"Kecamatan {pk}")
        for pk in range(3000)
    ]
    start = time.process_time()
    found = groups(entries, "Pemerintah Kota Arunika")
    assert time.process_time() - start < 5
    assert [len(group.members) for group in found if group.kind == "function"] == [3000]


def test_only_so_many_pairs_are_looked_at_and_the_rarest_words_come_first(monkeypatch):
    """Each says much that most say too; the two that share a word of their own are found all the same."""
    common = [f"kata{number}" for number in range(30)]
    texts = [f"{' '.join(common[pk % 3 : 27 + pk % 3])} sendiri{pk}" for pk in range(60)]
    texts[7], texts[41] = "retribusi pasar", "retribusi pasar kata1"
    looked_at = []

    def counted(*words):
        looked_at.append(words)
        return likeness(*words)

    monkeypatch.setattr(overlaps, "likeness", counted)
    monkeypatch.setattr(overlaps, "PAIRS", 1)
    found = groups([entry(pk, function=text) for pk, text in enumerate(texts)])
    assert of_kind(found, "function") == [{7, 41}]
    assert len(looked_at) == 1
