"""What goes into the package, file by file, and what is missing. Pure Python: no query, no clock, no file opened."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reports.package.names import file_name, letters, numbered
from spbe_portal.formatting import level_id, size_id

Level = int | Decimal | Fraction
PDF = "application/pdf"

#: Kind of a gap -> how it is called. In the order of their weight.
GAPS = {
    "no_pic": "Tanpa PIC",
    "undetermined": "Belum ditetapkan",
    "not_approved": "Belum disetujui",
    "unanswered": "Belum diisi",
    "no_explanation": "Tanpa penjelasan",
    "no_evidence": "Tanpa bukti",
    "links_only": "Hanya tautan",
    "lost": "Berkas hilang",
    "infected": "Berkas berbahaya",
    "not_scanned": "Belum dipindai",
    "locked": "PDF terkunci",
    "unreadable": "PDF tidak terbaca",
    "too_large": "Terlalu besar",
    "same_name": "Nama sama",
}


@dataclass(frozen=True)
class Gap:
    """Something that is missing; `page` and `args` are the url where it is mended."""

    kind: str
    text: str
    page: str
    args: tuple[object, ...] = ()

    @property
    def title(self) -> str:
        return GAPS[self.kind]


@dataclass(frozen=True)
class Piece:
    """One document that the answers of an indicator cite; `is_there`: its file is in the storage."""

    version_id: int
    document_id: int
    title: str
    number: str
    dated: str
    agency: str
    original_name: str
    content_type: str
    extension: str
    size: int
    sha256: str
    file: str
    url: str
    pages: str
    level: str
    scan: str
    is_locked: bool
    is_unreadable: bool
    is_there: bool

    @property
    def barrier(self) -> str:
        """The gap that keeps its file out; empty where it can go in."""
        if not self.is_there:
            return "lost"
        return {"infected": "infected", "pending": "not_scanned"}.get(self.scan, "")


@dataclass(frozen=True)
class Explained:
    """One PIC's part: what it says and how far its assessment is."""

    agency: str
    short_name: str
    assessment_id: int | None
    state: str  # in words; empty once approved
    is_answered: bool
    is_above_lowest: bool
    fact: str
    analysis: str


