"""Forms of the coordinator's pages: they read what was typed; the rules are the services'."""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Agency
from assessments.models import Assessment, Period
from assessments.queries.periods import selectable_agencies
from assessments.services.answers import REASON_MAX
from assessments.services.periods import NAME_MAX, YEARS, detail_errors
from indicators.checks import problems
from indicators.models import Instrument
from indicators.parts import stored_parts
from spbe_portal.formatting import date_id, datetime_id, decimal_id
from spbe_portal.stale import Difference, VersionField, differences, is_outdated, rebase
from spbe_portal.widgets import DayInput

CLOSING_TIME = time(16, 0)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")


class ClockField(forms.CharField):
    """A time of day as offices write it: "16.00"; a colon is taken too."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", forms.TextInput(attrs={"class": "input-short", "autocomplete": "off"}))
        super().__init__(max_length=10, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%H.%M}" if isinstance(value, time) else value

    def clean(self, value: Any) -> time | None:
        text = super().clean(value)
        if not text:
            return None
        match = _CLOCK.fullmatch(text)
        if not match:
            raise ValidationError("Tulis jam dan menit, misalnya 16.00.")
        return time(int(match[1]), int(match[2]))


class CommaField(forms.CharField):
    """A decimal number with a comma ("3,60"); a point is taken too."""

    def prepare_value(self, value: Any) -> Any:
        return decimal_id(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            number = Decimal(text.replace(",", ".")) if re.fullmatch(r"\d{1,6}([.,]\d{1,6})?", text) else None
        except InvalidOperation:
            number = None
        if number is None:
            raise ValidationError("Tulis angka dengan koma, misalnya 3,60.")
        return number


def plausible_day(day: date) -> date:
    """`day`, unless its year is mistyped."""
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValidationError(f"Tahun harus antara {YEARS[0]} dan {YEARS[1]}. Periksa kembali tanggalnya.")
    return day


class DeadlineMixin(forms.Form):
    """A day and a time that together are a moment in the portal's zone (`cleaned_data["deadline"]`)."""

    deadline_date = forms.DateField(
        label="Tanggal batas waktu",
        widget=DayInput,
        error_messages={
            "required": "Isi tanggal batas waktu.",
            "invalid": "Tanggal tidak dikenal. Tulis seperti 31/12/2026.",
        },
    )
    deadline_time = ClockField(
        label=f"Jam batas waktu ({settings.TIME_ZONE_LABEL})",
        error_messages={"required": "Isi jam batas waktu."},
    )

    def clean_deadline_date(self) -> date:
        return plausible_day(self.cleaned_data["deadline_date"])

    def moment(self) -> datetime | None:
        day, clock = self.cleaned_data.get("deadline_date"), self.cleaned_data.get("deadline_time")
        if day is None or clock is None:
            return None
        return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone())


def usable_instruments() -> tuple[list[Instrument], list[tuple[Instrument, list[str]]]]:
    """Instruments a period can use, and the others with what is wrong. A frozen one was whole when it froze."""
    usable: list[Instrument] = []
    broken: list[tuple[Instrument, list[str]]] = []
    for instrument in Instrument.objects.filter(is_draft=False):
        found = [] if instrument.in_use_since else problems(stored_parts(instrument))
        if found:
            broken.append((instrument, found))
        else:
            usable.append(instrument)
    return usable, broken


def _offer(field: Any, rows: Sequence[Agency] | Sequence[Instrument]) -> None:
    """Let `field` take one or more of `rows`. What was sent is compared as text: it may be no number at all."""
    known = {str(row.pk): row for row in rows}
    field.choices = [(pk, row.name) for pk, row in known.items()]
    field.coerce = known.__getitem__


def _named(agencies: set[Agency], only_here: set[Agency]) -> str:
    """How many agencies, and which are not on the other side."""
    names = ", ".join(sorted(agency.name for agency in only_here))
    return f"{len(agencies)} OPD" + (f", termasuk {names}" if names else "")


