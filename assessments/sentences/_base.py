"""What every sentence is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Agency, Role
from assessments.models import DecisionKind, Document, FollowUp, Period, ReturnReason, Review, Status
from audit.models import Event
from spbe_portal.formatting import count_id, date_id, datetime_id

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One field of an event: short values beside each other, or the passage of a text that was replaced."""

    label: str
    before: str
    after: str
    is_text: bool = False  # `before` and `after` are the removed and the added passage


@dataclass(frozen=True)
class Told:
    """A sentence without its subject ("menyimpan indikator 3: level 2 menjadi 3"), why, and the details."""

    text: str
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Names:
    """What events name by number only. `published`: decisions to be told as they were announced, by id."""

    answers: Mapping[str, str] = field(default_factory=dict)  # codes by id
    reviews: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, Review] = field(default_factory=dict)

    def code(self, event: Event) -> str:
        """The indicator an event is about; empty where it is about none, or the row is gone."""
        for side in (event.after, event.before):
            if isinstance(side.get("indicator"), str) and side["indicator"]:
                return str(side["indicator"])
        model = event.subject_type.rpartition(".")[2]
        known = {"answer": self.answers, "review": self.reviews, "evidence": self.evidence}.get(model, {})
        if code := known.get(event.subject_id):
            return code
        label = event.subject_label.removeprefix("Jawaban ") if model == "answer" else ""
        return label.split(".")[0] if label[:1].isdigit() else ""

    def indicator(self, event: Event) -> str:
        code = self.code(event)
        return f"indikator {code}" if code else "sebuah indikator"

    def values_of(self, event: Event) -> tuple[Values, Values]:
        """Before and after as the reader may know them: of an announced decision only what was announced."""
        review = self.published.get(event.subject_id) if event.action == "review.decide" else None
        if review is None:
            return event.before, event.after
        values = {name: getattr(review, name) for name in ("decision", "verified_level", "reason", "note")}
        return {}, {**values, "self_level": event.after.get("self_level")}


#: Fields by the word for them. What is not here is not told: digests, row numbers.
LABELS = {
    "self_level": "Level mandiri",
    "fact": "Fakta",
    "analysis": "Analisis",
    "not_applicable": "Tidak relevan",
    "not_applicable_reason": "Alasan tidak relevan",
    "decision": "Keputusan",
    "verified_level": "Level hasil verifikasi",
    "reason": "Alasan pengembalian",
    "note": "Catatan",
    "reply": "Tanggapan",
    "title": "Judul",
    "number": "Nomor",
    "date": "Tanggal",
    "valid_until": "Berlaku sampai",
    "valid_from": "Berlaku sejak",
    "kind": "Jenis",
    "pages": "Halaman",
    "level": "Level",
    "file": "Berkas",
    "url": "Tautan",
    "change": "Yang berubah",
    "due_at": "Batas waktu",
    "mend_by": "Batas perbaikan",
    "name": "Nama",
    "year": "Tahun",
    "starts_on": "Mulai",
    "deadline": "Batas waktu",
    "mend_days": "Hari kerja perbaikan",
    "target": "Target",
    "agencies": "OPD",
    "added": "Ditambahkan",
    "removed": "Dilepas",
    "text": "Rekomendasi",
    "due_on": "Tenggat",
    "aim": "Level tujuan",
    "progress": "Kemajuan (%)",
    "report": "Laporan",
    "username": "Nama pengguna",
    "position": "Jabatan",
    "email": "Surel",
    "short_name": "Nama singkat",
    "role": "Peran",
    "successor": "Penerus",
    "purpose": "Kegunaan",
    "category": "Kategori",
    "hosting": "Hosting",
    "status": "Status",
    "last_used": "Terakhir dipakai",
    "security_contact": "Kontak keamanan",
    "indicators": "Indikator",
    "candidate_note": "Catatan konsolidasi",
    "suggested": "Usulan",
    "format": "Bentuk",
}
_NOT_IN_DETAIL = {"review.decide": {"self_level", "note"}, "review.reply": {"reply"}}
_WORDS: dict[str, dict[str, str]] = {
    "decision": {str(value): str(label) for value, label in DecisionKind.choices},
    "reason": {str(value): str(label) for value, label in ReturnReason.choices},
    "role": {str(value): str(label) for value, label in Role.choices},
    "status": {
        str(value): str(label) for value, label in (*FollowUp.Status.choices, *Period.Status.choices, *Status.choices)
    },
    "kind": {str(value): str(label) for value, label in (*Document.Kind.choices, *Agency.Kind.choices)},
}


