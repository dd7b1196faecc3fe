"""What a coordinator says of a webhook. Whether its address is allowed is for the service to say."""

from typing import Any

from django import forms

from accounts.models import Webhook, WebhookEvent
from accounts.webhooks.addresses import MAX_LENGTH
from spbe_portal.stale import VersionField


class WebhookForm(forms.Form):
    """`webhook` is which is being changed, None for a new one."""

    name = forms.CharField(
        label="Nama penerima",
        max_length=100,
        help_text="Sistem yang diberi tahu, misalnya Dasbor Kinerja Kota.",
        error_messages={"required": "Isi nama penerimanya."},
    )
    url = forms.CharField(
        label="Alamat",
        max_length=MAX_LENGTH,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Isi alamatnya, misalnya https://nama.contoh.go.id/terima."},
    )
    events = forms.MultipleChoiceField(
        label="Kejadian yang diberitahukan",
        choices=WebhookEvent.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Pilih sekurang-kurangnya satu kejadian.",
            "invalid_choice": "Pilih kejadian dari daftar.",
        },
    )
    version = VersionField()

    def __init__(self, *args: Any, webhook: Webhook | None = None, **kwargs: Any):
        if webhook is not None:
            kwargs.setdefault("initial", {name: getattr(webhook, name) for name in WebhookForm.base_fields})
        super().__init__(*args, **kwargs)
        if webhook is None:
            del self.fields["version"]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())
