"""The index over the years, broken where the instrument changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from reports.charts._drawing import BLUE, BLUE_DARK, GRID, LINE, MUTED, TEXT, Label, haloed, line_of_text, n, svg, wrap
from reports.charts._drawing import text_of as drawn_label
from reports.charts._series import SELF, TARGET, VERIFIED, Number, legend_of, marker, whole_levels
from spbe_portal.formatting import decimal_id


@dataclass(frozen=True)
class YearPoint:
    """One year of a trend. `instrument` names what it was measured with; another name breaks the line."""

    label: str
    value: Number | None
    instrument: str = ""
    target: Number | None = None
    external: Number | None = None


Place = tuple[float, float]


def trend(
    points: Sequence[YearPoint],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 640,
    font_size: float = 11,
    value_name: str = "Indeks Pemda",
    external_name: str = "Nilai eksternal",
) -> str:
    """A line over years: the index solid with squares, the external one dashed with circles, the target dotted.

    Where the instrument changed no line joins the years, and each stretch is headed by its instrument. A missing
    value leaves a gap. Raises `ValueError` when there is nothing to show or the scale is empty.
    """
    if not points:
        raise ValueError("A trend needs at least one point.")
    if not scale_min < scale_max:
        raise ValueError("The scale is empty.")
    left, right = font_size * 2, width - 2
    step = (right - left) / len(points)
    xs = [left + step * (i + 0.5) for i in range(len(points))]
    runs = _runs(points)
    heads = [wrap(points[start].instrument, step * (end - start) - 10, font_size * 0.9) for start, end in runs]
    head_height = max(len(lines) for lines in heads) * font_size * 0.9 * LINE + 6 if len(runs) > 1 else 0
    top = head_height + font_size * 1.4
    height = max(120.0, min(width * 0.3, 220.0))
    bottom = top + height
    span = Fraction(scale_max) - Fraction(scale_min)

    def at(value: Number) -> float:
        share = min(max((Fraction(value) - Fraction(scale_min)) / span, Fraction(0)), Fraction(1))
        return bottom - height * float(share)

    levels = whole_levels(scale_min, scale_max)
    grid = "".join(f"M{n(left)} {n(at(level))}H{n(right)}" for level in levels)
    parts = [f'<path d="{grid}" fill="none" stroke="{GRID}" stroke-width="1"/>']
    for lines, (start, _) in zip(heads, runs, strict=True):
        if len(runs) == 1:
            break
        x = left + step * start
        if start:
            parts.append(
                f'<path d="M{n(x)} 0V{n(bottom)}" fill="none" stroke="{MUTED}" stroke-width="1" '
                'stroke-dasharray="6 3"/>'
            )
        parts.append(drawn_label(Label(lines, x + 5, 1, "start", font_size * 0.9), weight=600))

    for field, look in (
        ("target", f'stroke="{TEXT}" stroke-width="1.4" stroke-dasharray="1 3" stroke-linecap="round"'),
        ("external", f'stroke="{BLUE}" stroke-width="1.6" stroke-dasharray="5 3"'),
        ("value", f'stroke="{BLUE_DARK}" stroke-width="2"'),
    ):
        places = [_place(x, getattr(point, field), at) for x, point in zip(xs, points, strict=True)]
        reach = min(step * 0.35, 14.0) if field == "target" else 0.0
        path = "".join(_path(places[start:end], reach) for start, end in runs)
        if path:
            parts.append(f'<path d="{path}" fill="none" {look}/>')
    digits: list[str] = []
    for x, point in zip(xs, points, strict=True):
        if point.external is not None:
            parts.append(marker(SELF, x, at(point.external)))
        if point.value is not None:
            parts.append(marker(VERIFIED, x, at(point.value)))
            above = point.external is None or point.value >= point.external
            digits.append(_digits(point.value, x, at(point.value), font_size, above=above, weight=600))
        if point.external is not None:
            above = point.value is None or point.value < point.external
            digits.append(_digits(point.external, x, at(point.external), font_size, above=above))
        if point.value is None and point.external is None:
            digits.append(line_of_text("–", x, bottom - 4, font_size, MUTED, anchor="middle"))
        digits.append(line_of_text(point.label, x, bottom + font_size * 1.9, font_size, TEXT, anchor="middle"))
    axis = font_size * 0.82
    for level in levels:
        parts.append(line_of_text(str(level), left - 6, at(level) + axis * 0.36, axis, MUTED, anchor="end"))
    parts += digits
    shown = [
        series
        for series, field in ((VERIFIED, "value"), (SELF, "external"), (TARGET, "target"))
        if any(getattr(point, field) is not None for point in points)
    ]
    y = bottom + font_size * 2.6
    legend, legend_height = legend_of(
        shown,
        top=y,
        width=width,
        font_size=font_size,
        centred=True,
        names={VERIFIED: value_name, SELF: external_name},
    )
    return svg(title, width, y + legend_height + 2, [*parts, *legend])


def _runs(points: Sequence[YearPoint]) -> list[tuple[int, int]]:
    """(start, end) of the stretches of one instrument."""
    breaks = [i for i, (before, here) in enumerate(pairwise(points), 1) if before.instrument != here.instrument]
    return list(pairwise([0, *breaks, len(points)]))


def _place(x: float, value: Number | None, at: Callable[[Number], float]) -> Place | None:
    return None if value is None else (x, at(value))


def _path(places: Sequence[Place | None], reach: float) -> str:
    """Neighbours that both have a value are joined; each stretch goes `reach` beyond its ends."""
    path = ""
    stretch: list[Place] = []
    for place in [*places, None]:
        if place is not None:
            stretch.append(place)
            continue
        if len(stretch) > 1 or (stretch and reach):
            (first_x, first_y), (last_x, _) = stretch[0], stretch[-1]
            inner = "L".join(f"{n(x)} {n(y)}" for x, y in stretch)
            path += f"M{n(first_x - reach)} {n(first_y)}L{inner}H{n(last_x + reach)}" if reach else f"M{inner}"
        stretch = []
    return path


def _digits(value: Number, x: float, y: float, size: float, *, above: bool, weight: int = 400) -> str:
    baseline = y - size * 0.7 if above else y + size * 1.45
    return haloed(line_of_text(decimal_id(value), x, baseline, size, TEXT, anchor="middle", weight=weight))
