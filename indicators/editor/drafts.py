"""Drafts of instruments as wholes: copied, brought in, published, thrown away."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts.errors import Invalid, Refused, Stale
from accounts.models import User
from audit.services import record
from indicators.checks import problems
from indicators.editor import values as values_of
from indicators.editor.base import draft, require_editor
from indicators.editor.values import plain
from indicators.models import Indicator, IndicatorMapping, Instrument
from indicators.parts import Parts, stored_parts

SAME = "Indikator yang sama, disalin."
RESERVED = {"impor"}  # an address of its own
SEEN = "Instrumen ini berubah setelah halaman ini dibuka. Periksa sekali lagi, lalu ulangi."


def copy(*, actor: User, source: Instrument, code: str, name: str) -> Instrument:
    """A draft with all rows of `source`. Raises `Invalid`."""
    require_editor(actor)
    if source.is_draft:
        raise Refused("Konsep tidak dapat disalin. Terbitkan dahulu, atau lanjutkan mengubahnya.")
    parts = stored_parts(source)
    made = _cloned(parts, {"code": code, "name": plain(name), "short_name": plain(name)[:60], "copied_from": source})
    return add_draft(actor=actor, parts=made, action="instrument.copy", after={"copied_from": source.code})


def add_draft(*, actor: User, parts: Parts, action: str, after: Mapping[str, Any]) -> Instrument:
    """Save unsaved rows that point at each other as a draft. Raises `Invalid` where the code is taken or unfit."""
    require_editor(actor)
    instrument = parts.instrument
    instrument.is_draft, instrument.is_default, instrument.in_use_since = True, False, None
    _check_code(instrument.code)
    if errors := values_of.checked(instrument):
        raise Invalid(errors)
    try:
        with transaction.atomic():
            if Instrument.objects.filter(code=instrument.code).exists():
                raise Invalid({"code": "Kode ini sudah dipakai instrumen lain. Pilih kode lain."})
            instrument.save(force_insert=True)
            for rows in parts.groups():
                if rows:
                    type(rows[0]).objects.bulk_create(rows)
            if action == "instrument.copy":
                record("instrument.copy", instrument, actor=actor, after={"code": instrument.code, **after})
            else:
                record("instrument.import", instrument, actor=actor, after={"code": instrument.code, **after})
    except IntegrityError:
        raise Invalid(
            {"code": "Instrumen ini tidak dapat disimpan: ada kode atau urutan yang sama di dalamnya."}
        ) from None
    return instrument


def publish(*, actor: User, instrument_id: int, edits: int | None) -> Instrument:
    """From now on periods may use it, and only its wording can be put right. Raises `Refused`, `Stale`."""
    with transaction.atomic():
        instrument = draft(actor, instrument_id)
        if edits is not None and edits != instrument.edits:
            raise Stale(SEEN, instrument)
        found = problems(stored_parts(instrument))
        if found:
            raise Refused(f"Belum dapat diterbitkan: {len(found)} hal perlu dibereskan.")
        instrument.is_draft = False
        instrument.save(update_fields=["is_draft"])
        _map_to_source(instrument)
        record("instrument.publish", instrument, actor=actor, after={"version": instrument.version})
    return instrument


def _map_to_source(instrument: Instrument) -> None:
    """Whatever kept its code and name is the same indicator as in what it was copied from: trends go on."""
    kept = {each.code: each for each in instrument.indicators.all()}
    same = [
        (source, kept[source.code])
        for source in Indicator.objects.filter(instrument=instrument.copied_from_id)
        if source.code in kept and kept[source.code].name == source.name
    ]
    IndicatorMapping.objects.bulk_create(
        IndicatorMapping(source=source, target=target, share_numerator=1, note=SAME) for source, target in same
    )


def discard(*, actor: User, instrument_id: int) -> None:
    """The draft is gone; what was done to it stays in the trail."""
    with transaction.atomic():
        instrument = draft(actor, instrument_id)
        record(
            "instrument.discard", instrument, actor=actor, before={"code": instrument.code, "name": instrument.name}
        )
        instrument.delete()


def _check_code(code: str) -> None:
    try:
        validate_slug(code)
    except ValidationError:
        raise Invalid({"code": "Pakai huruf kecil, angka, dan tanda hubung saja, misalnya spbe-47-2027."}) from None
    if code in RESERVED or code != code.lower() or len(code) > 60:
        raise Invalid({"code": "Pilih kode lain, paling panjang 60 karakter, dengan huruf kecil."})


def _cloned(parts: Parts, changed: Mapping[str, Any]) -> Parts:
    """The same rows unsaved, pointing at each other."""
    new: dict[tuple[type[Model], int], Model] = {}

    def clone(row: Any, **changed: Any) -> Any:
        fields = [field for field in row._meta.concrete_fields if not field.primary_key]
        values = {field.name: getattr(row, field.name) for field in fields if field.name not in changed}
        for name, value in values.items():
            if isinstance(value, Model):
                values[name] = new[type(value), value.pk]
        made = type(row)(**values, **changed)
        new[type(row), row.pk] = made
        return made

    frame = {"is_default": False, "in_use_since": None, "edits": 0, "version": 1, **changed}
    instrument = clone(parts.instrument, **frame)
    lists = [[clone(row) for row in rows] for rows in parts.groups()]
    return Parts(instrument, *lists)
