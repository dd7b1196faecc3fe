"""Writes of the instrument editor. A draft may be changed in everything, what is published in its wording only.

Whoever writes holds the instrument's row. Each change is one event in the stream of the instrument, with what was
before and after; a correction of something published has a reason.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils.text import slugify

from accounts.errors import Invalid, Refused
from accounts.models import User
from audit.services import record
from indicators.editor import values as values_of
from indicators.editor.base import (
    changed_of,
    count,
    draft,
    locked,
    named,
    record_change,
    refuse,
    require_correctable,
    stream_of,
    tried,
)
from indicators.editor.values import Values
from indicators.models import Aspect, Domain, EvidenceHint, Indicator, Instrument, LevelName, PredicateBand

LONGEST_TEXT = 20_000
#: Kinds of rows by what their addresses call them.
KINDS: dict[str, type[Domain] | type[Aspect] | type[Indicator]] = {
    "domain": Domain,
    "aspek": Aspect,
    "indikator": Indicator,
}
READ: dict[str, Callable[[Any], Values]] = {
    "domain": values_of.domain_values,
    "aspek": values_of.aspect_values,
    "indikator": values_of.indicator_values,
}


# --- Its frame -------------------------------------------------------------------------------------


def save_frame(
    *, actor: User, instrument_id: int, typed: Mapping[str, str], version: int | None = None, reason: str = ""
) -> Instrument:
    """Texts, scale, predikat and level names. Raises `Invalid`, `Stale`, `Refused`."""
    with transaction.atomic():
        instrument = locked(actor, instrument_id)
        held = values_of.frame_values(instrument)
        changed = changed_of(typed, held, version)
        if not changed:
            return instrument
        require_correctable(instrument, changed, held, reason)
        errors: dict[str, str] = {}
        for name, text in changed.items():
            if name in values_of.FRAME_TEXTS:
                setattr(instrument, name, text)
            elif name in values_of.FRAME_NUMBERS:
                places = 4 if name == "target_index" else 2
                number = tried(errors, name, lambda: values_of.read_number(text, places=places))  # noqa: B023
                setattr(instrument, name, number)
            elif name == "is_fractional":
                instrument.is_fractional = text == "1"
        for name in ("name", "short_name", "topic", "regulation"):
            if not getattr(instrument, name):
                errors.setdefault(name, "Kolom ini tidak boleh kosong.")
        for name in ("scale_min", "scale_max"):
            if getattr(instrument, name) is None:
                errors.setdefault(name, "Isi levelnya.")
        if not errors and instrument.scale_min >= instrument.scale_max:
            errors["scale_max"] = "Level tertinggi harus di atas level terendah."
        bands = tried(errors, "bands", lambda: values_of.read_bands(changed["bands"])) if "bands" in changed else None
        names = (
            tried(errors, "level_names", lambda: values_of.read_level_names(changed["level_names"]))
            if "level_names" in changed
            else None
        )
        refuse(errors or values_of.checked(instrument))
        instrument.save(update_fields=[n for n in changed if n not in ("bands", "level_names")] or ["name"])
        if bands is not None:
            _save_bands(instrument, bands)
        if names is not None:
            _save_level_names(instrument, names)
        count(instrument)
        record_change(instrument, instrument, actor, changed, held, reason)
    return instrument


def _save_bands(instrument: Instrument, bands: list[tuple[Any, str]]) -> None:
    """Who keeps name or bound keeps the code, by which two instruments are compared."""
    by_name = {band.name: band.code for band in instrument.bands.all()}
    by_minimum = {values_of.plain_level(band.minimum): band.code for band in instrument.bands.all()}
    instrument.bands.all().delete()
    taken: set[str] = set()
    rows = []
    kept = {name: by_name[name] for _, name in bands if name in by_name}
    for minimum, name in bands:
        code = kept.get(name) or by_minimum.get(minimum) or slugify(name)[:40]
        if code in taken or (name not in kept and code in kept.values()):
            code = slugify(name)[:40]
        taken.add(code)
        rows.append(PredicateBand(instrument=instrument, code=code, name=name, minimum=minimum))
    PredicateBand.objects.bulk_create(rows)


def _save_level_names(instrument: Instrument, named: list[tuple[str, Any, str]]) -> None:
    codes = {(row.capability, row.level): row.code for row in instrument.level_names.all()}
    instrument.level_names.all().delete()
    LevelName.objects.bulk_create(
        LevelName(
            instrument=instrument,
            code=codes.get((capability, level)) or f"{capability}-{str(level).replace('.', '-')}",
            capability=capability,
            level=level,
            name=name,
        )
        for capability, level, name in named
    )


# --- Its rows --------------------------------------------------------------------------------------


def save_part(
    *,
    actor: User,
    instrument_id: int,
    kind: str,
    code: str,
    typed: Mapping[str, str],
    version: int | None = None,
    reason: str = "",
) -> Any:
    """Change one domain, aspect or indicator. Raises `DoesNotExist`, `Invalid`, `Stale`, `Refused`."""
    with transaction.atomic():
        instrument = locked(actor, instrument_id)
        row = part_of(instrument, kind, code)
        held = READ[kind](row)
        changed = changed_of(typed, held, version)
        if not changed:
            return row
        require_correctable(instrument, changed, held, reason)
        _apply(row, kind, changed)
        count(instrument)
        record_change(instrument, row, actor, changed, held, reason)
    return row


def add_part(*, actor: User, instrument_id: int, kind: str, typed: Mapping[str, str]) -> Any:
    """A new domain, aspect or indicator, at its end or at the place given. Raises `Invalid`, `Refused`."""
    with transaction.atomic():
        instrument = draft(actor, instrument_id)
        model = KINDS[kind]
        last = model.objects.filter(instrument=instrument).aggregate(last=Max("order"))["last"] or 0
        row: Any = model(instrument=instrument, order=last + 1, weight_numerator=0)
        _apply(row, kind, dict(typed))
        count(instrument)
        after = {"kind": kind, **{name: text for name, text in typed.items() if text}}
        record("instrument.part_add", row, actor=actor, stream=stream_of(instrument), after=named(row, after))
    return row


def remove_part(*, actor: User, instrument_id: int, kind: str, code: str) -> None:
    """Take away one row that nothing hangs on any more. Raises `DoesNotExist`, `Refused`."""
    with transaction.atomic():
        instrument = draft(actor, instrument_id)
        row = part_of(instrument, kind, code)
        if kind == "domain" and row.aspects.exists():
            raise Refused("Domain ini masih berisi aspek. Pindahkan atau hapus aspeknya dahulu.")
        if kind == "aspek" and row.indicators.exists():
            raise Refused("Aspek ini masih berisi indikator. Pindahkan atau hapus indikatornya dahulu.")
        record(
            "instrument.part_remove",
            row,
            actor=actor,
            stream=stream_of(instrument),
            before=named(row, {"kind": kind, **READ[kind](row)}),
        )
        row.delete()
        count(instrument)


def part_of(instrument: Instrument, kind: str, code: str) -> Any:
    """The row of this code, knowing its instrument. Raises its model's `DoesNotExist`."""
    related = {"domain": (), "aspek": ("domain",), "indikator": ("aspect",)}[kind]
    row = KINDS[kind].objects.select_related(*related).get(instrument=instrument, code=code)
    row.instrument = instrument
    return row


