"""Writes to instruments. Once a period uses one, its structure is frozen."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import record
from indicators.checks import problems
from indicators.models import Instrument
from indicators.parts import Parts, flat, stored_parts


class InstrumentNotReady(ValueError):
    """The instrument cannot be used; `problems` says why, in Indonesian."""

    def __init__(self, instrument: Instrument, found: list[str]):
        self.problems = found
        super().__init__(f"Instrumen {instrument.name} belum dapat dipakai: {' '.join(found)}")


def is_frozen(instrument: Instrument) -> bool:
    return instrument.in_use_since is not None


@transaction.atomic
def mark_in_use(instrument: Instrument, *, actor=None) -> Instrument:
    """Freeze `instrument` because a period now uses it, and write the event; again changes nothing.

    To be called in the transaction that opens the period. Raises `InstrumentNotReady`.
    """
    locked = Instrument.objects.select_for_update().get(pk=instrument.pk)
    if is_frozen(locked):
        return locked
    found = ["Instrumen ini masih konsep."] if locked.is_draft else problems(stored_parts(locked))
    if found:
        raise InstrumentNotReady(locked, found)
    locked.in_use_since = timezone.now()
    locked.save(update_fields=["in_use_since"])
    after = {"in_use_since": locked.in_use_since, "version": locked.version}
    record("instrument.freeze", locked, actor=actor, before={"in_use_since": None}, after=after)
    return locked


def add_instrument(parts: Parts) -> Instrument | None:
    """Save a shipped instrument that the database has not; None where it was there already.

    It becomes the default only where there is none. Raises `InstrumentNotReady`.
    """
    found = problems(parts)
    if found:
        raise InstrumentNotReady(parts.instrument, found)
    instrument = parts.instrument
    try:
        with transaction.atomic():
            if Instrument.objects.filter(code=instrument.code).exists():
                return None
            if instrument.is_default and Instrument.objects.filter(is_default=True).exists():
                instrument.is_default = False
            instrument.save(force_insert=True)
            for rows in parts.groups():
                if rows:
                    type(rows[0]).objects.bulk_create(rows)
            record(
                "instrument.add",
                instrument,
                actor=None,
                after={"code": instrument.code, "version": instrument.version},
            )
    except IntegrityError:
        # Another process starting at the same moment was first.
        if Instrument.objects.filter(code=instrument.code).exists():
            return None
        raise
    return instrument


def differences(stored: Parts, shipped: Parts) -> list[str]:
    """What differs between the two, one line a row: "indicator 12: question, explanation"."""
    ours, theirs = flat(stored), flat(shipped)
    found = []
    for key in [*theirs, *(key for key in ours if key not in theirs)]:
        kind, *rest = key
        label = f"{kind} {'/'.join(rest[1:])}".rstrip()
        if key not in ours:
            found.append(f"{label}: tidak ada di basis data")
        elif key not in theirs:
            found.append(f"{label}: tidak ada dalam berkas")
        else:
            names = [name for name, value in theirs[key].items() if ours[key][name] != value]
            if names:
                found.append(f"{label}: {', '.join(names)}")
    return found
