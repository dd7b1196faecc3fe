"""Two people change one thing: a form says over which version it was filled in, and both texts are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import Model
from django.http import QueryDict

from spbe_portal.formatting import date_id, datetime_id, decimal_id

CHANGED = (
    "Data ini sudah diubah dari tempat lain setelah formulir ini dibuka, jadi isian Anda belum disimpan. "
    "Bandingkan, lalu simpan lagi."
)


class VersionField(forms.IntegerField):
    """The version of the thing that a form was opened on."""

    def __init__(self, **kwargs: Any):
        lost = "Formulir ini tidak lengkap. Muat ulang halaman, lalu isi kembali."
        kwargs.setdefault("error_messages", {"required": lost, "invalid": lost})
        super().__init__(widget=forms.HiddenInput, **kwargs)


@dataclass(frozen=True)
class Difference:
    """One field that two people see differently, in words."""

    label: str
    stored: str
    typed: str


def differences(
    form: forms.Form, stored: Model, typed: Mapping[str, Any], labels: Mapping[str, str] | None = None
) -> list[Difference]:
    """Where `typed` (values by field name) is not what `stored` holds, in the order of `typed`."""
    found = []
    for name, value in typed.items():
        held = getattr(stored, name)
        if held != value:
            field = form.fields.get(name)
            label = (labels or {}).get(name) or str(field.label if field else name)
            words: dict[Any, Any] = dict(field.choices) if isinstance(field, forms.ChoiceField) else {}  # type: ignore[arg-type]
            found.append(Difference(label, _said(words, held), _said(words, value)))
    return found


def _said(words: Mapping[Any, Any], value: Any) -> str:
    if isinstance(value, list):
        return _text(", ".join(str(words.get(each, each)) for each in value))
    return _text(words.get(value, value))


def is_outdated(form: forms.Form, stored: Any) -> bool:
    """Whether the form was filled in over another version than `stored` has now."""
    return form.is_bound and form.cleaned_data.get("version", stored.version) != stored.version


def rebase(form: forms.Form, stored: Any) -> None:
    """The next sending of `form` is over `stored` as it is now: who sends it has seen what differs."""
    data = cast(QueryDict, form.data).copy()
    data["version"] = str(stored.version)
    form.data = data


def _text(value: Any) -> str:
    match value:
        case None | "":
            return "(kosong)"
        case datetime():
            return datetime_id(value)
        case date():
            return date_id(value)
        case Decimal():
            return decimal_id(value)
        case _:
            return str(value)
