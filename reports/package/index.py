"""The package's own papers: the index as a workbook, and the texts to paste. The same data gives the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from reports.package.plan import Item, PlannedFile
from reports.queries.package import Sources
from reports.sheets import Book, Cell, Column
from spbe_portal.formatting import decimal_id, level_id, size_id

MARK = "DRAF: nilai Pemda belum final"

_INDEX = (
    Column("No.", 7),
    Column("Indikator", 34, "wrap"),
    Column("Level", 8, "level"),
    Column("Asal level", 13),
    Column("Berkas", 44, "wrap"),
    Column("Ukuran (byte)", 14, "count"),
    Column("SHA-256", 22),
    Column("Halaman yang dirujuk", 30, "wrap"),
    Column("Tautan", 40, "wrap"),
    Column("Fakta", 60, "wrap"),
    Column("Analisis", 60, "wrap"),
    Column("PIC", 24, "wrap"),
    Column("Kekurangan", 50, "wrap"),
)
_CONTENTS = (
    Column("No.", 7),
    Column("Berkas paket", 44, "wrap"),
    Column("Nama di dalamnya", 44, "wrap"),
    Column("Judul dokumen", 40, "wrap"),
    Column("Nomor", 22, "wrap"),
    Column("Tanggal", 13),
    Column("Milik", 28, "wrap"),
    Column("Nama berkas asli", 34, "wrap"),
    Column("Ukuran (byte)", 14, "count"),
    Column("SHA-256", 22),
    Column("Halaman", 12),
    Column("Mendukung level", 12),
)
_LINKS = (Column("No.", 7), Column("Judul", 44, "wrap"), Column("Tautan", 70, "wrap"), Column("Halaman", 14))
_GAPS = (Column("No.", 7), Column("Indikator", 34, "wrap"), Column("Jenis", 20), Column("Kekurangan", 90, "wrap"))


@dataclass(frozen=True)
class Made:
    """A file of the package as it was written."""

    size: int
    sha256: str


def write_index(rows: Sources, made: Mapping[str, Made], damaged: Sequence[tuple[Item, str]] = ()) -> bytes:
    """The workbook; `made` by file name. `damaged`: titles of files that are no longer what was uploaded."""
    period = rows.period
    book = Book(
        title=f"Indeks paket nasional {period.name}",
        author=settings.GOVERNMENT_NAME,
        created=datetime(period.year, 1, 1, tzinfo=UTC),  # when it was made would make it another file each time
        code=rows.key[:12].upper(),
        mark=MARK if rows.is_draft else "",
    )
    book.table("Indeks", _INDEX, [line for item in rows.items for line in _lines(item, made)])
    book.table("Isi berkas", _CONTENTS, [line for item in rows.items for line in _contents(item)])
    book.table(
        "Tautan",
        _LINKS,
        [(item.given.code, piece.title, piece.url, piece.pages) for item in rows.items for piece in item.links],
    )
    gaps = [(item.given.code, item.given.short_name, gap.title, gap.text) for item in rows.items for gap in item.gaps]
    changed = "Berkas “{}” di penyimpanan tidak sama lagi dengan yang diunggah."
    gaps += [
        (item.given.code, item.given.short_name, "Berkas berubah", changed.format(each)) for item, each in damaged
    ]
    book.table("Kekurangan", _GAPS, gaps)
    book.facts("Keterangan", _facts(rows))
    return book.close()


def _lines(item: Item, made: Mapping[str, Made]) -> list[tuple[Cell, ...]]:
    """One row a file; an indicator without one has a row too. The texts stand in its first."""
    given = item.given
    rows: list[tuple[Cell, ...]] = []
    for number, file in enumerate(item.files or (None,)):
        facts = made.get(file.name) if file else None
        is_first = number == 0
        rows.append(
            (
                given.code,
                given.short_name,
                given.level,
                _origin(item),
                file.name if file else None,
                facts.size if facts else None,
                facts.sha256 if facts else None,
                _pages(item, file),
                "\n".join(piece.url for piece in item.links) if is_first else None,
                item.fact() if is_first else None,
                item.analysis() if is_first else None,
                ", ".join(pic.agency for pic in given.pics) if is_first else None,
                "\n".join(gap.text for gap in item.gaps) if is_first else None,
            )
        )
    return rows


def _origin(item: Item) -> str:
    if item.given.level is None:
        return "belum ada"
    return "usulan" if item.given.is_suggested else "ditetapkan"


def _pages(item: Item, file: PlannedFile | None) -> str:
    if file is None:
        return item.pages
    return "\n".join(f"{one.name}: {one.piece.pages}" if not file.is_plain else one.piece.pages for one in file.inside
                     if one.piece.pages)  # fmt: skip


def _contents(item: Item) -> list[tuple[Cell, ...]]:
    placed = [(file.name, "" if file.is_plain else one.name, one.piece) for file in item.files for one in file.inside]
    placed += [("(tidak ikut)", "", piece) for piece in item.left_out]
    return [
        (
            item.given.code,
            name,
            inside,
            piece.title,
            piece.number,
            piece.dated,
            piece.agency,
            piece.original_name,
            piece.size,
            piece.sha256,
            piece.pages,
            piece.level,
        )
        for name, inside, piece in placed
    ]


def _facts(rows: Sources) -> list[tuple[str, Cell, str]]:
    board = rows.board
    index = decimal_id(board.score.index) if board.determined else "–"
    state = "belum final (DRAF)" if rows.is_draft else f"final, revisi {rows.revision}"
    limit = size_id(settings.PACKAGE_FILE_MAX_BYTES)
    return [
        ("Pemerintah", settings.GOVERNMENT_NAME, "wrap"),
        ("Periode", rows.period.name, "wrap"),
        ("Instrumen", board.spec.name, "wrap"),
        ("Nilai Pemda", state, "wrap"),
        ("Indeks", f"{index} ({board.determined} dari {board.total} ditetapkan)", "wrap"),
        ("Indikator tanpa kekurangan", f"{rows.complete} dari {board.total}", "wrap"),
        ("Batas satu berkas", f"{limit} per indikator, nama paling panjang 60 karakter", "wrap"),
        ("Folder berkas", "satu PDF atau ZIP per indikator, untuk diunggah", "wrap"),
        ("Folder teks", "fakta dan analisis per indikator, untuk ditempel", "wrap"),
        ("SHA256SUMS", "sidik semua berkas; periksa dengan sha256sum -c SHA256SUMS", "wrap"),
    ]


def text_to_paste(item: Item) -> bytes:
    """Fakta and analisis of one indicator as they are pasted, and the links below."""
    given = item.given
    level = "belum ada" if given.level is None else f"{level_id(given.level)} ({_origin(item)})"
    parts = [
        f"Indikator {given.code}. {given.name}",
        f"Level: {level}",
        f"FAKTA\n{item.fact() or '(kosong)'}",
        f"ANALISIS\n{item.analysis() or '(kosong)'}",
    ]
    if item.links:
        parts.append("TAUTAN\n" + "\n".join(f"{piece.title}: {piece.url}" for piece in item.links))
    return ("\n\n".join(parts) + "\n").replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")
