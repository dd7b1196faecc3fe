"""Forms of follow-ups: they read what was typed; the rules are the services'."""

from collections.abc import Sequence
from datetime import date
from math import ceil, floor
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Agency
from assessments.models import FollowUp, Period
from assessments.queries.followup_sources import Note, Step
from assessments.queries.followups import STATES, Choices, FollowUpFilter
from assessments.services.followups import LAST_YEAR, NO_TEXT, NOTE_MAX, PAST, TEXT_MAX, Carried, Wanted
from assessments.uploads import ACCEPT, TYPES_TEXT
from indicators.models import Indicator
from spbe_portal.formatting import level_id
from spbe_portal.stale import Difference, VersionField, differences, is_outdated, rebase
from spbe_portal.widgets import DayInput

_UNKNOWN_DAY = "Tanggal tidak dikenal. Tulis seperti 31/12/2026."


def _day_field(label: str, *, required: bool = True, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        widget=DayInput,
        error_messages={"required": "Isi tenggatnya.", "invalid": _UNKNOWN_DAY},
        **kwargs,
    )


def _checked_day(day: date) -> date:
    if day < timezone.localdate():
        raise ValidationError(PAST)
    if day.year > LAST_YEAR:
        raise ValidationError(f"Tahun paling akhir {LAST_YEAR}. Periksa kembali tanggalnya.")
    return day


def explain(form: forms.Form, errors: dict[str, str], names: dict[str, str] | None = None) -> None:
    """Put what a service refused beside the fields it is about; `names`: its word -> the form's."""
    for name, text in errors.items():
        field = (names or {}).get(name, name)
        form.add_error(field if field in form.fields else None, text)


