"""What the pages of assignments send: cells changed in the table, a file, a confirmation."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from accounts.models import User
from assessments.errors import Invalid
from assessments.models import Assignment, Period
from assessments.services.answers import REASON_MAX
from assessments.services.assignments import Cell, Change
from spbe_portal.formatting import size_id

FILE_MAX = 20 * 1024 * 1024
UNREADABLE = {"changes": "Kiriman tidak dapat dibaca. Muat ulang halaman, lalu coba lagi."}
_SALT = "assessments.assignments"
_KINDS = (None, "", *Assignment.Kind.values)


@dataclass(frozen=True)
class Edits:
    """Cells changed in the table, and what the person saw in each before."""

    changes: list[Change]
    expected: dict[Cell, str | None]
    reason: str


def edits_of(request: HttpRequest) -> Edits:
    """From `{"changes": [[agency id, indicator code, was, becomes], ...], "reason": ""}`. Raises `Invalid`."""
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("changes"), list):
        raise Invalid(UNREADABLE)
    reason = data.get("reason", "")
    changes: list[Change] = []
    expected: dict[Cell, str | None] = {}
    for row in data["changes"]:
        if not isinstance(row, list) or len(row) != 4:
            raise Invalid(UNREADABLE)
        agency, code, was, becomes = row
        good = type(agency) is int and 0 < agency < 2**31 and isinstance(code, str)
        if not good or was not in _KINDS or becomes not in _KINDS:
            raise Invalid(UNREADABLE)
        changes.append((agency, code, becomes or None))
        expected[agency, code] = was or None
    if not isinstance(reason, str) or len(reason) > REASON_MAX:
        raise Invalid({"reason": "Alasan terlalu panjang: paling banyak 2.000 karakter."})
    return Edits(changes, expected, reason)


class ImportForm(forms.Form):
    """A CSV of assignments, and whether it is the whole."""

    ADD, REPLACE = "tambah", "ganti"

    file = forms.FileField(
        label="Berkas CSV",
        help_text="Dipisah titik koma atau koma. Kolom: Kode OPD, Kode indikator, Peran (PIC, Pendukung, Kosong).",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={
            "required": "Pilih berkas CSV terlebih dahulu.",
            "empty": "Berkas ini kosong. Pilih berkas lain.",
            "missing": "Pilih berkas CSV terlebih dahulu.",
            "invalid": "Pilih berkas CSV terlebih dahulu.",
        },
    )
    mode = forms.ChoiceField(
        label="Yang tidak ada dalam berkas",
        choices=[
            (ADD, "Tetap seperti sekarang: berkas hanya menambah dan mengubah"),
            (REPLACE, "Dihapus: berkas menjadi seluruh penugasan periode ini"),
        ],
        initial=ADD,
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih salah satu.", "invalid_choice": "Pilih salah satu."},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size and file.size > FILE_MAX:
            raise ValidationError(f"Berkas terlalu besar: paling banyak {size_id(FILE_MAX)}.")
        return file


class ConfirmForm(forms.Form):
    """The last look at a plan: what was shown (`token`), and why."""

    token = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Alasan",
        required=False,
        max_length=REASON_MAX,
        help_text="Tercatat dalam jejak audit.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "Alasan terlalu panjang: paling banyak 2.000 karakter."},
    )


def seal(period: Period, user: User, mode: str, cells: Iterable[tuple[Cell, str | None]]) -> str:
    """What a file said, signed, so that confirming needs no second upload."""
    packed: dict[str, dict[str, list[str]]] = {}
    for (agency, code), kind in cells:
        packed.setdefault(str(agency), {}).setdefault(kind or "", []).append(code)
    content = {"period": period.pk, "user": user.pk, "mode": mode, "cells": packed}
    return signing.dumps(content, salt=_SALT, compress=True)


def unseal(text: str, period: Period, user: User) -> tuple[str, dict[Cell, str | None]] | None:
    """Mode and cells of a sealed file; None where it is not theirs, not whole or older than a day."""
    try:
        content: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=24 * 3600)
    except signing.BadSignature:
        return None
    if (content["period"], content["user"]) != (period.pk, user.pk):
        return None
    cells = {
        (int(agency), code): kind or None
        for agency, kinds in content["cells"].items()
        for kind, codes in kinds.items()
        for code in codes
    }
    return content["mode"], cells