def _apply(row: Any, kind: str, changed: Values) -> None:
    """Set what was typed and save it. Raises `Invalid`."""
    instrument, errors = row.instrument, {}
    for name, text in changed.items():
        if name == "code":
            row.code = text
            if slugify(text) != text.lower() or not text:
                errors["code"] = "Pakai huruf, angka, dan tanda hubung saja, misalnya 12 atau 35-2."
            elif type(row).objects.filter(instrument=instrument, code=text).exclude(pk=row.pk).exists():
                errors["code"] = "Kode ini sudah dipakai dalam instrumen ini."
        elif name == "weight":
            weight = tried(errors, "weight", lambda: values_of.read_weight(changed["weight"]))
            if weight is not None:
                row.weight_numerator, row.weight_denominator = weight.numerator, weight.denominator
        elif name == "domain":
            row.domain = instrument.domains.filter(code=text).first()
            if text and row.domain is None:
                errors["domain"] = "Pilih domain dari daftar."
        elif name == "aspect":
            found = instrument.aspects.filter(code=text).first()
            if found is None:
                errors["aspect"] = "Pilih aspek dari daftar."
            else:
                row.aspect = found
        elif name in values_of.INDICATOR_TEXTS or name in ("group", "capability"):
            setattr(row, name, text)
        elif name in ("agency_evidence", "common_mistakes"):
            setattr(row, name, values_of.read_list(text))
        elif name == "not_relevant_hints":
            hints = tried(errors, name, lambda: values_of.read_not_relevant(changed["not_relevant_hints"]))
            row.not_relevant_hints = hints if hints is not None else row.not_relevant_hints
    for name in ("name", "short_name", "capability"):
        if hasattr(row, name) and not getattr(row, name):
            errors.setdefault(name, "Kolom ini tidak boleh kosong.")
    if kind == "indikator" and row.aspect_id is None:
        errors.setdefault("aspect", "Pilih aspek dari daftar.")
    hints = None
    if "evidence_hints" in changed:
        hints = tried(errors, "evidence_hints", lambda: values_of.read_evidence_hints(changed["evidence_hints"]))
    for name, text in changed.items():
        if len(text) > LONGEST_TEXT:
            errors[name] = f"Paling panjang {LONGEST_TEXT} karakter."
    errors = {**{name: text for name, text in values_of.checked(row).items() if name not in errors}, **errors}
    refuse({_field(name): text for name, text in errors.items()})
    row.save()
    if hints is not None:
        row.evidence_hints.all().delete()
        EvidenceHint.objects.bulk_create(values_of.hints_of(row, changed["evidence_hints"]))
    if kind == "indikator":
        _save_criteria(row, changed)
    if "order" in changed:
        _move(row, changed["order"])


