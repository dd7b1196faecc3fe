"""The comparison with the ministry's result as a workbook: figures that can be reckoned with."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from assessments.queries.external import COLUMNS, Comparison, Level, Row, Totals
from spbe_portal.books import Book, Cell, Column

_FROM_PEMDA, _FROM_OWN = "Eksternal - Pemda", "Eksternal - mandiri"


def book(shown: Comparison, now: datetime) -> bytes:
    """Three sheets: the indicators, the totals, and what is one-sided."""
    made = Book(title=f"Perbandingan hasil {shown.period.name}", author=settings.GOVERNMENT_NAME, created=now)
    levels = [Column(title, 12, "level") for title in COLUMNS.values()]
    made.table(
        "Indikator",
        [
            Column("No", 7),
            Column("Indikator", 44, "wrap"),
            Column("Aspek", 34, "wrap"),
            *levels,
            Column(_FROM_PEMDA, 12, "level"),
            Column(_FROM_OWN, 12, "level"),
        ],
        [_cells(row, aspect) for row, aspect in _rows(shown)],
    )
    made.table(
        "Rekap",
        [
            Column("Jenis", 12),
            Column("Nama", 50, "wrap"),
            *(Column(title, 12, "index") for title in COLUMNS.values()),
            Column(_FROM_PEMDA, 12, "change"),
            Column(_FROM_OWN, 12, "change"),
            *(Column(f"{title}: terisi", 12) for title in COLUMNS.values()),
        ],
        [_total(kind, name, totals) for kind, name, totals in _totals(shown)],
    )
    counted = shown.tally
    facts: list[tuple[str, Cell, str]] = [
        ("Dibandingkan", f"{counted.compared} dari {shown.board.total} indikator", "wrap"),
        ("Lebih rendah dari Pemda", counted.lower, "count"),
        ("Lebih tinggi dari Pemda", counted.higher, "count"),
        ("Sama", counted.same, "count"),
    ]
    facts += [("Berat sebelah", text, "wrap") for text in shown.said or ("tidak ada",)]
    made.facts("Ringkasan", facts)
    return made.close()


def _rows(shown: Comparison) -> Iterator[tuple[Row, str]]:
    for domain in shown.domains:
        for aspect in domain.aspects:
            for row in aspect.rows:
                yield row, aspect.name


def _cells(row: Row, aspect: str) -> tuple[str | Level | None, ...]:
    levels: list[Level | None] = [getattr(row, column) for column in COLUMNS]
    return row.code, row.short_name, aspect, *levels, row.difference, row.from_own


def _totals(shown: Comparison) -> Iterator[tuple[str, str, Totals]]:
    yield "Indeks", "", shown.totals
    for domain in shown.domains:
        if domain.name:
            yield "Domain", domain.name, domain.totals
        for aspect in domain.aspects:
            yield "Aspek", aspect.name, aspect.totals


def _total(kind: str, name: str, totals: Totals) -> tuple[Cell, ...]:
    columns = [getattr(totals, column) for column in COLUMNS]
    filled = [f"{each.answered} dari {each.assigned}" for each in columns]
    return kind, name, *(each.shown for each in columns), totals.difference, totals.from_own, *filled
