"""A list brought in as a file: its columns by their headings, and what each row would do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django import forms

from spbe_portal.sheets import Table, Unreadable

NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"

#: The chips above a checked list: value of `?hasil=` and title.
OUTCOMES = (("", "Semua"), (WRONG, "Bermasalah"), (NEW, "Baru"), (CHANGED, "Berubah"), (SAME, "Tetap"))


@dataclass
class Row:
    """One line of the file and what it would do.

    `facts` are the values to store, `changes` (heading, before, after) what differs from what is stored (before is
    None: it is added); `problems` say why a row is `WRONG`. `about` stands below the name.
    """

    line: int
    outcome: str
    name: str = ""
    about: str = ""
    pk: int | None = None
    version: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    changes: list[list[str | None]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Plan(Generic[R]):
    """Every row of a file; `ignored` are headings that mean nothing here."""

    rows: list[R]
    ignored: list[str]

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    def shown(self, chosen: str) -> dict[str, Any]:
        """What the page of a checked list shows of the outcome `chosen` ("" or unknown: of all)."""
        counts = {value: self.count(value) if value else len(self.rows) for value, _ in OUTCOMES}
        chosen = chosen if chosen in counts else ""
        return {
            "rows": [row for row in self.rows if row.outcome == chosen or not chosen],
            "ignored": self.ignored,
            "counts": counts,
            "chips": [(value, title, counts[value]) for value, title in OUTCOMES if counts[value] or value == chosen],
            "chosen": chosen,
            "to_write": counts[NEW] + counts[CHANGED],
        }


class SheetForm(forms.Form):
    file = forms.FileField(
        label="Berkas XLSX atau CSV",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={
            "required": "Pilih berkasnya.",
            "empty": "Berkas ini kosong (0 byte). Periksa berkasnya, lalu unggah kembali.",
            "invalid": "Berkas tidak terkirim. Pilih kembali, lalu unggah.",
        },
    )


def heading_names(known: Mapping[str, str]) -> dict[str, str]:
    """Field of each heading as people write it, squeezed; `known` names them by field, apart by spaces."""
    return {word: name for name, words in known.items() for word in words.split()}


def find_columns(
    table: Table, names: Mapping[str, str], *, needed: str, unknown: str, only_said: frozenset[str] = frozenset()
) -> tuple[int, dict[int, str], list[str]]:
    """Which of the first ten rows is the heading, which column is what, and which headings mean nothing here.

    Raises `Unreadable` with `unknown` where no row has a heading for `needed` and one more. Headings in `only_said`
    (squeezed) are passed over in silence.
    """
    for position, (_, cells) in enumerate(table[:10]):
        found: dict[int, str] = {}
        for column, cell in enumerate(cells):
            name = names.get(squeezed(cell))
            if name and name not in found.values():
                found[column] = name
        if needed in found.values() and len(found) > 1:
            ignored = [
                cell
                for column, cell in enumerate(cells)
                if cell and column not in found and squeezed(cell) not in only_said
            ]
            if not table[position + 1 :]:
                raise Unreadable("Di bawah judul kolom belum ada satu baris pun.")
            return position, found, ignored
    raise Unreadable(unknown)


def cells_of(columns: Mapping[int, str], cells: list[str]) -> dict[str, str]:
    """The cells of one row by field; a row that ends early has empty ones."""
    return {name: cells[column] if column < len(cells) else "" for column, name in columns.items()}


def squeezed(text: str) -> str:
    """Letters and digits only: "Nama Aplikasi *" and "nama_aplikasi" are one."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