def changes_of(event: Event, names: Names) -> tuple[Change, ...]:
    """The changed fields that have a name, in the order they were recorded."""
    before, after = names.values_of(event)
    hidden = _NOT_IN_DETAIL.get(event.action, set())
    found = []
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in LABELS or name in hidden:
            continue
        change = _change(name, before.get(name), after.get(name))
        if change is not None:
            found.append(change)
    return tuple(found)


def _change(name: str, before: Any, after: Any) -> Change | None:
    if isinstance(after, dict):
        return Change(LABELS[name], str(after.get("removed", "")), str(after.get("added", "")), is_text=True)
    if name in ("fact", "analysis", "report", "text", "not_applicable_reason", "note"):
        if not before and not after:
            return None
        removed, added = replaced(str(before or ""), str(after or ""))
        return Change(LABELS[name], removed, added, is_text=True)
    was, now = said(name, before), said(name, after)
    return Change(LABELS[name], was, now) if was or now else None


def replaced(before: str, after: str) -> tuple[str, str]:
    """The passage of `before` that went and the one that came instead, with the words they stand in."""
    start, end = kept_around(before, after)
    return before[start : len(before) - end].strip(), after[start : len(after) - end].strip()


def kept_around(before: str, after: str) -> tuple[int, int]:
    """How many letters both begin and end with, but for words that are cut through."""
    start, limit = 0, min(len(before), len(after))
    while start < limit and before[start] == after[start]:
        start += 1
    end = 0
    while end < limit - start and before[-1 - end] == after[-1 - end]:
        end += 1
    while start and not before[start - 1].isspace() and _goes_on(before, after, start):
        start -= 1
    ours, theirs = before[::-1], after[::-1]
    while end and not ours[end - 1].isspace() and _goes_on(ours, theirs, end):
        end -= 1
    return start, end


def _goes_on(before: str, after: str, at: int) -> bool:
    """Whether a word reaches beyond `at` in one of the two."""
    return any(at < len(text) and not text[at].isspace() for text in (before, after))


def said(name: str, value: Any) -> str:
    """One value as a person reads it."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, list):
        shown = ", ".join(str(item) for item in value[:30])
        return f"{shown}, dan {count_id(len(value) - 30)} lagi" if len(value) > 30 else shown
    if isinstance(value, dict):
        return ""
    text = str(value)
    if name in _WORDS and text in _WORDS[name]:
        return _WORDS[name][text]
    if name in ("self_level", "verified_level", "level", "aim", "suggested", "target"):
        return text.replace(".", ",")
    return moment(text) if name.endswith(("_at", "_on", "_by", "date", "deadline", "_until", "_from")) else text


def moment(value: Any) -> str:
    """A day or a moment of an event, which holds it as text."""
    if isinstance(value, datetime):
        return datetime_id(value)
    if isinstance(value, date):
        return date_id(value)
    text = str(value or "")
    try:
        if "T" in text and (at := parse_datetime(text)):
            return datetime_id(at)
        if day := parse_date(text):
            return date_id(day)
    except ValueError:
        pass
    return text


def level(value: Any) -> str:
    return "belum diisi" if value is None or value == "" else str(value).replace(".", ",").removesuffix(",00")


def length_of(value: Any) -> int:
    """Characters of a text as an event holds it."""
    if isinstance(value, dict):
        return int(value.get("length", 0))
    return len(str(value or ""))
