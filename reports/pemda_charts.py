"""The charts of the leader's page, drawn for a third of a page: readable there, on a phone and on paper."""

from dataclasses import dataclass
from typing import Any

from reports import charts
from reports.queries.dashboard import Dashboard, Part
from reports.queries.place import Place
from spbe_portal.formatting import decimal_id

WIDTH, FONT = 350, 11.5


@dataclass(frozen=True)
class Charts:
    """SVG texts; empty where there is nothing to draw."""

    scale: str
    radar: str
    bars: str
    trend: str
    bands: str
    levels: str


def of(shown: Dashboard) -> Charts:
    return Charts(
        scale=_scale(shown),
        radar=_radar(shown),
        bars=_bars(shown),
        trend=_trend(shown),
        bands=_bands(shown),
        levels=_levels(shown),
    )


def _span(shown: Dashboard) -> dict[str, Any]:
    return {"scale_min": shown.board.spec.scale_min, "scale_max": shown.board.spec.scale_max}


def _scale(shown: Dashboard) -> str:
    table = shown.board
    marks = []
    if shown.index is not None and table.is_complete:
        year = str(table.period.year)
        marks.append(charts.Mark(year if shown.is_final else f"{year}, sementara", shown.index))
    if table.last and table.last.is_comparable:
        marks.append(charts.Mark(str(table.last.year), table.last.index, "last"))
    if table.target is not None:
        marks.append(charts.Mark("Target", table.target, "target"))
    if not marks:
        return ""
    spoken = ", ".join(f"{mark.label} {decimal_id(mark.value)}" for mark in marks)
    bands = [(band.name, band.minimum) for band in table.spec.bands]
    return charts.predicate_scale(
        marks, bands, title=f"Letak indeks di antara predikat: {spoken}", width=520, font_size=12, **_span(shown)
    )


def _scores(shown: Dashboard, parts: tuple[Part, ...], *, radar: bool) -> list[charts.Score]:
    """Last year stands where the radar has the self level: dashed beside this year's solid line.

    This year's stands there only where nothing of it is missing: a part of it would look like a fall.
    """
    target = shown.board.target
    return [
        charts.Score(part.name, part.last, part.whole, target_value=target)
        if radar
        else charts.Score(part.name, None, part.whole, part.last, target)
        for part in parts
    ]


def _has(parts: tuple[Part, ...]) -> bool:
    return any(part.whole is not None or part.last is not None for part in parts)


def _names(shown: Dashboard) -> tuple[str, str]:
    year = f"Tahun {shown.period.year}"
    return (
        year if shown.is_final else f"{year}, sementara",
        f"Tahun {shown.board.last.year}" if shown.board.last else "",
    )


def _radar(shown: Dashboard) -> str:
    if len(shown.aspects) < 3 or not _has(shown.aspects):
        return ""
    this, last = _names(shown)
    return charts.radar(
        _scores(shown, shown.aspects, radar=True),
        title=f"Nilai {len(shown.aspects)} aspek; angkanya ada pada tabel sesudahnya",
        width=WIDTH,
        font_size=FONT,
        self_name=last or "Tahun lalu",
        verified_name=this,
        **_span(shown),
    )


def _bars(shown: Dashboard) -> str:
    parts = shown.domains or shown.aspects
    if not _has(parts):
        return ""
    this, last = _names(shown)
    return charts.bars(
        _scores(shown, parts, radar=False),
        title=f"Nilai {len(parts)} {'domain' if shown.domains else 'aspek'}; angkanya ada pada tabel sesudahnya",
        width=WIDTH,
        font_size=FONT,
        verified_name=this,
        last_name=last or "Tahun lalu",
        **_span(shown),
    )


def _trend(shown: Dashboard) -> str:
    if not shown.trend:
        return ""
    points = [
        charts.YearPoint(str(each.year), each.index, each.instrument, each.target, each.external)
        for each in shown.trend
    ]
    return charts.trend(
        points,
        title=f"Indeks Pemda {points[0].label} sampai {points[-1].label}; angkanya ada pada tabel sesudahnya",
        width=WIDTH,
        font_size=FONT,
        **_span(shown),
    )


def _bands(shown: Dashboard) -> str:
    if not shown.verified:
        return ""
    bins = [charts.Bin(band.name, band.count) for band in shown.bands]
    title = f"Sebaran indeks internal {shown.verified} OPD menurut predikat; angkanya ada pada tabel sesudahnya"
    return charts.distribution(bins, title=title, width=WIDTH, font_size=FONT)


def _levels(shown: Dashboard) -> str:
    if not shown.board.determined:
        return ""
    bins = [charts.Bin(each.label, len(each.rows)) for each in shown.levels]
    if shown.undetermined:
        bins.append(charts.Bin("Belum ditetapkan", shown.undetermined))
    title = f"Sebaran level {shown.board.total} indikator Pemda; angkanya ada pada tabel sesudahnya"
    return charts.distribution(bins, title=title, width=WIDTH, font_size=FONT)


def place(shown: Place) -> str:
    """Where the own index lies among those with the same assignments, the highest bar first; empty: too few others."""
    if shown.bins is None:
        return ""
    bins = [
        charts.Bin(
            f"{decimal_id(each.low)} – {decimal_id(each.high)}", each.others, "+ OPD Anda" if each.is_own else ""
        )
        for each in reversed(shown.bins)
    ]
    title = f"Sebaran indeks internal {shown.same} OPD lain; angkanya ada pada tabel sesudahnya"
    return charts.distribution(bins, title=title, width=460, font_size=12)
