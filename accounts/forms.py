"""Forms of log-in, people and agencies. What needs the database under lock is checked by the services."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Agency, Role, User
from spbe_portal.stale import VersionField
from spbe_portal.widgets import DayInput

PASSWORD_RULES = (
    "Paling sedikit 10 karakter, tidak hanya angka, bukan kata sandi yang lazim, dan tidak mirip nama Anda."
)
PASSWORDS_DIFFER = "Kedua kata sandi tidak sama. Ketik ulang."
USERNAME = RegexValidator(
    r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
    "Pakai huruf kecil, angka, titik, garis bawah, atau tanda hubung, tanpa spasi; misalnya operator-dinkes.",
)


def _password_input(autocomplete: str, **attrs: Any) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete, **attrs})


class LoginForm(allauth_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, password.label, password.help_text = "Nama pengguna", "Kata sandi", ""
        login.widget = forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        )
        password.widget = _password_input("current-password")
        login.error_messages["required"] = "Isi nama pengguna."
        password.error_messages["required"] = "Isi kata sandi."
        # A password manager's slip or a pasted page: hashing megabytes helps nobody.
        password.max_length = 4096
        password.validators.append(forms.CharField(max_length=4096).validators[0])


class _NewPassword(forms.Form):
    """Two fields for a new password of `self.user`."""

    password1 = forms.CharField(
        label="Kata sandi baru",
        strip=False,
        max_length=4096,
        widget=_password_input("new-password"),
        help_text=PASSWORD_RULES,
        error_messages={"required": "Isi kata sandi baru."},
    )
    password2 = forms.CharField(
        label="Ulangi kata sandi baru",
        strip=False,
        max_length=4096,
        widget=_password_input("new-password"),
        error_messages={"required": "Ulangi kata sandi baru."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password1(self) -> str:
        validate_password(self.cleaned_data["password1"], self.user)
        return self.cleaned_data["password1"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", PASSWORDS_DIFFER)
        return cleaned


class SetPasswordForm(_NewPassword):
    """What a one-time link leads to."""


class ForgottenForm(forms.Form):
    login = forms.CharField(
        label="Nama pengguna atau alamat surel",
        max_length=254,
        error_messages={"required": "Isi nama pengguna atau alamat surel."},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


class ChangePasswordForm(allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        words = {
            "oldpassword": ("Kata sandi saat ini", "Isi kata sandi Anda saat ini.", "current-password"),
            "password1": ("Kata sandi baru", "Isi kata sandi baru.", "new-password"),
            "password2": ("Ulangi kata sandi baru", "Ulangi kata sandi baru.", "new-password"),
        }
        for name, (label, required, autocomplete) in words.items():
            field = self.fields[name]
            field.label, field.error_messages["required"] = label, required
            field.widget = _password_input(autocomplete)
            field.validators.append(forms.CharField(max_length=4096).validators[0])
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].help_text = PASSWORD_RULES

    def clean(self) -> dict[str, Any]:
        cleaned = forms.Form.clean(self) or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", PASSWORDS_DIFFER)
        return cleaned


class _AgencyChoice(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any):
        kwargs.setdefault("queryset", Agency.objects.none())
        kwargs.setdefault("empty_label", "Pilih OPD")
        super().__init__(**kwargs)


def _text(label: str, required: str, max_length: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=max_length, error_messages={"required": required}, **kwargs)


def _day(label: str, **kwargs: Any) -> forms.DateField:
    messages = {"required": "Isi tanggalnya.", "invalid": "Tulis tanggal yang benar, misalnya 30/11/2026."}
    return forms.DateField(label=label, widget=DayInput, error_messages=messages, **kwargs)


def _reason(help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label="Alasan",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text or "Tercatat dalam jejak audit.",
        error_messages={"required": "Tulis alasannya."},
    )


class PersonForm(forms.Form):
    """A person's details. `person` is who is being changed, None for a new one."""

    name = _text("Nama lengkap", "Isi nama lengkap.", 150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    username = _text(
        "Nama pengguna",
        "Isi nama pengguna.",
        150,
        help_text="Untuk masuk. Huruf kecil, angka, titik, garis bawah, atau tanda hubung; misalnya operator-dinkes.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    position = forms.CharField(label="Jabatan", max_length=150, required=False)
    email = forms.EmailField(
        label="Alamat surel",
        required=False,
        max_length=254,
        error_messages={"invalid": "Tulis alamat surel yang benar, misalnya nama@contoh.go.id."},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    version = VersionField()

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any):
        if person is not None:
            kwargs.setdefault("initial", {name: getattr(person, name) for name in PersonForm.base_fields})
        super().__init__(*args, **kwargs)
        self.person = person
        if person is None:
            del self.fields["version"]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_position(self) -> str:
        return " ".join(self.cleaned_data["position"].split())

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if self.person and username == self.person.username:
            return username  # made before, or elsewhere, by other rules
        username = username.lower()
        USERNAME(username)
        return username


class MembershipForm(forms.Form):
    """One role at one agency. Ended agencies are not offered."""

    agency = _AgencyChoice(
        label="OPD", error_messages={"required": "Pilih OPD.", "invalid_choice": "Pilih OPD dari daftar."}
    )
    role = forms.ChoiceField(
        label="Peran",
        choices=Role.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih peran.", "invalid_choice": "Pilih salah satu peran."},
    )
    valid_from = _day("Berlaku sejak", initial=timezone.localdate)
    valid_until = _day("Berlaku sampai", required=False, help_text="Kosongkan bila tanpa batas waktu.")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["agency"].queryset = Agency.objects.filter(  # type: ignore[attr-defined]
            Q(valid_until=None) | Q(valid_until__gte=today)
        )


class NewPersonForm(MembershipForm, PersonForm):
    """A new person with a first role."""

    field_order = ["name", "username", "position", "email", "agency", "role", "valid_from", "valid_until"]


class EndMembershipForm(forms.Form):
    when = forms.ChoiceField(
        label="Kapan berakhir",
        choices=[("now", "Sekarang juga"), ("day", "Pada tanggal tertentu")],
        initial="now",
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih kapan peran berakhir."},
    )
    last_day = _day("Hari terakhir (bila memilih tanggal tertentu)", required=False)
    reason = _reason("Tercatat dalam jejak audit, misalnya “mutasi ke Dinas Sosial”.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") == "now":
            cleaned["last_day"] = None
        elif cleaned.get("when") == "day" and not cleaned.get("last_day") and "last_day" not in self.errors:
            self.add_error("last_day", "Isi hari terakhir, atau pilih “Sekarang juga”.")
        return cleaned


class ReasonForm(forms.Form):
    reason = _reason()


class AgencyForm(forms.Form):
    """An agency's details. `agency` is which is being changed, None for a new one."""

    name = _text("Nama", "Isi nama OPD.", 200, help_text="Nama resmi, misalnya Dinas Kesehatan.")
    short_name = _text("Nama singkat", "Isi nama singkat.", 60, help_text="Dipakai dalam tabel, misalnya Dinkes.")
    kind = forms.ChoiceField(
        label="Jenis",
        choices=[("", "Pilih jenis"), *Agency.Kind.choices],
        error_messages={"required": "Pilih jenis OPD.", "invalid_choice": "Pilih jenis dari daftar."},
    )
    parent = _AgencyChoice(
        label="Induk",
        required=False,
        empty_label="Tidak ada",
        help_text="OPD yang membawahinya, misalnya Sekretariat Daerah bagi sebuah bagian.",
        error_messages={"invalid_choice": "Pilih OPD dari daftar."},
    )
    valid_from = _day("Berlaku sejak", initial=timezone.localdate)
    slug = forms.SlugField(
        label="Kode",
        max_length=60,
        required=False,
        help_text="Dipakai dalam nama berkas dan tidak berubah lagi. Bila kosong, dibuat dari nama singkat.",
        error_messages={"invalid": "Pakai huruf kecil, angka, dan tanda hubung saja, misalnya dinkes."},
    )
    version = VersionField()

    def __init__(self, *args: Any, agency: Agency | None = None, **kwargs: Any):
        if agency is not None:
            names = [name for name in AgencyForm.base_fields if name != "slug"]
            kwargs.setdefault("initial", {name: getattr(agency, name) for name in names})
        super().__init__(*args, **kwargs)
        parents = Agency.objects.all()
        if agency is None:
            del self.fields["version"]
        else:
            del self.fields["slug"]
            parents = parents.exclude(pk=agency.pk)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_short_name(self) -> str:
        return " ".join(self.cleaned_data["short_name"].split())

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"].lower() or slugify(self.cleaned_data.get("short_name", ""))[:60]
        if not slug and "short_name" in self.cleaned_data:
            raise forms.ValidationError("Isi kode, misalnya dinkes.")
        return slug


class EndAgencyForm(forms.Form):
    last_day = _day("Hari terakhir", help_text="Semua peran di OPD ini berakhir paling lambat pada hari itu.")
    successor = _AgencyChoice(
        label="Penerus",
        required=False,
        empty_label="Tidak ada",
        help_text="OPD yang melanjutkan tugasnya, misalnya setelah penggabungan.",
        error_messages={"invalid_choice": "Pilih OPD dari daftar."},
    )
    reason = _reason("Tercatat dalam jejak audit, misalnya nomor peraturan daerah tentang perangkat daerah.")

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any):
        if agency.valid_until:
            kwargs.setdefault("initial", {"last_day": agency.valid_until, "successor": agency.successor_id})
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = Agency.objects.exclude(pk=agency.pk)  # type: ignore[attr-defined]


# --- Filters: a value that is none of the choices filters nothing -----------------------------------


class _Filters(forms.Form):
    q = forms.CharField(required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"}))

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or None


class PersonFilters(_Filters):
    peran = forms.ChoiceField(
        label="Peran",
        required=False,
        choices=[("", "Semua peran"), *Role.choices, ("tanpa", "Tanpa peran yang berlaku")],
    )
    opd = _AgencyChoice(label="OPD", required=False, empty_label="Semua OPD", to_field_name="slug")
    status = forms.ChoiceField(
        required=False, choices=[("belum", ""), ("nonaktif", ""), ("semua", "")], widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["q"].label = "Nama, jabatan, atau surel"
        self.fields["opd"].queryset = Agency.objects.all()  # type: ignore[attr-defined]


class AgencyFilters(_Filters):
    jenis = forms.ChoiceField(label="Jenis", required=False, choices=[("", "Semua jenis"), *Agency.Kind.choices])
    status = forms.ChoiceField(
        required=False,
        choices=[("tanpa-operator", ""), ("berakhir", ""), ("semua", "")],
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["q"].label = "Nama atau kode"
