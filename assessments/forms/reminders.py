"""Which agencies are reminded, and of what."""

from collections.abc import Collection

from django import forms
from django.http import QueryDict

from assessments.models import Period
from assessments.services.reminders import TEXT_MAX


class RemindForm(forms.Form):
    """The message; the boxes are the page's, read by `chosen`."""

    text = forms.CharField(
        label="Pesan",
        max_length=TEXT_MAX,
        help_text="Batas waktu dan jumlah isian setiap OPD ditambahkan di bawahnya.",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Tulis pesan pengingatnya."},
    )

    def __init__(self, data: QueryDict | None, *, period: Period):
        text = f"{period.name} belum diajukan. Lengkapi isian dan bukti dukungnya, lalu ajukan sebelum batas waktu."
        super().__init__(data, initial={"text": text})

    def chosen(self) -> set[int]:
        """Assessment ids that were ticked; what is no number was not ticked on our page."""
        sent = self.data.getlist("opd") if isinstance(self.data, QueryDict) else []
        return {int(value) for value in sent if value.isascii() and value.isdigit() and len(value) < 19}

    def ticked(self, remindable: Collection[int]) -> set[int]:
        """Which boxes are ticked: as sent; at first those that may be reminded."""
        match self.data.get("tandai") if self.is_bound else "semua":
            case "semua":
                return set(remindable)
            case "kosong":
                return set()
            case _:
                return self.chosen()
