"""What is doubtful about a piece of evidence: said at once, never a reason to refuse it.

Plain facts in, sentences out, each with what the agency can do. No query, no clock. What is refused outright says
`assessments.uploads`; what the virus scanner found, `assessments.scans`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from spbe_portal.formatting import count_id, date_id

PDF = "application/pdf"
#: Valid until they are revoked or replaced: their age alone says nothing.
STANDING = frozenset({"peraturan", "keputusan", "surat_edaran", "sop", "pedoman", "perjanjian"})
NAMED = 4  # other indicators named before they are only counted


@dataclass(frozen=True)
class Caution:
    """One warning. `code` is one of locked, restricted, no_text, expired, old, too_new, beyond, no_pages.

    `fact` is for whoever reads the evidence, `advice` for the agency that brings it.
    """

    code: str
    fact: str
    advice: str

    @property
    def text(self) -> str:
        return f"{self.fact} {self.advice}"


@dataclass(frozen=True)
class Facts:
    """What is known of one piece of evidence and of its document.

    `page_count` is None where the number is not known, of a PDF because it opens with a password only;
    `has_text` is None where nobody looked. `also_for` are the codes of the other indicators of the same
    assessment that the same version is evidence of.
    """

    content_type: str
    kind: str
    page_count: int | None = None
    has_text: bool | None = None
    is_encrypted: bool = False
    pages: str = ""
    dated: date | None = None
    valid_until: date | None = None
    also_for: Sequence[str] = ()
    renewed_on: date | None = None  # when a later version than the first was uploaded


@dataclass(frozen=True)
class Span:
    """What a period expects of dates. `earliest` is the coordinator's, or None: then the year before counts."""

    year: int
    starts_on: date
    due_on: date
    earliest: date | None = None

    @property
    def oldest(self) -> date:
        return self.earliest or date(self.year - 1, 1, 1)


def cautions(facts: Facts, span: Span) -> list[Caution]:
    """All warnings, the gravest first."""
    found = [_locked(facts), _no_text(facts), _age(facts, span), _beyond(facts), _no_pages(facts)]
    return [caution for caution in found if caution is not None]


def beyond(pages: str, page_count: int | None) -> list[int]:
    """The page numbers named in "3-5, 8" that the document does not have."""
    named = (int(number) for number in re.findall(r"[0-9]{1,9}", pages))
    return sorted({number for number in named if page_count and number > page_count})


def _locked(facts: Facts) -> Caution | None:
    if not facts.is_encrypted:
        return None
    if facts.page_count is None:
        return Caution(
            "locked",
            "PDF ini terkunci kata sandi, jadi verifikator tidak dapat membacanya.",
            "Simpan ulang tanpa kata sandi, unggah hasilnya, lalu hapus yang ini.",
        )
    return Caution(
        "restricted",
        "PDF ini terenkripsi: dapat dibuka, tetapi mungkin tidak dapat dicetak atau digabungkan.",
        "Bila dapat, simpan ulang tanpa pembatasan.",
    )


def _no_text(facts: Facts) -> Caution | None:
    if facts.content_type != PDF or facts.has_text is not False:
        return None
    return Caution(
        "no_text",
        "PDF ini tidak memuat teks, hanya gambar pindaian, jadi isinya tidak dapat dicari.",
        "Bila ada, unggah berkas aslinya, atau pindai ulang dengan pengenalan teks (OCR).",
    )


def _age(facts: Facts, span: Span) -> Caution | None:
    if facts.valid_until and facts.valid_until < span.starts_on:
        return Caution(
            "expired",
            f"Masa berlakunya berakhir {date_id(facts.valid_until)}, sebelum periode ini dimulai.",
            "Lampirkan penggantinya, atau perbaiki tanggalnya bila keliru.",
        )
    if facts.dated is None:
        return None
    if facts.dated > span.due_on:
        return Caution(
            "too_new",
            f"Tanggal dokumen {date_id(facts.dated)} sesudah batas waktu penilaian.",
            "Periksa tanggalnya.",
        )
    last = max(facts.dated, facts.renewed_on or facts.dated)
    if last < span.oldest and facts.kind not in STANDING and facts.valid_until is None:
        return Caution(
            "old",
            f"Tanggal dokumen {date_id(facts.dated)} lebih lama daripada yang diharapkan periode ini (sejak "
            f"{date_id(span.oldest)}).",
            "Lampirkan yang lebih baru, unggah versi barunya di pustaka, atau jelaskan dalam analisis mengapa masih "
            "berlaku.",
        )
    return None


def _beyond(facts: Facts) -> Caution | None:
    numbers = beyond(facts.pages, facts.page_count)
    if not numbers:
        return None
    return Caution(
        "beyond",
        f"Berkas ini hanya {count_id(facts.page_count)} halaman, jadi halaman {count_id(numbers[0])} tidak ada.",
        "Periksa halamannya.",
    )


def _no_pages(facts: Facts) -> Caution | None:
    if facts.pages.strip() or not facts.also_for or facts.page_count == 1 or facts.content_type.startswith("image/"):
        return None
    codes = list(facts.also_for)
    shown = ", ".join(codes[:NAMED]) + (f", dan {count_id(len(codes) - NAMED)} lainnya" if len(codes) > NAMED else "")
    return Caution(
        "no_pages",
        f"Dokumen yang sama juga menjadi bukti indikator {shown}.",
        "Isi halaman yang mendukung indikator ini.",
    )
