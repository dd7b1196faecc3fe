"""What arrives from the indicator page. Values are checked by the services, for page and API alike."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest

from assessments.errors import Invalid
from assessments.models import Document
from indicators.queries import LevelRow
from spbe_portal.formatting import level_id
from spbe_portal.widgets import DayInput

NOT_RELEVANT = "tidak-relevan"
_TEXTS = ("fact", "analysis", "not_applicable_reason")


def answer_changes(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """The version a save was based on, and the fields it changes; from a form or from JSON.

    In a form, `choice` is a level, "tidak-relevan" or empty; what is absent stays as it is. Where values may be
    fractions, a form without script brings what was typed besides (`chosen`). Raises `Invalid`.
    """
    if request.content_type == "application/json":
        data = _json(request)
        version = data.pop("version", None)
        return _version(version), data
    data = request.POST
    changes: dict[str, Any] = {name: data[name] for name in _TEXTS if name in data}
    if "clear" in data:
        changes |= {"self_level": None, "not_applicable": False}
    elif (choice := chosen(data)) is not None:
        if choice == NOT_RELEVANT:
            changes["not_applicable"] = True
        else:
            changes |= {"self_level": choice, "not_applicable": False}
    return _version(data.get("version")), changes


def chosen(data: Mapping[str, Any]) -> str | None:
    """The choice of a form: the value typed (`value`) where it is no longer as the page came (`value_was`), else the
    row of the ladder; None where neither was there."""
    typed, was = data.get("value", "").strip(), data.get("value_was", "").strip()
    row: str | None = data.get("choice")
    if typed != was and (typed or row != NOT_RELEVANT):
        return typed.replace(",", ".")
    return row


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        data = json.loads(request.body)
        "".join(data).encode()  # names are said again in messages
    except (ValueError, TypeError, RecursionError):  # the last: nested without end
        data = None
    if not isinstance(data, dict) or any(isinstance(value, (dict, list)) for value in data.values()):
        raise Invalid({"form": "Kiriman tidak dapat dibaca. Muat ulang halaman, lalu coba lagi."})
    return data


def _version(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Invalid({"version": "Versi isian tidak dikenal. Muat ulang halaman, lalu coba lagi."})


class EvidenceForm(forms.Form):
    """What is said of a piece of evidence. Limits are those of `assessments.services._details`."""

    title = forms.CharField(label="Judul", max_length=200)
    number = forms.CharField(label="Nomor", max_length=120, required=False)
    date = forms.DateField(
        label="Tanggal dokumen",
        required=False,
        widget=DayInput,
        error_messages={"invalid": "Tanggal tidak dikenal. Tulis seperti 21/11/2026."},
    )
    kind = forms.ChoiceField(label="Jenis", choices=Document.Kind.choices, required=False)
    pages = forms.CharField(label="Halaman", max_length=60, required=False, help_text="Misalnya 3-5, 8")
    level = forms.ChoiceField(label="Mendukung level", required=False)

    def __init__(self, *args: Any, ladder: tuple[LevelRow, ...] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        levels = [(str(row.level), f"{level_id(row.level)} {row.name}".strip()) for row in ladder]
        self.fields["level"].choices = [("", "Tidak disebut"), *levels]  # type: ignore[attr-defined]


class NewEvidenceForm(EvidenceForm):
    """The same for a file or link that is being added: the title follows from it."""

    title = forms.CharField(label="Judul", max_length=200, required=False, help_text="Kosong: memakai nama berkasnya.")
    kind = forms.ChoiceField(
        label="Jenis", choices=[("", "Dikenali dari nama berkas"), *Document.Kind.choices], required=False
    )


def first_error(errors: Mapping[str, str]) -> str:
    return next(iter(errors.values()))
