"""Tables of the ministry's results as people bring them: headings, numbers, names, what is no indicator."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.external_table import NoTable, decimal_of, fits, read

GROUPS = ("Kebijakan Internal SPBE", "Perencanaan Strategis SPBE")


def table(*rows: list[str]) -> list[tuple[int, list[str]]]:
    return list(enumerate(rows, 1))


def lines(*rows: list[str], year: int = 2024) -> list[tuple[str, str, str]]:
    return [(each.number, each.name, each.value) for each in read(table(*rows), year, GROUPS).lines]


@pytest.mark.parametrize(
    "head",
    [
        ["No", "Indikator", "Nilai"],
        ["NO.", "Nama Indikator", "Skor"],
        ["Kode", "Uraian", "Hasil"],
        ["Nomor", "INDIKATOR", "Tingkat Kematangan"],
        ["No. Indikator", "Nama", "Nilai 2024"],
        ["No", "Indikator", "Level"],
    ],
)
def test_headings_as_people_write_them(head):
    assert lines(head, ["12", "Peta Rencana SPBE", "3"]) == [("12", "Peta Rencana SPBE", "3")]


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        (["Indikator 12", "3"], ("12", "", "3")),
        (["Indikator 12 - Peta Rencana SPBE", "3,00"], ("12", "Peta Rencana SPBE", "3,00")),
        (["12. Peta Rencana SPBE", "3"], ("12", "Peta Rencana SPBE", "3")),
        (["012", "3"], ("12", "", "3")),
        (["Peta Rencana SPBE", "3"], ("", "Peta Rencana SPBE", "3")),
    ],
)
def test_the_number_may_stand_before_the_name(cells, read_as):
    assert lines(["Indikator", "Nilai"], cells) == [(read_as[0].lstrip("0"), *read_as[1:])]


def test_a_table_as_in_an_lhe():
    found = read(
        table(
            ["Perolehan Nilai Tingkat Kematangan Indikator"],
            ["Kota Contoh"],
            ["No", "Domain/Aspek/Indikator", "Nilai"],
            ["", "", "2023", "2024"],
            ["I", "Domain Kebijakan Internal SPBE", "2,10", "2,85"],
            ["A", "Aspek Kebijakan Internal Tata Kelola", "2,10", "2,85"],
            ["1", "Kebijakan Arsitektur SPBE", "2", "3"],
            ["2", "Kebijakan Peta Rencana SPBE", "2", "4"],
            ["2", "Perencanaan Strategis SPBE", "2,10", "3,10"],
            ["11", "Arsitektur SPBE", "1", "2"],
            ["", "Indeks SPBE", "2,10", "2,85"],
            ["", "Predikat", "Cukup", "Baik"],
        ),
        2024,
        GROUPS,
    )
    assert [(each.line, each.number, each.value) for each in found.lines] == [
        (7, "1", "3"),
        (8, "2", "4"),
        (10, "11", "2"),
    ]
    assert (found.stated, found.skipped) == ("2,85", 3)


def test_columns_that_are_not_the_result_are_left_alone():
    head = ["No", "Indikator", "Bobot", "Nilai Mandiri", "Nilai Interviu", "Nilai Akhir", "Target"]
    found = read(table(head, ["1", "Kebijakan", "1,3", "5", "4", "3", "2"]), 2024)
    assert [each.value for each in found.lines] == ["3"]
    assert found.ignored == ("Bobot", "Nilai Mandiri", "Nilai Interviu", "Target")


def test_two_columns_that_may_be_it_are_asked_about():
    with pytest.raises(NoTable, match="“Nilai A”, “Nilai B”"):
        read(table(["No", "Nilai A", "Nilai B"], ["1", "2", "3"]), 2024)
    with pytest.raises(NoTable, match="Judul kolom tidak dikenali"):
        read(table(["Satu", "Dua"], ["1", "2"]), 2024)


@given(st.integers(0, 9999))
def test_values_come_with_a_comma_or_a_point(hundredths):
    value = Decimal(hundredths) / 100
    for text in (f"{value:.2f}", f"{value:.2f}".replace(".", ","), f"Level {value:.2f}"):
        assert decimal_of(text) == value


@pytest.mark.parametrize("text", ["", "tiga", "3 dari 5", "-1", "1e3", "3.0.0", "NaN"])
def test_what_is_no_value_is_none(text):
    assert decimal_of(text) is None


NAMES = {
    "1": ("Tingkat Kematangan Kebijakan Internal Arsitektur SPBE", "Kebijakan Arsitektur SPBE"),
    "11": ("Tingkat Kematangan Arsitektur SPBE", "Arsitektur SPBE"),
    "32": ("Tingkat Kematangan Layanan Perencanaan", "Layanan Perencanaan"),
}


@pytest.mark.parametrize(
    ("name", "code", "instead"),
    [
        ("Kebijakan Arsitektur SPBE", "1", ""),
        ("Kebijakan Arsitektur SPBE", "11", "1"),
        ("Arsitektur SPBE", "1", "11"),
        ("Layanan Perencanaan (SIPD)", "32", ""),
        ("Sesuatu yang lain", "32", "?"),
        ("", "32", ""),
    ],
)
def test_a_name_is_that_of_its_number_or_of_another(name, code, instead):
    assert fits(name, code, NAMES) == instead
