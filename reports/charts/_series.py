"""What charts show: scores, their series, and how each series looks in line, bar, marker and legend."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reports.charts._drawing import BLUE, BLUE_DARK, BLUE_PALE, MUTED, TEXT, WHITE, line_of_text, n, text_width

Number = int | Decimal | Fraction


@dataclass(frozen=True)
class Score:
    """One axis of a radar or one group of bars. Values are exact levels; `None` means none yet."""

    label: str
    self_value: Number | None = None
    verified_value: Number | None = None
    last_value: Number | None = None
    target_value: Number | None = None


@dataclass(frozen=True)
class Series:
    field: str
    name: str


SELF = Series("self_value", "Nilai mandiri")
VERIFIED = Series("verified_value", "Nilai verifikasi")
LAST = Series("last_value", "Tahun lalu")
TARGET = Series("target_value", "Target")


def has_values(scores: Sequence[Score], series: Series) -> bool:
    return any(value is not None for value in values_of(scores, series))


def values_of(scores: Sequence[Score], series: Series) -> list[Number | None]:
    return [getattr(score, series.field) for score in scores]


def radar_line(points: Sequence[tuple[float, float] | None], series: Series) -> str:
    look = {
        TARGET: f'fill="none" stroke="{TEXT}" stroke-width="1" stroke-dasharray="1 3" stroke-linecap="round"',
        SELF: f'fill="none" stroke="{BLUE}" stroke-width="1.6" stroke-dasharray="5 3"',
        VERIFIED: f'fill="{BLUE_DARK}" fill-opacity="0.1" stroke="{BLUE_DARK}" stroke-width="2"',
    }[series]
    joined = f'{look} stroke-linejoin="round"'
    if all(point is not None for point in points):
        path = "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points if (x, y)) + "Z"  # type: ignore[misc]
        return f'<path d="{path}" {joined}/>'
    # Only neighbours that both have a value are joined.
    path = "".join(
        f"M{n(here[0])} {n(here[1])}L{n(there[0])} {n(there[1])}"
        for here, there in zip(points, [*points[1:], points[0]], strict=True)
        if here is not None and there is not None
    )
    open_look = joined.replace(f'fill="{BLUE_DARK}" fill-opacity="0.1"', 'fill="none"')
    return f'<path d="{path}" {open_look}/>' if path else ""


def marker(series: Series, x: float, y: float) -> str:
    if series is SELF:
        return f'<circle cx="{n(x)}" cy="{n(y)}" r="3.4" fill="{WHITE}" stroke="{BLUE}" stroke-width="1.6"/>'
    return f'<rect x="{n(x - 3)}" y="{n(y - 3)}" width="6" height="6" fill="{BLUE_DARK}"/>'


def bar_of(series: Series, x: float, y: float, width: float, height: float) -> str:
    look = {
        SELF: f'fill="{BLUE_PALE}" stroke="{BLUE}" stroke-width="1"',
        VERIFIED: f'fill="{BLUE_DARK}" stroke="{BLUE_DARK}" stroke-width="1"',
        LAST: f'fill="{WHITE}" stroke="{MUTED}" stroke-width="1"',
    }[series]
    shape = f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" {look}/>'
    if series is LAST and width > 4:
        strokes = "".join(f"M{n(x + step)} {n(y)}v{n(height)}" for step in _steps(4, width, 4))
        shape += f'<path d="{strokes}" fill="none" stroke="{MUTED}" stroke-width="0.6"/>' if strokes else ""
    return shape


def _steps(first: float, end: float, by: float) -> Iterable[float]:
    step = first
    while step < end:
        yield step
        step += by


def legend_of(
    shown: Sequence[Series],
    *,
    top: float,
    width: float,
    font_size: float,
    left: float = 0.0,
    centred: bool = False,
    names: Mapping[Series, str] | None = None,
) -> tuple[list[str], float]:
    """The samples of the series in one or more rows, and the height they take. `names` replaces some names."""
    name_of = {series: (names or {}).get(series, series.name) for series in shown}
    sample, pad, apart = 26.0, 6.0, 18.0
    order = [series for series in (SELF, VERIFIED, LAST, TARGET) if series in shown]
    rows: list[list[Series]] = [[]]
    used = 0.0
    for series in order:
        needed = sample + pad + text_width(name_of[series], font_size)
        if rows[-1] and used + apart + needed > width:
            rows.append([])
            used = 0.0
        used += needed + (apart if rows[-1] else 0.0)
        rows[-1].append(series)
    parts = []
    row_height = font_size * 1.6
    for index, row in enumerate(rows):
        length = sum(sample + pad + text_width(name_of[series], font_size) for series in row) + apart * (len(row) - 1)
        x = left + (max(width - length, 0) / 2 if centred else 0)
        middle = top + index * row_height + row_height / 2
        for series in row:
            parts.append(_sample(series, x, middle, sample, radar_look=centred))
            x += sample + pad
            parts.append(line_of_text(name_of[series], x, middle + font_size * 0.36, font_size, TEXT))
            x += text_width(name_of[series], font_size) + apart
    return parts, row_height * len(rows) if order else 0.0


def _sample(series: Series, x: float, middle: float, length: float, *, radar_look: bool) -> str:
    if series is TARGET and not radar_look:
        return (
            f'<path d="M{n(x + length / 2)} {n(middle - 7)}v14" fill="none" stroke="{TEXT}" stroke-width="1.4" '
            'stroke-dasharray="1 3" stroke-linecap="round"/>'
        )
    if not radar_look:
        return bar_of(series, x, middle - 5, length, 10)
    line = radar_line([(x, middle), (x + length, middle), None], series)
    return line if series is TARGET else line + marker(series, x + length / 2, middle)


def whole_levels(scale_min: Number, scale_max: Number) -> list[int]:
    return list(range(math.ceil(scale_min), math.floor(scale_max) + 1))