@dataclass(frozen=True)
class Given:
    """One indicator as it was read; `level` is determined or, with `is_suggested`, what is suggested."""

    code: str
    name: str
    short_name: str
    aspect: str
    level: Level | None
    is_suggested: bool
    lowest: Level
    pics: tuple[Explained, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Packed:
    """One piece under its name within a ZIP."""

    name: str
    piece: Piece


@dataclass(frozen=True)
class PlannedFile:
    """One file of the package. A PDF as it is, or a ZIP of `inside`; `size` is what it will have, to the byte."""

    name: str
    inside: tuple[Packed, ...]
    size: int
    is_plain: bool


@dataclass(frozen=True)
class Item:
    """One indicator of the package."""

    given: Given
    label: str  # "01"
    files: tuple[PlannedFile, ...]
    links: tuple[Piece, ...]
    left_out: tuple[Piece, ...]
    gaps: tuple[Gap, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def text_name(self) -> str:
        return f"{self.label}.txt"

    @property
    def pages(self) -> str:
        """The pages cited, document by document."""
        cited = [f"{piece.title}: {piece.pages}" for piece in self.given.pieces if piece.pages.strip()]
        return "\n".join(cited)

    def fact(self) -> str:
        return _joined((pic.short_name, pic.fact) for pic in self.given.pics)

    def analysis(self) -> str:
        return _joined((pic.short_name, pic.analysis) for pic in self.given.pics)


def _joined(parts: Iterable[tuple[str, str]]) -> str:
    """The texts of the PICs; of several each with its name in front."""
    said = [(name, text.strip()) for name, text in parts if text.strip()]
    if len(said) == 1:
        return said[0][1]
    return "\n\n".join(f"{name}: {text}" for name, text in said)


def plan(given: Sequence[Given], period_id: int, limit: int) -> tuple[Item, ...]:
    """Every indicator in its order; no file is larger than `limit` bytes, and no name occurs twice."""
    width = max((len(each.code) for each in given if each.code.isdigit()), default=1)
    taken: set[str] = set()
    labels: set[str] = set()
    return tuple(_item(each, _label(each.code, width, labels), period_id, limit, taken) for each in given)


def _label(code: str, width: int, taken: set[str]) -> str:
    label = numbered(code, width)[:20]
    number = 1
    while label.lower() in taken:
        number += 1
        label = f"{numbered(code, width)[:16]}-{number}"
    taken.add(label.lower())
    return label


def _item(given: Given, label: str, period_id: int, limit: int, taken: set[str]) -> Item:
    links = tuple(piece for piece in given.pieces if piece.url)
    stored = [piece for piece in given.pieces if not piece.url]
    names: set[str] = set()
    packed = [
        Packed(file_name(f"{label}{letters(number)}", piece.title, piece.extension, names), piece)
        for number, piece in enumerate(piece for piece in stored if not piece.barrier)
    ]
    if len(packed) == 1 and packed[0].piece.content_type == PDF and packed[0].piece.size <= limit:
        parts: list[list[Packed]] = [packed]
        too_large: list[Packed] = []
    else:
        parts, too_large = _split(packed, limit)
    files = []
    for number, part in enumerate(parts, start=1):
        is_plain = len(packed) == 1 and part[0].piece.content_type == PDF
        ending = f"bagian-{number}" if len(parts) > 1 else ""
        files.append(
            PlannedFile(
                name=file_name(label, given.short_name, "pdf" if is_plain else "zip", taken, ending=ending),
                inside=tuple(part),
                size=part[0].piece.size if is_plain else zip_size(part),
                is_plain=is_plain,
            )
        )
    left_out = (*(piece for piece in stored if piece.barrier), *(one.piece for one in too_large))
    gaps = (*_of_the_answer(given, period_id), *_of_the_files(given, stored, files, too_large, limit))
    return Item(given, label, tuple(files), links, left_out, gaps)


def _split(packed: Sequence[Packed], limit: int) -> tuple[list[list[Packed]], list[Packed]]:
    """The pieces, each in the first file of `limit` bytes that has room for it; and those no file holds."""
    parts: list[list[Packed]] = []
    too_large = []
    for one in packed:
        if zip_size([one]) > limit:
            too_large.append(one)
            continue
        part = next((part for part in parts if zip_size([*part, one]) <= limit), None)
        if part is None:
            parts.append([one])
        else:
            part.append(one)
    return parts, too_large


def zip_size(inside: Iterable[Packed]) -> int:
    """The size of a ZIP that holds these as they are: its header, name and entry in the list for each, and its end."""
    return 22 + sum(30 + 46 + 2 * len(one.name) + one.piece.size for one in inside)


def _of_the_answer(given: Given, period_id: int) -> list[Gap]:
    gaps = []
    determine = ("determine", (period_id, given.code))
    if not given.pics:
        gaps.append(Gap("no_pic", "Belum ada OPD yang menjadi PIC indikator ini.", "assignments", (period_id,)))
    if given.level is None:
        gaps.append(Gap("undetermined", "Nilai Pemda belum ditetapkan dan belum ada usulan.", *determine))
    elif given.is_suggested:
        text = f"Nilai Pemda belum ditetapkan; dalam indeks tertulis usulan, level {level_id(given.level)}."
        gaps.append(Gap("undetermined", text, *determine))
    for pic in given.pics:
        if pic.assessment_id is None:
            text = f"{pic.short_name} tidak ikut dinilai pada periode ini."
            gaps.append(Gap("not_approved", text, "assignments", (period_id,)))
            continue
        answer = ("answer", (pic.assessment_id, given.code))
        if pic.state:
            text = f"Penilaian {pic.short_name} {pic.state}."
            gaps.append(Gap("not_approved", text, "sheet", (pic.assessment_id,)))
        if not pic.is_answered:
            gaps.append(Gap("unanswered", f"{pic.short_name} belum mengisi indikator ini.", *answer))
        elif pic.is_above_lowest and not (pic.fact.strip() and pic.analysis.strip()):
            missing = " dan ".join(
                name for name, text in (("fakta", pic.fact), ("analisis", pic.analysis)) if not text.strip()
            )
            gaps.append(Gap("no_explanation", f"{missing.capitalize()} {pic.short_name} kosong.", *answer))
    return gaps


def _of_the_files(
    given: Given, stored: Sequence[Piece], files: Sequence[PlannedFile], too_large: Sequence[Packed], limit: int
) -> list[Gap]:
    where = next((pic.assessment_id for pic in given.pics if pic.assessment_id is not None), None)
    mend = ("answer", (where, given.code))
    gaps = []
    wants_evidence = (given.level is not None and given.level > given.lowest) or any(
        pic.is_above_lowest for pic in given.pics
    )
    if where is not None and not given.pieces and wants_evidence:
        gaps.append(Gap("no_evidence", "Tidak ada bukti dukung.", *mend))
    if given.pieces and not stored:
        text = "Buktinya hanya tautan, jadi tidak ada berkas. Salin tautannya ke penjelasan di aplikasi nasional."
        gaps.append(Gap("links_only", text, *mend))
    for piece in stored:
        gaps += [
            Gap(kind, text.format(piece.title), "document", (piece.document_id,)) for kind, text in _faults(piece)
        ]
    for one in too_large:
        text = (
            f"“{one.piece.title}” ({size_id(one.piece.size)}) melebihi {size_id(limit)}, jadi tidak ada dalam paket. "
            "Perkecil berkasnya, atau simpan di penyimpanan pemerintah dan tulis tautannya dalam penjelasan."
        )
        gaps.append(Gap("too_large", text, *mend))
    if len(files) > 1:
        text = (
            f"Buktinya melebihi {size_id(limit)}, jadi dibagi menjadi {len(files)} berkas. Aplikasi nasional menerima "
            f"satu berkas: unggah {files[0].name}, dan tulis tautan ke bagian lainnya dalam penjelasan."
        )
        gaps.append(Gap("too_large", text, *mend))
    titles = Counter(piece.title.casefold() for piece in stored)
    twice = sorted({piece.title for piece in stored if titles[piece.title.casefold()] > 1})
    if twice:
        named = ", ".join(f"“{title}”" for title in twice)
        text = f"Lebih dari satu bukti berjudul {named}; huruf di depan namanya membedakannya. Perjelas judulnya."
        document = next(piece.document_id for piece in stored if piece.title in twice)
        gaps.append(Gap("same_name", text, "document", (document,)))
    return gaps


_FAULTS: tuple[tuple[str, Callable[[Piece], bool], str], ...] = (
    ("lost", lambda piece: not piece.is_there, "Berkas “{}” tidak ditemukan di penyimpanan. Unggah lagi."),
    (
        "infected",
        lambda piece: piece.scan == "infected",
        "Berkas “{}” berbahaya menurut pemindai, jadi tidak ada dalam paket. Ganti dengan berkas yang bersih.",
    ),
    ("not_scanned", lambda piece: piece.scan == "pending", "Berkas “{}” belum selesai dipindai, jadi belum ikut."),
    (
        "locked",
        lambda piece: piece.is_locked,
        "PDF “{}” terkunci kata sandi: penilai tidak dapat membacanya. Unggah versi tanpa kata sandi.",
    ),
    (
        "unreadable",
        lambda piece: piece.is_unreadable,
        "PDF “{}” tidak dapat dibaca; mungkin rusak. Unduh, periksa, lalu unggah versi yang utuh.",
    ),
)


def _faults(piece: Piece) -> list[tuple[str, str]]:
    """What is wrong with a file, the gravest alone where it keeps the file out."""
    found = [(kind, text) for kind, is_so, text in _FAULTS if is_so(piece)]
    return found[:1] if piece.barrier else found
