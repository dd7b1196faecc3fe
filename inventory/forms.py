"""Forms of applications: one entry, the filters of the list, a list as a file, the mark for consolidation."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from accounts.models import Agency
from accounts.permissions import Rights
from indicators.models import Indicator
from inventory import permissions
from inventory.models import FIRST_YEAR, Application, Category, Hosting, Kind, Status
from inventory.services import FACTS
from spbe_portal.stale import VersionField


class _AgencyChoice(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any):
        kwargs.setdefault("queryset", Agency.objects.none())
        super().__init__(**kwargs)


@dataclass(frozen=True)
class IndicatorBox:
    code: str
    name: str
    is_chosen: bool


@dataclass(frozen=True)
class AspectBoxes:
    """The indicators of one aspect to choose from; `is_open` where something is chosen, or services are asked."""

    name: str
    boxes: tuple[IndicatorBox, ...]
    is_open: bool

    @property
    def chosen(self) -> int:
        return sum(box.is_chosen for box in self.boxes)


def _text(label: str, max_length: int, required: str = "", **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=bool(required),
        error_messages={"required": required, "max_length": f"Paling panjang {max_length} karakter."},
        **kwargs,
    )


def _choice(label: str, choices: list[Any], required: str, **kwargs: Any) -> forms.ChoiceField:
    words = {"required": required, "invalid_choice": "Pilih salah satu dari daftar."}
    return forms.ChoiceField(label=label, choices=choices, error_messages=words, **kwargs)


class ApplicationForm(forms.Form):
    """One application. The agency is asked for only where there is more than one to choose from."""

    agency = _AgencyChoice(
        label="OPD",
        empty_label="Pilih OPD",
        error_messages={"required": "Pilih OPD.", "invalid_choice": "Pilih OPD dari daftar."},
    )
    name = _text("Nama aplikasi", 150, "Isi nama aplikasi.")
    purpose = _text(
        "Fungsi",
        300,
        "Tulis untuk apa aplikasi ini dipakai.",
        help_text="Pekerjaan yang dilayani, misalnya “Surat masuk, surat keluar, dan disposisi”.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    users = _text("Pengguna", 200, help_text="Siapa yang memakainya, misalnya “ASN seluruh perangkat daerah”.")
    kind = _choice("Jenis", list(Kind.choices), "Pilih jenis layanannya.", widget=forms.RadioSelect)
    category = _choice("Kategori", [("", "Pilih kategori"), *Category.choices], "Pilih kategori.")
    status = _choice("Status", list(Status.choices), "Pilih status.", widget=forms.RadioSelect)
    last_used = forms.IntegerField(
        label="Tahun terakhir dipakai",
        required=False,
        min_value=FIRST_YEAR,
        help_text="Kosongkan bila belum diketahui.",
        error_messages={"invalid": "Tulis tahunnya dengan empat angka, misalnya 2026."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "input-day"}),
    )
    hosting = _choice("Hosting", list(Hosting.choices), "Pilih tempat hosting.")
    url = forms.URLField(
        label="Alamat (URL)",
        required=False,
        max_length=300,
        assume_scheme="https",
        help_text="Misalnya https://simpeg.kota.go.id.",
        error_messages={"invalid": "Tulis alamat web yang benar, misalnya https://simpeg.kota.go.id."},
    )
    security_contact = _text(
        "Kontak keamanan",
        200,
        help_text="Tim atau jabatan yang dihubungi saat terjadi insiden, dengan surel atau nomor telepon kantor. "
        "Kosongkan bila belum ada.",
    )
    indicators = forms.ModelMultipleChoiceField(
        label="Indikator terkait",
        queryset=Indicator.objects.none(),
        required=False,
        to_field_name="code",
        error_messages={"invalid_choice": "Indikator ini tidak ada.", "invalid_pk_value": "Indikator ini tidak ada."},
    )
    version = VersionField()

    def __init__(self, *args: Any, rights: Rights, application: Application | None = None, **kwargs: Any):
        if application is not None:
            kwargs.setdefault("initial", initial_of(application))
        super().__init__(*args, **kwargs)
        self.application = application
        self.asked = list(
            Indicator.objects.filter(instrument__is_default=True).select_related("aspect").order_by("order")
        )
        self.fields["indicators"].queryset = Indicator.objects.filter(  # type: ignore[attr-defined]
            instrument__is_default=True
        )
        self.fields["last_used"].max_value = timezone.localdate().year  # type: ignore[attr-defined]
        if application is None:
            del self.fields["version"]
            self.fields["status"].initial = Status.ACTIVE
            self.fields["hosting"].initial = Hosting.UNKNOWN
            offered = agencies_to_keep(rights)
        else:
            offered = agencies_to_keep(rights, or_this=application.agency_id)
        self.only_agency = None
        self.fields["agency"].queryset = offered  # type: ignore[attr-defined]
        if application is not None and not permissions.can_move(rights):
            del self.fields["agency"]
        elif application is None and not rights.is_coordinator:
            own = list(offered[:2])
            if len(own) == 1:
                self.only_agency = own[0]
                del self.fields["agency"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("name", "purpose", "users", "security_contact"):
            if name in cleaned:
                cleaned[name] = " ".join(cleaned[name].split())
        return cleaned

    def clean_last_used(self) -> int | None:
        year, today = self.cleaned_data["last_used"], timezone.localdate().year
        if year is not None and year > today:
            raise forms.ValidationError(f"Paling akhir tahun {today}.")
        return year

    @property
    def agency_wanted(self) -> Agency:
        return self.only_agency or self.cleaned_data.get("agency")  # type: ignore[return-value]

    @property
    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FACTS}

    @property
    def aspects(self) -> list[AspectBoxes]:
        """The indicators by aspect, with what was chosen."""
        chosen = {str(code) for code in self["indicators"].value() or []}
        shelves: dict[str, list[Indicator]] = {}
        for indicator in self.asked:
            shelves.setdefault(indicator.aspect.name, []).append(indicator)
        return [
            AspectBoxes(
                name,
                tuple(IndicatorBox(one.code, one.short_name, one.code in chosen) for one in held),
                any(one.code in chosen or one.capability == "service" for one in held),
            )
            for name, held in shelves.items()
        ]


def initial_of(application: Application) -> dict[str, Any]:
    codes = [one.code for one in application.indicators.order_by("order")]
    held = {name: getattr(application, name) for name in FACTS}
    return {**held, "agency": application.agency_id, "indicators": codes, "version": application.version}


def agencies_to_keep(rights: Rights, or_this: int | None = None) -> Any:
    """Agencies of today whose list the person keeps; `or_this` besides, ended or not."""
    offered = Agency.objects.valid_on(timezone.localdate())
    if not rights.is_coordinator:
        offered = offered.filter(pk__in=rights.operator_of)
    if or_this is None:
        return offered
    return Agency.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk=or_this))


class RemoveForm(forms.Form):
    reason = forms.CharField(
        label="Alasan",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Tercatat dalam jejak audit, misalnya “tercatat dua kali”.",
        error_messages={"required": "Tulis alasannya."},
    )
    version = VersionField()


class CandidateForm(forms.Form):
    note = forms.CharField(
        label="Catatan",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Digabung ke mana dan mengapa, misalnya “Fungsi surat beralih ke SRIKANDI”. "
        "OPD pemiliknya dapat membacanya.",
        error_messages={"required": "Tulis catatannya: digabung ke mana, atau mengapa."},
    )


class Filters(forms.Form):
    """A value that is none of the choices filters nothing."""

    q = forms.CharField(
        label="Kata kunci",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    opd = _AgencyChoice(label="OPD", required=False, empty_label="Semua OPD", to_field_name="slug")
    kategori = forms.ChoiceField(label="Kategori", required=False, choices=[("", "Semua kategori"), *Category.choices])
    jenis = forms.ChoiceField(label="Jenis", required=False, choices=[("", "Semua jenis"), *Kind.choices])
    status = forms.ChoiceField(label="Status", required=False, choices=[("", "Semua status"), *Status.choices])
    hosting = forms.ChoiceField(label="Hosting", required=False, choices=[("", "Semua hosting"), *Hosting.choices])
    indikator = forms.SlugField(required=False, max_length=20, widget=forms.HiddenInput)
    lihat = forms.ChoiceField(
        required=False,
        choices=[("tidak-aktif", ""), ("tanpa-kontak", ""), ("lama", ""), ("calon", "")],
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, rights: Rights, **kwargs: Any):
        super().__init__(*args, **kwargs)
        offered = Agency.objects.all()
        if not permissions.can_see_all(rights):
            offered = offered.filter(pk__in=rights.operator_of)
            if len(rights.operator_of) < 2:
                del self.fields["opd"]
        if "opd" in self.fields:
            self.fields["opd"].queryset = offered  # type: ignore[attr-defined]

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or None

    @property
    def wanted(self) -> dict[str, Any]:
        """What `queries.applications` takes."""
        return {
            "search": self.value("q") or "",
            "agency": self.value("opd"),
            "category": self.value("kategori") or "",
            "kind": self.value("jenis") or "",
            "status": self.value("status") or "",
            "hosting": self.value("hosting") or "",
            "indicator": self.value("indikator") or "",
        }

    @property
    def is_filtered(self) -> bool:
        return any(self.wanted.values())
