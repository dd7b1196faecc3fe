"""What lists of agencies and of people share."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Agency, ImportDraft, User
from spbe_portal.formatting import date_id
from spbe_portal.lists import Plan, Row, squeezed
from spbe_portal.widgets import DayInput

KEPT_FOR = timedelta(days=1)
MONTHS = [
    "januari",
    "februari",
    "maret",
    "april",
    "mei",
    "juni",
    "juli",
    "agustus",
    "september",
    "oktober",
    "november",
    "desember",
]
GONE = "Daftar ini sudah disimpan, digantikan unggahan lain, atau lewat satu hari."


def keep(found: Plan, subject: str, file_name: str, actor: User) -> ImportDraft:
    """Keep what was shown until it is confirmed. The person's earlier draft of the subject, and old ones, go."""
    with transaction.atomic():
        ImportDraft.objects.filter(user=actor, subject=subject).delete()
        clean_up()
        return ImportDraft.objects.create(
            user=actor,
            subject=subject,
            file_name=" ".join(file_name.split())[:200],
            rows=[asdict(row) for row in found.rows],
            ignored=found.ignored,
        )


def clean_up() -> int:
    """Delete drafts that nobody confirmed in a day; how many."""
    return ImportDraft.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def draft_of(user: User, subject: str, pk: int) -> ImportDraft | None:
    """The person's own draft, while it can be confirmed."""
    since = timezone.now() - KEPT_FOR
    return ImportDraft.objects.filter(pk=pk, user=user, subject=subject, created_at__gte=since).first()


def kept(draft: ImportDraft) -> Plan[Row]:
    return Plan([Row(**row) for row in draft.rows], list(draft.ignored))


@contextmanager
def taken(draft: ImportDraft, actor: User) -> Iterator[Plan[Row]]:
    """The draft's rows, to be written in one transaction with its end. Raises `Refused` where it is gone."""
    with transaction.atomic():
        since = timezone.now() - KEPT_FOR
        held = ImportDraft.objects.select_for_update().filter(pk=draft.pk, user=actor, created_at__gte=since).first()
        if held is None:
            raise Refused(GONE)
        yield kept(held)
        held.delete()


@contextmanager
def as_shown(row: Row) -> Iterator[None]:
    """A refusal while `row` is written says that things moved since the list was checked."""
    try:
        yield
    except Refused as refused:
        raise Refused(
            f"Baris {row.line} ({row.name}) tidak dapat disimpan lagi seperti yang ditampilkan: {refused.message} "
            "Belum ada yang disimpan. Unggah kembali berkasnya untuk melihat keadaan sekarang."
        ) from None


def cleaned(form: forms.Form, headings: Mapping[str, str], row: Row) -> dict[str, Any]:
    """What `form` read of the row; its errors become problems that name their column."""
    form.is_valid()
    for name, errors in form.errors.items():
        row.problems += [f"{headings.get(name, name)}: {error}" for error in errors]
    return form.cleaned_data


def day(typed: str) -> date | None:
    """A day as lists hold it: 31/12/2026, 2026-12-31, 31 Desember 2026. Raises `ValueError`."""
    if not typed or typed in ("-", "–"):
        return None
    words = typed.lower().split()
    if len(words) == 3 and words[1] in MONTHS:
        typed = f"{words[0]}/{MONTHS.index(words[1]) + 1}/{words[2]}"
    text = DayInput().value_from_datadict({"day": typed}, {}, "day")
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        found = None
    if found is None or not 1950 <= found.year <= 2200:
        raise ValueError(f"“{typed}” bukan tanggal, misalnya 31/12/2026.")
    return found


def choice(typed: str, choices: list[tuple[str, str]], also: Mapping[str, str]) -> str:
    """The value that `typed` means: its code, its label or a word of `also`. Raises `ValueError`."""
    wanted = squeezed(typed)
    for value, label in choices:
        if wanted in (squeezed(value), squeezed(label), *also.get(value, "").split()):
            return value
    raise ValueError(f"“{typed}” tidak dikenal. Pilihan: {', '.join(label for _, label in choices)}.")


class Agencies:
    """Agencies by code, name and short name; of two with one name, the one that has not ended."""

    def __init__(self) -> None:
        today = timezone.localdate()
        kept = Agency.objects.select_related("parent").order_by("pk")
        self.all = sorted(kept, key=lambda one: one.valid_until is not None and one.valid_until < today)
        self.by_slug = {one.slug: one for one in self.all}
        self.named: dict[str, Agency] = {}
        for one in self.all:
            for word in (one.slug, one.name, one.short_name):
                self.named.setdefault(squeezed(word), one)

    def find(self, typed: str) -> Agency | None:
        return self.named.get(squeezed(typed)) if squeezed(typed) else None


def said(value: Any) -> str:
    """A value as a cell says it."""
    if isinstance(value, date):
        return date_id(value)
    return "" if value is None else str(value)
