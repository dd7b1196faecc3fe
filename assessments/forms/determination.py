"""Forms of determination. The rules are the services'."""

from typing import Any

from django import forms

from assessments.errors import Invalid
from assessments.services.answers import REASON_MAX
from spbe_portal.stale import VersionField


class DetermineForm(forms.Form):
    """The level of one indicator and why; `version` is that of the determination on screen."""

    level = forms.CharField(
        required=False, max_length=20, error_messages={"max_length": "Level tidak dikenal. Pilih level yang tersedia."}
    )
    reason = forms.CharField(
        label="Alasan",
        required=False,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Alasan terlalu panjang: paling banyak 2.000 karakter."},
    )
    version = VersionField(min_value=0)

    def clean_level(self) -> str:
        """A decimal comma is read as one."""
        return self.cleaned_data["level"].strip().replace(",", ".")

    def refuse(self, refusal: Invalid) -> None:
        for name, message in refusal.errors.items():
            self.add_error(name if name in self.fields else None, message)

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("level", "reason", "version")}


class VersionForm(forms.Form):
    """An act on what was on screen."""

    version = VersionField(min_value=1)


class ExternalForm(forms.Form):
    """The ministry's level of one indicator; empty takes it out."""

    external = forms.CharField(
        label="Nilai eksternal",
        required=False,
        max_length=20,
        error_messages={"max_length": "Level tidak dikenal. Pilih level yang tersedia."},
    )

    def clean_external(self) -> str:
        """A decimal comma is read as one."""
        return self.cleaned_data["external"].strip().replace(",", ".")
