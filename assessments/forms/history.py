"""What to show of a history. A value that makes no sense filters nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms

from accounts.models import Agency, User
from assessments import sentences
from assessments.models import Assessment
from assessments.queries.audit_trail import THINGS, Trail
from assessments.queries.history import Wanted
from spbe_portal.widgets import DayInput


class _PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj)


class _AgencyChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.short_name)


class _Filters(forms.Form):
    dari = forms.DateField(label="Dari tanggal", required=False, widget=DayInput)
    sampai = forms.DateField(label="Sampai tanggal", required=False, widget=DayInput)

    def value(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or None

    def _wanted(self) -> Wanted:
        person = self.value("orang")
        chosen = getattr(person, "pk", person)
        return Wanted(
            person=int(chosen) if chosen else None,
            kind=self.value("jenis") or "",
            since=self.value("dari"),
            until=self.value("sampai"),
        )


class HistoryFilters(_Filters):
    """One assessment's; `people` are those who acted in what the reader may see. `code` fixes the indicator."""

    orang = forms.ChoiceField(label="Orang", required=False)
    indikator = forms.ChoiceField(label="Indikator", required=False)
    jenis = forms.ChoiceField(required=False, choices=list(sentences.KINDS.items()), widget=forms.HiddenInput)
    field_order = ("orang", "indikator", "dari", "sampai", "jenis")

    def __init__(self, data: Any, *, people: Sequence[User], assessment: Assessment, code: str = ""):
        super().__init__(data)
        self.code = code
        self.fields["orang"].choices = [("", "Semua orang"), *((str(one.pk), str(one)) for one in people)]  # type: ignore[attr-defined]
        if code:
            del self.fields["indikator"]
            return
        rows = assessment.answers.order_by("indicator__order").values_list("indicator__code", "indicator__short_name")
        self.fields["indikator"].choices = [  # type: ignore[attr-defined]
            ("", "Semua indikator"),
            *((number, f"{number}. {name}") for number, name in rows),
        ]

    @property
    def wanted(self) -> Wanted:
        found = self._wanted()
        return replace(found, indicator=self.code or self.value("indikator") or "")


class TrailFilters(_Filters):
    """Everything's."""

    orang = _PersonChoice(
        User.objects.order_by("name", "username"), label="Orang", required=False, empty_label="Semua orang"
    )
    hal = forms.ChoiceField(
        label="Tentang",
        required=False,
        choices=[("", "Semua hal"), *((key, label) for key, (label, _) in THINGS.items())],
    )
    opd = _AgencyChoice(
        Agency.objects.order_by("short_name"),
        label="OPD",
        required=False,
        empty_label="Semua OPD",
        to_field_name="slug",
    )
    indikator = forms.RegexField(
        r"^[0-9A-Za-z-]{1,20}\Z",
        label="Nomor indikator",
        required=False,
        widget=forms.TextInput(attrs={"size": 6, "maxlength": 20, "autocomplete": "off"}),
    )
    jenis = forms.ChoiceField(required=False, choices=list(sentences.KINDS.items()), widget=forms.HiddenInput)
    aliran = forms.RegexField(r"^[a-z_]+:[0-9A-Za-z_-]{1,40}\Z", required=False, widget=forms.HiddenInput)
    field_order = ("orang", "hal", "opd", "indikator", "dari", "sampai", "jenis", "aliran")

    @property
    def trail(self) -> Trail:
        return Trail(
            wanted=replace(self._wanted(), indicator=self.value("indikator") or ""),
            thing=self.value("hal") or "",
            agency=self.value("opd"),
            about=self.value("aliran") or "",
        )