def _field(name: str) -> str:
    return "weight" if name.startswith("weight_") else name


def _save_criteria(indicator: Indicator, changed: Values) -> None:
    """Both texts of a level are one row; where both are empty there is none."""
    held: dict[Any, Any] = {row.level: row for row in indicator.criteria.all()}
    for level in values_of.levels_of(indicator.instrument, held):
        names = (f"criterion_{level}", f"agency_{level}")
        if not set(names) & set(changed):
            continue
        row = held.get(level)
        text = changed.get(names[0], row.text if row else "")
        agency_text = changed.get(names[1], row.agency_text if row else "")
        if row is None and (text or agency_text):
            values_of.criterion_of(indicator, level, text, agency_text).save()
        elif row is not None and (text or agency_text):
            row.text, row.agency_text = text, agency_text
            row.save(update_fields=["text", "agency_text"])
        elif row is not None:
            row.delete()


def _move(row: Any, place: str) -> None:
    """To the place of this number among its kind; all are numbered anew, past each other's old numbers."""
    if not (place.isascii() and place.isdigit() and 1 <= int(place) <= 999):
        raise Invalid({"order": "Isi urutan dengan bilangan, 1 untuk yang pertama."})
    model = type(row)
    others = list(model.objects.filter(instrument=row.instrument_id).exclude(pk=row.pk).order_by("order", "pk"))
    others.insert(int(place) - 1, row)
    model.objects.filter(instrument=row.instrument_id).update(order=F("order") + 10_000)
    for number, each in enumerate(others, start=1):
        each.order = number
    model.objects.bulk_update(others, ["order"])
