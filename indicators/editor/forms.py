"""Forms of the instrument editor: one field for each text of what is edited (see edit_values)."""

from typing import Any

from django import forms

from indicators.editor import values as values_of
from indicators.editor.base import is_correctable
from indicators.models import Instrument
from spbe_portal.formatting import level_id
from spbe_portal.stale import VersionField

LABELS = {
    "name": "Nama resmi",
    "short_name": "Nama singkat",
    "topic": "Yang dinilai",
    "regulation": "Dasar hukum",
    "regulation_note": "Keberlakuan",
    "source_note": "Sumber",
    "help_text": "Keterangan",
    "caution": "Peringatan",
    "scale_min": "Level terendah",
    "scale_max": "Level tertinggi",
    "is_fractional": "Nilai boleh pecahan",
    "missing_level": "Nilai bila belum terisi",
    "target_level": "Target level tiap indikator",
    "target_index": "Target indeks",
    "bands": "Predikat",
    "level_names": "Nama level",
    "code": "Kode",
    "group": "Nomor indikator induk",
    "aspect": "Aspek",
    "domain": "Domain",
    "weight": "Bobot",
    "capability": "Kapabilitas",
    "order": "Urutan",
    "question": "Pertanyaan",
    "explanation": "Penjelasan",
    "note": "Catatan",
    "external_source": "Sumber nilai dari luar",
    "agency_explanation": "Penjelasan bagi satu OPD",
    "agency_evidence": "Bukti dari OPD",
    "fact_hint": "Petunjuk fakta",
    "analysis_hint": "Petunjuk analisis",
    "common_mistakes": "Kekeliruan yang sering",
    "not_relevant_hints": "Sering tidak relevan bagi",
    "evidence_hints": "Bukti yang lazim",
}
HELP = {
    "topic": "Dipakai dalam judul, misalnya SPBE atau Pemdi.",
    "caution": "Tampil di setiap halaman instrumen ini, misalnya bila isinya dari sumber sekunder.",
    "missing_level": "Kosong: level terendah.",
    "bands": "Satu baris satu predikat: batas bawah | nama. Misalnya 4,2 | Memuaskan.",
    "level_names": "Satu baris satu level: kapabilitas | level | nama. Misalnya process | 1 | Rintisan.",
    "weight": "Bagian dari 100, sebagai bilangan atau pecahan: 2,75 atau 10/3.",
    "order": "1 untuk yang pertama di seluruh instrumen.",
    "group": "Hanya bila satu indikator dinilai dalam beberapa butir.",
    "capability": "Menentukan nama levelnya, misalnya process atau service.",
    "external_source": "Isi hanya bila nilainya berasal dari indeks nasional lain.",
    "agency_evidence": "Satu baris satu contoh.",
    "common_mistakes": "Satu baris satu kekeliruan.",
    "not_relevant_hints": "Satu baris: jenis OPD | alasan.",
    "evidence_hints": "Satu baris: level | bukti. Misalnya 3, 4 | Laporan rapat koordinasi.",
}
AREAS = {
    "regulation_note": 3,
    "source_note": 3,
    "help_text": 3,
    "caution": 2,
    "bands": 6,
    "level_names": 10,
    "question": 2,
    "explanation": 5,
    "note": 3,
    "agency_explanation": 4,
    "agency_evidence": 4,
    "fact_hint": 3,
    "analysis_hint": 3,
    "common_mistakes": 4,
    "not_relevant_hints": 3,
    "evidence_hints": 6,
}
#: What is asked for a new row; everything else on its own page afterwards.
NEW = {
    "domain": ("code", "name", "weight", "capability"),
    "aspek": ("code", "name", "weight", "domain"),
    "indikator": ("code", "name", "short_name", "aspect", "weight", "capability"),
}


class CopyForm(forms.Form):
    name = forms.CharField(label="Nama instrumen baru", max_length=200, error_messages={"required": "Isi namanya."})
    code = forms.CharField(
        label="Kode",
        max_length=60,
        help_text="Huruf kecil, angka, dan tanda hubung; tidak berubah lagi. Misalnya spbe-47-2027.",
        error_messages={"required": "Isi kodenya."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )


class ImportForm(forms.Form):
    file = forms.FileField(label="Berkas instrumen (JSON)", error_messages={"required": "Pilih berkasnya."})
    code = forms.CharField(
        label="Kode",
        max_length=60,
        required=False,
        help_text="Kosong: kode yang tertulis dalam berkas.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )


class EditForm(forms.Form):
    """The texts of one thing. Of something published only the wording, with a reason.

    `stored` is what is stored now, `names` which of its texts to ask for (None: all that may be changed).
    """

    def __init__(
        self,
        *args: Any,
        instrument: Instrument,
        stored: values_of.Stored | None,
        names: tuple[str, ...] | None = None,
        **kwargs: Any,
    ):
        held = stored.values if stored else {}
        if stored:
            kwargs.setdefault("initial", {**held, "version": stored.version})
        super().__init__(*args, **kwargs)
        for name in names or held:
            if instrument.is_draft or is_correctable(name):
                self.fields[name] = _field(name, instrument)
        if stored:
            self.fields["version"] = VersionField()
            if not instrument.is_draft:
                self.fields["reason"] = forms.CharField(
                    label="Alasan",
                    max_length=1000,
                    widget=forms.Textarea(attrs={"rows": 3}),
                    help_text="Tercatat dalam jejak audit, misalnya “salah ketik”.",
                    error_messages={"required": "Tulis alasannya."},
                )

    @property
    def typed(self) -> dict[str, str]:
        """What a valid form says of the thing itself."""
        return {
            name: "1" if value is True else "" if value is False else values_of.plain(value)
            for name, value in self.cleaned_data.items()
            if name not in ("version", "reason")
        }

    @property
    def reason(self) -> str:
        return self.cleaned_data.get("reason", "")

    def fields_but_criteria(self) -> list[Any]:
        return [field for field in self.visible_fields() if field.name in LABELS]

    @property
    def reason_field(self) -> Any:
        return self["reason"] if "reason" in self.fields else None

    def criteria(self) -> list[tuple[Any, Any]]:
        """The two texts of each level."""
        return [
            (self[name], self[f"agency_{name.removeprefix('criterion_')}"])
            for name in self.fields
            if name.startswith("criterion_")
        ]


def _field(name: str, instrument: Instrument) -> forms.Field:
    common: dict[str, Any] = {"label": _label(name), "help_text": HELP.get(name, ""), "required": False}
    if name == "is_fractional":
        return forms.BooleanField(**common)
    if name == "aspect":
        choices = [("", "Pilih aspek"), *((row.code, f"{row.code}. {row.name}") for row in instrument.aspects.all())]
        return forms.ChoiceField(choices=choices, **common)
    if name == "domain":
        choices = [("", "Tanpa domain"), *((row.code, f"{row.code}. {row.name}") for row in instrument.domains.all())]
        return forms.ChoiceField(choices=choices, **common)
    rows = AREAS.get(name, 3 if name.startswith(("criterion_", "agency_")) else 0)
    if rows:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **common)
    return forms.CharField(**common)


def _label(name: str) -> str:
    if name.startswith("criterion_"):
        return f"Kriteria level {_level(name)}"
    if name.startswith("agency_") and name not in LABELS:
        return f"Artinya bagi satu OPD, level {_level(name)}"
    return LABELS[name]


def _level(name: str) -> str:
    return level_id(values_of.Decimal(name.rpartition("_")[2]))