class FollowUpForm(forms.Form):
    """A typed follow-up, or what may be changed of one that is open."""

    text = forms.CharField(
        label="Rekomendasi",
        help_text="Apa yang harus dilakukan OPD, sejelas mungkin.",
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": NO_TEXT},
    )
    agency_id = forms.TypedChoiceField(
        label="OPD pelaksana", coerce=int, error_messages={"required": "Pilih OPD pelaksananya."}
    )
    indicator_id = forms.TypedChoiceField(label="Indikator", coerce=int, empty_value=None, required=False)
    aim = forms.CharField(label="Level yang dituju", required=False)
    due_on = _day_field("Tenggat")
    version = VersionField(required=False)

    NAMES = ("text", "agency_id", "aim", "due_on")

    def __init__(self, data: QueryDict | None, *, period: Period, follow_up: FollowUp | None = None):
        initial: dict[str, Any] = {}
        if follow_up:
            initial = {name: getattr(follow_up, name) for name in (*self.NAMES, "version")}
            initial["aim"] = "" if follow_up.aim is None else str(follow_up.aim)
        super().__init__(data, initial=initial)
        self.follow_up = follow_up
        agencies = list(Agency.objects.valid_on(timezone.localdate()).order_by("name"))
        if follow_up and follow_up.agency not in agencies:
            agencies.append(follow_up.agency)
        self._offer("agency_id", [("", "Pilih OPD"), *((agency.pk, agency.name) for agency in agencies)])
        instrument = period.instrument
        if follow_up:
            del self.fields["indicator_id"]
        else:
            rows = Indicator.objects.filter(instrument=instrument).order_by("order")
            self._offer(
                "indicator_id",
                [("", "Tidak terkait satu indikator"), *((row.pk, f"{row.code}. {row.short_name}") for row in rows)],
            )
        if follow_up and follow_up.indicator_id is None:
            del self.fields["aim"]
        elif not instrument.is_fractional:
            levels = range(ceil(instrument.scale_min), floor(instrument.scale_max) + 1)
            self.fields["aim"] = forms.ChoiceField(
                label="Level yang dituju",
                required=False,
                choices=[("", "Tidak ditentukan"), *((str(level), f"Level {level}") for level in levels)],
            )
        if follow_up:
            self.fields[
                "agency_id"
            ].help_text = (
                "Bila diganti, kemajuan, laporan, dan bukti OPD yang lama tidak ikut; riwayatnya tetap tercatat."
            )

    def _offer(self, name: str, choices: Sequence[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def details(self) -> dict[str, Any]:
        """What the services take; the aim empty is None."""
        found = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        found["aim"] = str(found["aim"]).replace(",", ".") if found.get("aim") else None
        return found

    def beside(self, stored: FollowUp) -> list[Difference]:
        """What is stored beside what was typed, where the form was filled in over an older version."""
        if not is_outdated(self, stored):
            return []
        rebase(self, stored)
        typed = {name: value for name, value in self.details().items() if name in self.NAMES}
        if typed["aim"] is not None and level_id(stored.aim) == typed["aim"].replace(".", ","):
            typed["aim"] = stored.aim
        return differences(self, stored, typed)


class CarryForm(forms.Form):
    """What the owner reports of an open follow-up."""

    progress = forms.IntegerField(
        label="Kemajuan (persen)",
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"class": "input-short", "step": "5", "inputmode": "numeric"}),
        error_messages={
            "required": "Isi kemajuan dari 0 sampai 100.",
            "invalid": "Isi dengan angka bulat dari 0 sampai 100.",
            "min_value": "Isi kemajuan dari 0 sampai 100.",
            "max_value": "Isi kemajuan dari 0 sampai 100.",
        },
    )
    report = forms.CharField(
        label="Laporan pelaksanaan",
        help_text="Apa yang sudah dilakukan, kapan, dan hasilnya.",
        required=False,
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    file = forms.FileField(
        label="Bukti",
        help_text=f"{TYPES_TEXT}. Berkas disimpan di pustaka dokumen OPD.",
        required=False,
        allow_empty_file=True,  # the check of files says it better
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    drops_proof = forms.BooleanField(label="Lepas bukti yang sekarang", required=False)
    version = VersionField()

    def __init__(self, data: QueryDict | None, files: Any = None, *, follow_up: FollowUp):
        initial = {name: getattr(follow_up, name) for name in ("progress", "report", "version")}
        super().__init__(data, files, initial=initial)
        if follow_up.proof_id is None:
            del self.fields["drops_proof"]
        else:
            self.fields["file"].label = "Ganti bukti"

    def carried(self) -> Carried:
        values = self.cleaned_data
        return Carried(values["progress"], values["report"], values["file"], bool(values.get("drops_proof")))

    def beside(self, stored: FollowUp) -> list[Difference]:
        if not is_outdated(self, stored):
            return []
        rebase(self, stored)
        return differences(self, stored, {name: self.cleaned_data[name] for name in ("progress", "report")})


class NoteForm(forms.Form):
    """Why the coordinator moves it, over the version on screen."""

    note = forms.CharField(
        label="Catatan",
        required=False,
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = VersionField()


class FollowUpFilters(forms.Form):
    """The fields above the list; what is not known does not narrow."""

    q = forms.CharField(label="Kata", required=False, max_length=100)
    opd = forms.ChoiceField(label="OPD", required=False)
    indikator = forms.ChoiceField(label="Indikator", required=False)
    periode = forms.ChoiceField(label="Periode", required=False)
    asal = forms.ChoiceField(label="Asal", required=False, choices=[("", "Semua asal"), *FollowUp.Source.choices])

    def __init__(self, data: QueryDict, choices: Choices, *, sees_all: bool):
        super().__init__(data)
        for name, title, rows in (
            ("opd", "Semua OPD", choices.agencies),
            ("indikator", "Semua indikator", choices.indicators),
            ("periode", "Semua periode", choices.periods),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", title), *((str(value), text) for value, text in rows)]
        if not sees_all and len(choices.agencies) < 2:
            del self.fields["opd"]
        self.is_valid()

    def wanted(self) -> FollowUpFilter:
        values = self.cleaned_data
        state = self.data.get("status", "")
        return FollowUpFilter(
            state=state if state in STATES else "",
            text=values.get("q", "").strip(),
            agency_id=int(values["opd"]) if values.get("opd") else None,
            indicator=values.get("indikator", ""),
            period_id=int(values["periode"]) if values.get("periode") else None,
            source=values.get("asal", ""),
        )


class TakeForm(forms.Form):
    """Which recommendations become follow-ups, with text and due date of each; one date for all that have none."""

    due_on = _day_field("Tenggat untuk semua", required=False, help_text="Berlaku bagi yang tenggatnya kosong.")

    def __init__(
        self, data: QueryDict | None, *, rows: Sequence[Note | Step], due_on: date | None = None, ticked: bool = False
    ):
        super().__init__(data, initial={"due_on": due_on})
        self.rows = [row for row in rows if row.taken is None]
        for row in self.rows:
            self.fields[f"pilih-{row.key}"] = forms.BooleanField(
                label=f"Indikator {self._code(row)}, {self._agency(row)}", required=False, initial=ticked
            )
            self.fields[f"teks-{row.key}"] = forms.CharField(
                label="Rekomendasi",
                required=False,
                initial=row.text,
                max_length=TEXT_MAX,
                widget=forms.Textarea(attrs={"rows": min(8, 2 + len(row.text) // 110)}),
            )
            self.fields[f"tenggat-{row.key}"] = _day_field("Tenggat sendiri", required=False)

    @staticmethod
    def _code(row: Note | Step) -> str:
        return row.code if isinstance(row, Note) else row.rise.indicator.code

    @staticmethod
    def _agency(row: Note | Step) -> str:
        return row.agency if isinstance(row, Note) else row.agency.name

    def lines(self) -> list[tuple[Note | Step, Any, Any, Any]]:
        """Each row with its three bound fields."""
        return [
            (row, self[f"pilih-{row.key}"], self[f"teks-{row.key}"], self[f"tenggat-{row.key}"]) for row in self.rows
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = self._chosen(cleaned)
        if not chosen:
            self.add_error(None, "Belum ada yang dipilih. Centang paling sedikit satu rekomendasi.")
        common = cleaned.get("due_on")
        for row in chosen:
            text, own = f"teks-{row.key}", f"tenggat-{row.key}"
            if text in cleaned and not cleaned[text].strip():
                self.add_error(text, NO_TEXT)
            if cleaned.get(own):
                self._check_day(own, cleaned[own])
        needs_common = [row for row in chosen if not cleaned.get(f"tenggat-{row.key}")]
        if needs_common and "due_on" not in self.errors:
            if common is None:
                self.add_error("due_on", "Isi tenggatnya, atau isi tenggat setiap yang dipilih.")
            else:
                self._check_day("due_on", common)
        return cleaned

    def _check_day(self, name: str, day: date) -> None:
        try:
            _checked_day(day)
        except ValidationError as wrong:
            self.add_error(name, wrong)

    def _chosen(self, cleaned: dict[str, Any]) -> list[Note | Step]:
        return [row for row in self.rows if cleaned.get(f"pilih-{row.key}")]

    def wanted(self) -> dict[str, Wanted]:
        """What was chosen, by the row's key."""
        values = self.cleaned_data
        return {
            row.key: Wanted(values[f"teks-{row.key}"], values.get(f"tenggat-{row.key}") or values["due_on"])
            for row in self._chosen(values)
        }
