"""What arrives from the pages of the library. Values are checked by the services."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from assessments.models import Document
from assessments.queries.documents import DocumentPage
from assessments.queries.library import ORDERS, STATES, LibraryFilter, Picker
from assessments.services.documents import CHANGE_MAX
from assessments.uploads import ACCEPT, TYPES_TEXT, max_bytes
from indicators.queries import LevelRow
from spbe_portal.formatting import level_id, size_id
from spbe_portal.stale import Difference, VersionField, differences, is_outdated, rebase
from spbe_portal.widgets import DayInput

_DAY = {"invalid": "Tanggal tidak dikenal. Tulis seperti 21/11/2026."}


class DocumentForm(forms.Form):
    """What is said of a document."""

    title = forms.CharField(label="Judul", max_length=200, error_messages={"required": "Isi judul dokumen."})
    number = forms.CharField(label="Nomor", max_length=120, required=False)
    kind = forms.ChoiceField(label="Jenis", choices=Document.Kind.choices)
    date = forms.DateField(label="Tanggal dokumen", required=False, widget=DayInput, error_messages=_DAY)
    valid_until = forms.DateField(
        label="Berlaku sampai",
        required=False,
        widget=DayInput,
        error_messages=_DAY,
        help_text="Kosongkan bila masa berlakunya tidak dibatasi.",
    )

    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class EditDocumentForm(DocumentForm):
    """The same over the version on screen."""

    version = VersionField()

    def __init__(self, data: QueryDict | None, *, document: Document):
        names = ("title", "number", "kind", "date", "valid_until", "version")
        super().__init__(data, initial={name: getattr(document, name) for name in names})

    def beside(self, stored: Document) -> list[Difference]:
        """What is stored beside what was typed, where the form was filled in over an older version."""
        if not is_outdated(self, stored):
            return []
        rebase(self, stored)
        return differences(self, stored, self.details())


class NewDocumentForm(DocumentForm):
    """Details of a file or link that is being added: what is empty follows from its name."""

    title = forms.CharField(label="Judul", max_length=200, required=False, help_text="Kosong: memakai nama berkasnya.")
    kind = forms.ChoiceField(
        label="Jenis", choices=[("", "Dikenali dari nama berkas"), *Document.Kind.choices], required=False
    )
    field_order = ("title", "number", "kind", "date", "valid_until")


class VersionForm(forms.Form):
    """A new version, and which of the answers that may be changed now use it."""

    file = forms.FileField(
        label="Berkas versi baru",
        required=False,
        allow_empty_file=True,  # the check of files says it better
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    url = forms.CharField(
        label="Atau alamat tautan",
        required=False,
        widget=forms.URLInput(attrs={"inputmode": "url"}),
        help_text="Lengkap dengan https://, bila versi barunya bukan berkas.",
    )
    change = forms.CharField(
        label="Yang berubah (tidak wajib)",
        required=False,
        max_length=CHANGE_MAX,
        help_text="Satu kalimat, misalnya “Lampiran II ditambah” atau “Sudah ditandatangani”.",
    )
    pakai = forms.TypedMultipleChoiceField(coerce=int, required=False, widget=forms.CheckboxSelectMultiple)
    upload = forms.CharField(required=False, widget=forms.HiddenInput)  # the file, where it came in parts before

    def __init__(self, data: QueryDict | None, files: Any = None, *, page: DocumentPage):
        super().__init__(data, files, initial={"pakai": [use.evidence.pk for use in page.open_uses]})
        self.uses = page.open_uses
        self.fields["file"].help_text = f"{TYPES_TEXT}, paling besar {size_id(max_bytes())}."
        if page.newest.is_link:
            self.order_fields(["url", "file", "change"])
            self.fields["url"].label, self.fields["file"].label = "Alamat tautan versi baru", "Atau berkas"
        # Which ones there are and may be changed, the service says under its locks.
        self.fields["pakai"].choices = [(each, "") for each in self._sent()]  # type: ignore[attr-defined]

    def _sent(self) -> list[str]:
        return self.data.getlist("pakai") if isinstance(self.data, QueryDict) else []

    @property
    def chosen(self) -> set[int]:
        """The evidence that is ticked, as sent or as offered."""
        return set(numbers(self._sent())) if self.is_bound else set(self.initial["pakai"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        has_file = bool(cleaned.get("file") or cleaned.get("upload"))
        if not has_file and not cleaned.get("url") and "file" not in self.errors:
            self.add_error("file", "Pilih berkas versi baru, atau isi tautannya.")
        elif has_file and cleaned.get("url"):
            self.add_error("url", "Pilih salah satu: berkas atau tautan.")
        return cleaned


class LibraryFilters(forms.Form):
    """The fields above the list; what is not known does not narrow."""

    q = forms.CharField(
        label="Cari",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Judul, nomor, nama berkas"}),
    )
    urut = forms.ChoiceField(label="Urutkan", required=False, choices=list(ORDERS.items()))

    def wanted(self) -> LibraryFilter:
        self.is_valid()
        state, kind = self.data.get("status", ""), self.data.get("jenis", "")
        return LibraryFilter(
            text=self.cleaned_data.get("q", "").strip(),
            state=state if state in STATES else "",
            kind=kind if kind in Document.Kind.values else "",
            order=self.cleaned_data.get("urut", ""),
        )


class PickForm(forms.Form):
    """Which documents of a picker are attached, with pages and level of each: fields by version."""

    def __init__(self, data: QueryDict | None, *, picker: Picker, ladder: tuple[LevelRow, ...]):
        super().__init__(data)
        levels = [("", "Tidak disebut"), *((str(row.level), f"{level_id(row.level)} {row.name}") for row in ladder)]
        shown = {row.newest.pk: row.document.title for row in picker.rows}
        for pk in dict.fromkeys([*shown, *self._sent()]):
            name = shown.get(pk, "")
            self.fields[f"pilih-{pk}"] = forms.BooleanField(label=name, required=False)
            self.fields[f"hal-{pk}"] = forms.CharField(
                label="Halaman", max_length=60, required=False, widget=forms.TextInput(attrs={"placeholder": "3-5, 8"})
            )
            self.fields[f"level-{pk}"] = forms.ChoiceField(label="Mendukung level", required=False, choices=levels)
        self.picker = picker

    def _sent(self) -> list[int]:
        """Versions that were ticked, also those that the list does not show any more."""
        ticked = [name.removeprefix("pilih-") for name in self.data if name.startswith("pilih-")]
        return numbers(ticked)[:MOST]

    def lines(self) -> list[tuple[Any, ...]]:
        """Each row with its three bound fields."""
        return [
            (row, self[f"pilih-{row.newest.pk}"], self[f"hal-{row.newest.pk}"], self[f"level-{row.newest.pk}"])
            for row in self.picker.rows
        ]

    def wanted(self) -> dict[int, dict[str, Any]]:
        values = self.cleaned_data
        return {
            pk: {"pages": values[f"hal-{pk}"], "level": values[f"level-{pk}"] or None}
            for pk in self._sent()
            if values.get(f"pilih-{pk}")
        }


MOST = 50  # documents that one request may attach


def numbers(texts: Iterable[str]) -> list[int]:
    """What are ids among what was sent."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
