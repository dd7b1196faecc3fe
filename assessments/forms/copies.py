"""Which cancelled period to copy from."""

from collections.abc import Sequence
from typing import Any

from django import forms

from assessments.models import Period


class SourceForm(forms.Form):
    dari = forms.ChoiceField(
        label="Periode yang dibatalkan",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Pilih periode yang dibatalkan.",
            "invalid_choice": "Pilih periode yang dibatalkan dan berisi jawaban.",
        },
    )

    def __init__(self, *args: Any, sources: Sequence[Period], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._sources = {str(each.pk): each for each in sources}
        self.fields["dari"].choices = [  # type: ignore[attr-defined]
            (pk, f"{each.name} ({each.instrument.short_name})") for pk, each in self._sources.items()
        ]

    def source(self) -> Period:
        return self._sources[self.cleaned_data["dari"]]
