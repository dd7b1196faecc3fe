"""What is said of a document and of its use as evidence: names, dates, addresses, as they may be stored."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.dateparse import parse_date

from assessments.errors import Invalid
from assessments.models import Document
from assessments.services.answers import clean_level, clean_text
from indicators.models import Instrument

_LIMITS = {"title": 200, "number": 120, "pages": 60}
_URL_MAX = 1_000
_web_address = URLValidator(schemes=["http", "https"])


def clean_url(url: Any) -> str:
    """A web address that may be stored and shown as a link. Raises `Invalid` (key "url")."""
    text = url.strip().replace(" ", "%20") if isinstance(url, str) else ""
    if not text:
        raise Invalid({"url": "Isi alamat tautan, misalnya https://jdih.contoh.go.id/dokumen."})
    if len(text) > _URL_MAX:
        raise Invalid(
            {"url": f"Alamat terlalu panjang (paling banyak {_URL_MAX} karakter). Pakai tautan yang lebih pendek."}
        )
    try:
        _web_address(clean_text(text, _URL_MAX))
        is_usable = not any(unicodedata.category(character)[0] == "C" for character in text)
    except (ValidationError, Invalid):
        is_usable = False
    if not is_usable:
        raise Invalid(
            {
                "url": "Alamat tidak dapat dipakai. Tulis lengkap dengan https:// di depannya, tanpa karakter "
                "tersembunyi."
            }
        )
    return text


def title_of_link(address: str) -> str:
    """The site and the last part of the path: "jdih.contoh.go.id: perwal 12 2026.pdf"."""
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    site = parts.hostname or address
    return f"{site}: {last}"[: _LIMITS["title"]] if last and last.isprintable() else site[: _LIMITS["title"]]


def clean_details(details: Mapping[str, Any], instrument: Instrument | None = None) -> dict[str, Any]:
    """The given details as stored; raises `Invalid` with a message a field. A level needs its instrument."""
    errors: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    for name, value in details.items():
        try:
            if name in _LIMITS:
                text = " ".join(clean_text(value, 2_000).split())
                if len(text) > _LIMITS[name]:
                    raise Invalid({name: f"Terlalu panjang: {len(text)} karakter, paling banyak {_LIMITS[name]}."})
                cleaned[name] = text
            elif name in ("date", "valid_until"):
                cleaned[name] = _day(value, name)
            elif name == "kind":
                if value not in Document.Kind.values:
                    raise Invalid({name: "Jenis dokumen tidak dikenal. Pilih dari daftar."})
                cleaned[name] = value
            elif name == "level" and instrument is not None:
                cleaned[name] = clean_level(value, instrument)
            else:
                raise Invalid({name: f"Kolom {name} tidak dikenal."})
        except Invalid as refusal:
            errors[name] = next(iter(refusal.errors.values()))
    if not errors.get("title") and cleaned.get("title") == "":
        errors["title"] = "Isi judul dokumen."
    issued, until = cleaned.get("date"), cleaned.get("valid_until")
    if issued and until and until < issued:
        errors["valid_until"] = "Masa berlaku tidak boleh berakhir sebelum tanggal dokumennya."
    if errors:
        raise Invalid(errors)
    return cleaned


def _day(value: Any, name: str) -> date | None:
    if value in (None, ""):
        return None
    try:
        day = value if isinstance(value, date) else parse_date(str(value))
    except ValueError:
        day = None
    if day is None or not 1945 <= day.year <= 2100:
        raise Invalid({name: "Tanggal tidak dikenal. Isi seperti 21/11/2026, antara tahun 1945 dan 2100."})
    return day


#: Words in file names that give the kind away.
_KIND_WORDS = (
    (("perwal", "perbup", "perkada", "pergub", "perda", "peraturan"), Document.Kind.PERATURAN),
    (("sop",), Document.Kind.SOP),
    (("sk", "kepwal", "kepbup", "keputusan"), Document.Kind.KEPUTUSAN),
    (("se", "edaran"), Document.Kind.SURAT_EDARAN),
    (("notula", "notulen", "risalah"), Document.Kind.NOTULA),
    (("laporan", "lap"), Document.Kind.LAPORAN),
    (("pks", "mou", "perjanjian"), Document.Kind.PERJANJIAN),
    (("pedoman", "panduan", "juknis", "manual"), Document.Kind.PEDOMAN),
    (("screenshot", "screen", "tangkapan", "layar", "ss"), Document.Kind.TANGKAPAN_LAYAR),
    (("daftar",), Document.Kind.DAFTAR),
    (("surat", "undangan", "nota"), Document.Kind.SURAT),
)


def kind_from(name: str) -> str:
    """A guess that saves a click; anybody may change it."""
    words = "".join(c if c.isalpha() else " " for c in name.rpartition(".")[0].lower()).split()
    if "berita" in words and "acara" in words:
        return Document.Kind.BERITA_ACARA
    for known, kind in _KIND_WORDS:
        if any(word in known for word in words):
            return kind
    return Document.Kind.LAIN
