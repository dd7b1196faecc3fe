"""What every document of the portal shares: predikat bands, an index, and why a shown figure seems off. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from spbe_portal.formatting import decimal_id

#: Raised with every change of what a report says or how it looks, so that a new request makes a new file.
TEMPLATE_VERSION = "8"


@dataclass(frozen=True)
class Band:
    """A predikat and the lowest unrounded index that earns it."""

    name: str
    minimum: Fraction


@dataclass(frozen=True)
class Index:
    """An index with its predikat. `value` is None where there is none yet."""

    value: Fraction | None = None
    predicate: str = ""


def band_note(index: Index, bands: tuple[Band, ...]) -> str:
    """Why the index as shown would be another predikat than the one it has, or "".

    The predikat follows the unrounded index: 3.4985 is shown 3,50 and is Baik where Sangat Baik begins at 3,5.
    """
    if index.value is None:
        return ""
    shown = Fraction(floor(index.value * 100 + Fraction(1, 2)), 100)
    earned = [band for band in bands if shown >= band.minimum]
    if not earned:
        return ""
    seeming = max(earned, key=lambda band: band.minimum)
    if seeming.name == index.predicate:
        return ""
    return (
        f"Indeks {decimal_id(index.value, 4)} ditulis {decimal_id(index.value)}; predikat mengikuti nilai sebelum "
        f"dibulatkan. {seeming.name} dimulai dari {decimal_id(seeming.minimum)}, jadi predikatnya {index.predicate}."
    )
