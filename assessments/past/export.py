"""The past years that were brought in, as the list they can be brought in from elsewhere."""

from collections.abc import Iterator

from assessments import levels as texts
from assessments.models import Assessment, Determination, Period
from indicators.models import Indicator

HEAD = ("Tahun", "Instrumen", "OPD", "Indikator", "Nilai mandiri", "Nilai hasil")
Cell = str | int | None


def rows() -> Iterator[list[Cell]]:
    """Year by year, the government first, then the agencies by their code. Four queries a year, and one."""
    for period in Period.objects.filter(is_imported=True).select_related("instrument").order_by("year", "pk"):
        yield from _of(period)


def _of(period: Period) -> Iterator[list[Cell]]:
    codes = list(
        Indicator.objects.filter(instrument=period.instrument_id).order_by("order").values_list("code", flat=True)
    )
    head: list[Cell] = [period.year, period.instrument.code]
    fixed = dict(Determination.objects.filter(period=period).values_list("indicator__code", "level"))
    if fixed:
        for code in codes:
            yield [*head, "", code, "", _shown(fixed.get(code))]
    kept = (
        Assessment.objects.filter(period=period)
        .order_by("agency__slug")
        .values_list("agency__slug", "self_levels", "verified_levels")
    )
    for slug, own, verified in kept:
        said, checked = texts.unpack(own), texts.unpack(verified)
        for code in said:
            yield [*head, slug, code, _shown(said[code]), _shown(checked.get(code, ""))]


def _shown(level: object) -> str:
    return "" if level is None else str(level).replace(".", ",")
