"""The scoring form of an instrument, read once per process while a period uses it."""

from datetime import datetime
from functools import lru_cache

from indicators.models import Instrument
from indicators.queries import instrument_spec
from indicators.scoring import InstrumentSpec


def spec_of(instrument: Instrument) -> InstrumentSpec:
    """What scoring needs of `instrument`. Once in use its structure is frozen, so it may be kept."""
    if instrument.in_use_since is None:
        return instrument_spec(instrument)
    return _kept(instrument.pk, instrument.code, instrument.version, instrument.in_use_since)


@lru_cache(maxsize=32)
def _kept(pk: int, code: str, version: int, in_use_since: datetime) -> InstrumentSpec:
    return instrument_spec(Instrument.objects.get(pk=pk))