class PeriodForm(DeadlineMixin):
    """Details and agencies of a period. With `period` it edits that one; while it runs, fewer fields remain.

    `details()` are the values for `services.periods`; `agencies()` all agencies the period shall have.
    """

    name = forms.CharField(
        label="Nama periode",
        max_length=NAME_MAX,
        help_text="Tampil pada semua halaman dan laporan, misalnya Penilaian SPBE OPD 2026.",
        error_messages={
            "required": "Isi nama periode.",
            "max_length": f"Nama terlalu panjang: paling banyak {NAME_MAX} karakter.",
        },
    )
    year = forms.IntegerField(
        label="Tahun penilaian",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "input-short"}),
        error_messages={"required": "Isi tahun penilaian.", "invalid": "Tulis tahun dengan angka, misalnya 2026."},
    )
    instrument = forms.TypedChoiceField(
        label="Instrumen",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Pilih instrumen.",
            "invalid_choice": "Instrumen ini tidak dapat dipakai. Pilih yang lain.",
        },
    )
    starts_on = forms.DateField(
        label="Tanggal mulai",
        widget=DayInput,
        help_text="Untuk keterangan saja: OPD dapat mengisi begitu periode dibuka.",
        error_messages={
            "required": "Isi tanggal mulai.",
            "invalid": "Tanggal tidak dikenal. Tulis seperti 31/12/2026.",
        },
    )
    mend_days = forms.IntegerField(
        label="Waktu perbaikan (hari kerja)",
        help_text="Batas perbaikan bagi OPD yang penilaiannya dikembalikan, dihitung sejak dikembalikan.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "input-short"}),
        error_messages={
            "required": "Isi jumlah hari kerja.",
            "invalid": "Tulis jumlah hari dengan angka, misalnya 5.",
        },
    )
    target = CommaField(
        label="Target indeks",
        required=False,
        help_text="Dengan koma, misalnya 3,60. Menjadi pembanding pada laporan OPD.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "input-short", "autocomplete": "off"}),
    )
    evidence_from = forms.DateField(
        label="Bukti paling lama bertanggal",
        required=False,
        widget=DayInput,
        help_text="Bukti yang lebih lama diberi peringatan, tidak ditolak; peraturan dan pedoman dikecualikan. Bila "
        "kosong: 1 Januari tahun sebelum tahun penilaian.",
        error_messages={"invalid": "Tanggal tidak dikenal. Tulis seperti 31/12/2026."},
    )
    agencies_chosen = forms.TypedMultipleChoiceField(
        label="OPD yang dinilai",
        required=False,
        error_messages={
            "invalid_choice": "OPD yang dipilih tidak dikenal. Muat ulang halaman, lalu pilih kembali.",
        },
    )
    reason = forms.CharField(
        label="Alasan perubahan batas waktu",
        required=False,
        max_length=REASON_MAX,
        help_text="Wajib diisi bila batas waktu diubah. Tercatat dalam jejak audit.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    version = VersionField()

    field_order = (
        "name",
        "year",
        "instrument",
        "starts_on",
        "deadline_date",
        "deadline_time",
        "reason",
        "mend_days",
        "target",
        "evidence_from",
        "agencies_chosen",
    )
    FIXED_WHILE_OPEN = ("year", "instrument", "starts_on")

    def __init__(self, *args: Any, period: Period | None = None, **kwargs: Any):
        self.period = period
        self.is_running = period is not None and period.status == Period.Status.OPEN
        self.present: list[Agency] = []
        if period is not None:
            self.present = list(Agency.objects.filter(assignments__period=period).distinct().order_by("name"))
        kwargs["initial"] = {**self._initial(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        present = {agency.pk for agency in self.present}
        choices = selectable_agencies(keep=present)
        self.choices = [agency for agency in choices if agency.pk not in present] if self.is_running else choices
        _offer(self.fields["agencies_chosen"], self.choices)
        self.broken: list[tuple[Instrument, list[str]]] = []
        self.instruments: list[Instrument] = []
        if period is None:
            del self.fields["version"]
        if self.is_running:
            for name in self.FIXED_WHILE_OPEN:
                del self.fields[name]
        else:
            del self.fields["reason"]
            self.instruments, self.broken = usable_instruments()
            _offer(self.fields["instrument"], self.instruments)

    def _initial(self) -> dict[str, Any]:
        if self.period is None:
            today = timezone.localdate()
            default = Instrument.objects.filter(is_default=True).first()
            return {
                "year": today.year,
                "instrument": default.pk if default else None,
                "starts_on": today,
                "deadline_time": CLOSING_TIME,
                "mend_days": 5,
                "agencies_chosen": [agency.pk for agency in selectable_agencies()],
            }
        deadline = timezone.localtime(self.period.deadline)
        running = self.is_running
        return {
            "name": self.period.name,
            "year": self.period.year,
            "instrument": self.period.instrument_id,
            "starts_on": self.period.starts_on,
            "deadline_date": deadline.date(),
            "deadline_time": deadline.time(),
            "mend_days": self.period.mend_days,
            "target": self.period.target,
            "evidence_from": self.period.evidence_from,
            "agencies_chosen": [] if running else [agency.pk for agency in self.present],
            "version": self.period.version,
        }

    @property
    def chosen(self) -> set[int]:
        """Ids of the ticked agencies, as sent or as at first."""
        values = {str(value) for value in self["agencies_chosen"].value() or []}
        return {agency.pk for agency in self.choices if str(agency.pk) in values}

    @property
    def instrument_choices(self) -> list[tuple[forms.boundfield.BoundWidget, Instrument]]:
        """The radio button of each instrument, and the instrument."""
        return list(zip(self["instrument"], self.instruments, strict=True))

    @property
    def groups(self) -> list[tuple[str, str, list[tuple[Agency, bool]]]]:
        """(kind, its label, [(agency, ticked)]) in the order of kinds."""
        chosen = self.chosen
        found: dict[str, list[tuple[Agency, bool]]] = {}
        for agency in self.choices:
            found.setdefault(agency.kind, []).append((agency, agency.pk in chosen))
        return [(kind, Agency.Kind(kind).label, rows) for kind, rows in found.items()]

    def clean_starts_on(self) -> date:
        return plausible_day(self.cleaned_data["starts_on"])

    def clean_evidence_from(self) -> date | None:
        day = self.cleaned_data["evidence_from"]
        return plausible_day(day) if day else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        deadline = self.moment()
        if deadline is not None:
            if self.period and deadline == self.period.deadline.replace(second=0, microsecond=0):
                deadline = self.period.deadline  # the minute on screen is the moment stored
            data["deadline"] = deadline
            moved = self.period is None or deadline != self.period.deadline
            if moved and deadline <= timezone.now():
                self.add_error(
                    "deadline_date", f"Batas waktu {datetime_id(deadline)} sudah lewat. Pilih yang akan datang."
                )
            if self.is_running and moved and not data.get("reason", "").strip() and "reason" not in self.errors:
                self.add_error("reason", "Tulis alasan perubahan batas waktu.")
        elif (day := data.get("deadline_date")) and day < timezone.localdate():  # said though the time is missing
            self.add_error("deadline_date", f"Tanggal {date_id(day)} sudah lewat. Pilih yang akan datang.")
        if not self.is_running and "agencies_chosen" in data and not data["agencies_chosen"]:
            self.add_error("agencies_chosen", "Pilih paling sedikit satu OPD.")
        known = self.details()
        if self.is_running and self.period:
            known |= {"instrument": self.period.instrument, "starts_on": self.period.starts_on}
        self.add_errors(detail_errors(known, period_id=self.period.pk if self.period else None))
        return data

    def add_errors(self, errors: dict[str, str]) -> None:
        """Messages of the services, each at the field it is about."""
        places = {"deadline": "deadline_date", "agencies": "agencies_chosen"}
        for name, message in errors.items():
            place = places.get(name, name)
            if place in self.fields and place in self.errors:
                continue
            self.add_error(place if place in self.fields else None, message)

    def details(self) -> dict[str, Any]:
        names = ("name", "year", "instrument", "starts_on", "deadline", "mend_days", "target", "evidence_from")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}

    def agencies(self) -> list[Agency]:
        chosen = list(self.cleaned_data["agencies_chosen"])
        return [*self.present, *chosen] if self.is_running else chosen

    def beside(self, stored: Period) -> list[Difference]:
        """What is stored beside what was typed, where the form was filled in over an older version.

        Sending the form once more is then an answer to what is stored now.
        """
        if not is_outdated(self, stored):
            return []
        rebase(self, stored)
        found = differences(self, stored, self.details(), {"deadline": "Batas waktu", "instrument": "Instrumen"})
        present, chosen = set(self.present), set(self.cleaned_data.get("agencies_chosen", []))
        if not self.is_running and present != chosen:
            found.append(
                Difference("OPD yang dinilai", _named(present, present - chosen), _named(chosen, chosen - present))
            )
        return found

    def tick(self, wanted: str) -> "PeriodForm":
        """The same form as typed, with agencies ticked ("semua", a kind) or none ("kosong"); not validated."""
        if wanted == "kosong":
            ticked: Collection[int] = set()
        else:
            ticked = {agency.pk for agency in self.choices if wanted in ("semua", agency.kind)} | self.chosen
        typed = {name: self[name].value() for name in self.fields if name != "agencies_chosen"}
        return PeriodForm(period=self.period, initial={**typed, "agencies_chosen": sorted(ticked)})


class ReasonForm(forms.Form):
    """Why: for what cannot be taken back. Tercatat dalam jejak audit."""

    reason = forms.CharField(
        label="Alasan",
        max_length=REASON_MAX,
        help_text="Tercatat dalam jejak audit.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "Tulis alasannya terlebih dahulu.",
            "max_length": "Alasan terlalu panjang: paling banyak 2.000 karakter.",
        },
    )


class FinaliseForm(ReasonForm):
    """A reason where something freezes unfinished; nothing to type otherwise."""

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]
        else:
            self.fields["reason"].label = "Alasan membekukan yang belum selesai"


class ExtendForm(DeadlineMixin, ReasonForm):
    """A later deadline for one agency."""

    field_order = ("deadline_date", "deadline_time", "reason")

    def __init__(self, *args: Any, assessment: Assessment, **kwargs: Any):
        due = timezone.localtime(assessment.due_at)
        kwargs["initial"] = {"deadline_time": due.time(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["deadline_date"].label = "Tanggal batas waktu baru"
        self.fields["deadline_time"].label = f"Jam batas waktu baru ({settings.TIME_ZONE_LABEL})"

    def add_errors(self, errors: dict[str, str]) -> None:
        for name, message in errors.items():
            place = {"until": "deadline_date"}.get(name, name)
            self.add_error(place if place in self.fields else None, message)
