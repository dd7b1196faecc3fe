"""The ministry's result as a file, and the index it states."""

from django import forms
from django.core.exceptions import ValidationError

from assessments.errors import Invalid
from assessments.services.external import clean_stated
from indicators.models import Instrument
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
        try:
            return clean_stated(str(self.cleaned_data["stated"]), self._instrument)
        except Invalid as refused:
            raise ValidationError(refused.errors["stated"]) from None
