"""The ministry's result as a file, and the index it states."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from assessments import external_table
from indicators.models import Instrument
from spbe_portal.formatting import level_id
from spbe_portal.lists import SheetForm


class ExternalFileForm(SheetForm):
    """`stated` is the index according to the ministry, where the file does not say it."""

    stated = forms.CharField(
        label="Indeks menurut kementerian",
        required=False,
        max_length=12,
        help_text="Misalnya 2,85. Dibandingkan dengan indeks yang dihitung dari nilai indikatornya.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args, instrument: Instrument, **kwargs):
        super().__init__(*args, **kwargs)
        self._instrument = instrument

    def clean_stated(self) -> str:
        typed = str(self.cleaned_data["stated"]).strip()
        if not typed:
            return ""
        low, high = self._instrument.scale_min, self._instrument.scale_max
        index = external_table.decimal_of(typed)
        if index is None or not Decimal(low) <= index <= Decimal(high):
            raise ValidationError(f"Isi dengan indeks {level_id(low)} sampai {level_id(high)}, misalnya 2,85.")
        return str(index)
