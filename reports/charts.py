"""Charts as SVG text, for pages and PDF alike. Pure: no Django, no clock, the same input gives the same text.

Only presentation attributes are used (the pages' Content-Security-Policy refuses inline style), all text is
escaped, and all text lies inside the viewBox: widths are measured with Inter's own advance widths. Series
differ by dash, marker and shade, so nothing is lost in black and white. Beside each chart stands a table of
the same figures: the chart is one picture (`role="img"`) named by its `<title>`.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from html import escape

from spbe_portal.formatting import decimal_id

Number = int | Decimal | Fraction

BLUE_DARK = "#083575"
BLUE = "#0956c3"
BLUE_PALE = "#cfe0f6"
TEXT = "#1f1f1f"
MUTED = "#5c5f66"
GRID = "#d5d8de"
WHITE = "#ffffff"

# Advance widths of Inter Semi Bold in hundredths of the font size: never less than those of Regular.
_WIDTHS = {
    character: width
    for width, characters in {
        26: " ijl", 28: "I", 33: "!,.:;'", 36: "`t|", 38: "()[]/\\", 40: "fr", 42: "1", 48: "-_^{}",
        54: '"*?', 56: "akxzLs", 59: "7JcFevy", 61: "5Ehnou", 63: "2bdpqg", 65: "$PRSZ3689#",
        67: "&0BT+4<=>~", 71: "KYDX", 73: "AV", 75: "CGHU", 77: "NOQ", 84: "w", 92: "mM", 102: "%@W",
    }.items()
    for character in characters
}  # fmt: skip
_WIDTH_OF_OTHERS = 80


@dataclass(frozen=True)
class Score:
    """One axis of a radar or one group of bars. Values are exact levels; `None` means none yet."""

    label: str
    self_value: Number | None = None
    verified_value: Number | None = None
    last_value: Number | None = None
    target_value: Number | None = None


@dataclass(frozen=True)
class _Series:
    field: str
    name: str


_SELF = _Series("self_value", "Nilai mandiri")
_VERIFIED = _Series("verified_value", "Nilai verifikasi")
_LAST = _Series("last_value", "Tahun lalu")
_TARGET = _Series("target_value", "Target")


@dataclass(frozen=True)
class Label:
    """A block of text: lines centred, or set to begin or end at `x`. `top` is the upper edge, all in user units."""

    lines: tuple[str, ...]
    x: float
    top: float
    anchor: str  # "start", "middle" or "end"
    size: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        width = max(text_width(line, self.size) for line in self.lines)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.top, left + width, self.top + len(self.lines) * self.size * _LINE


_LINE = 1.25  # line height, of the font size
_BASELINE = 0.95  # from the top of a line to its baseline, of the font size


def text_width(text: str, size: float) -> float:
    """The width of `text` set in Inter at `size`, never too small, in user units."""
    return sum(_WIDTHS.get(character, _WIDTH_OF_OTHERS) for character in text) * size / 100


def wrap(text: str, width: float, size: float) -> tuple[str, ...]:
    """`text` in as few lines as `width` allows, of about the same length."""
    lines = _fill(text, width, size)
    while len(lines) > 1 and width > size:
        narrower = _fill(text, width - size / 2, size)
        if len(narrower) > len(lines) or _cuts(narrower) > _cuts(lines):
            break
        lines, width = narrower, width - size / 2
    return lines


def _cuts(lines: Sequence[str]) -> int:
    return sum(line.endswith("-") for line in lines)


def _fill(text: str, width: float, size: float) -> tuple[str, ...]:
    """`text` in lines no wider than `width`. A word wider than that is cut, with a hyphen."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while text_width(word, size) > width and len(word) > 2:
            cut = len(word) - 1
            while cut > 1 and text_width(word[:cut] + "-", size) > width:
                cut -= 1
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:cut] + "-")
            word = word[cut:]
        joined = f"{line} {word}" if line else word
        if line and text_width(joined, size) > width:
            lines.append(line)
            line = word
        else:
            line = joined
    if line or not lines:
        lines.append(line)
    return tuple(lines)


# --- Radar ---------------------------------------------------------------------------------------------------


def radar(
    scores: Sequence[Score],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 420,
    font_size: float = 11,
) -> str:
    """A radar of three or more axes, the lowest level in the centre.

    Series: self dashed with circles, verified solid with squares, target dotted. A value that is missing
    leaves a gap in its line; a series without any value is not drawn and not named. Raises `ValueError` for
    fewer than three axes or an empty scale.
    """
    if len(scores) < 3:
        raise ValueError("A radar needs at least three axes.")
    if not scale_min < scale_max:
        raise ValueError("The scale is empty.")
    radius = width * (0.27 if len(scores) < 9 else 0.25)
    labels = place_radar_labels([score.label for score in scores], width=width, radius=radius, font_size=font_size)
    centre_x = width / 2
    top = min(label.box[1] for label in labels) - 2
    bottom = max(radius, *(label.box[3] for label in labels)) + 2
    centre_y = -top

    angles = [2 * math.pi * i / len(scores) for i in range(len(scores))]
    directions = [(math.sin(angle), -math.cos(angle)) for angle in angles]
    span = Fraction(scale_max) - Fraction(scale_min)

    def distance(value: Number) -> float:
        return radius * float(min(max((Fraction(value) - Fraction(scale_min)) / span, Fraction(0)), Fraction(1)))

    parts: list[str] = []
    for ring in _whole_levels(scale_min, scale_max)[1:]:
        parts.append(
            f'<circle cx="{_n(centre_x)}" cy="{_n(centre_y)}" r="{_n(distance(ring))}" fill="none" '
            f'stroke="{GRID}" stroke-width="{1 if ring != scale_max else 1.4}"/>'
        )
    spokes = "".join(
        f"M{_n(centre_x)} {_n(centre_y)}L{_n(centre_x + dx * radius)} {_n(centre_y + dy * radius)}"
        for dx, dy in directions
    )
    parts.append(f'<path d="{spokes}" fill="none" stroke="{GRID}" stroke-width="1"/>')

    shown = [series for series in (_TARGET, _SELF, _VERIFIED) if _has_values(scores, series)]
    for series in shown:
        points = [
            None if value is None else (centre_x + dx * distance(value), centre_y + dy * distance(value))
            for value, (dx, dy) in zip(_values(scores, series), directions, strict=True)
        ]
        parts.append(_radar_line(points, series))
    for series in shown:
        if series is _TARGET:
            continue
        for value, (dx, dy) in zip(_values(scores, series), directions, strict=True):
            if value is not None:
                parts.append(_marker(series, centre_x + dx * distance(value), centre_y + dy * distance(value)))

    for label in labels:
        parts.append(_text(Label(label.lines, label.x, label.top + centre_y, label.anchor, label.size)))
    # Digits last, on a white halo, half-way between the first axis and the one before: no line hides them.
    between = -math.pi / len(scores)
    digit_size = font_size * 0.82
    for ring in _whole_levels(scale_min, scale_max):
        x = centre_x + math.sin(between) * distance(ring)
        y = centre_y - math.cos(between) * distance(ring)
        if ring == scale_min:
            x, y = centre_x - digit_size, centre_y
        digit = _line_of_text(str(ring), x, y + digit_size * 0.36, digit_size, MUTED, anchor="middle", weight=600)
        parts.append(_haloed(digit))

    legend, legend_height = _legend(shown, top=bottom + centre_y + 10, width=width, font_size=font_size, centred=True)
    height = bottom + centre_y + 10 + legend_height + 2
    return _svg(title, width, height, [*parts, *legend])


def place_radar_labels(names: Sequence[str], *, width: float, radius: float, font_size: float) -> list[Label]:
    """Where the names of the axes stand, with the centre at (width / 2, 0). None leaves 0..width."""
    count = len(names)
    gap = font_size * 0.9
    reach = radius + gap
    labels = []
    for i, name in enumerate(names):
        angle = 2 * math.pi * i / count
        dx, dy = math.sin(angle), -math.cos(angle)
        x, y = width / 2 + dx * reach, dy * reach
        if abs(dx) < 0.05:
            anchor = "middle"
            # Up to the neighbours' labels, which begin at their own axes.
            room = min(width, 2 * reach * math.sin(2 * math.pi / count) - gap) if count > 4 else width * 0.6
        else:
            anchor = "start" if dx > 0 else "end"
            room = (width - x if dx > 0 else x) - 2
        lines = wrap(name, max(room, font_size * 4), font_size)
        height = len(lines) * font_size * _LINE
        top = y - height / 2 + dy * height / 2
        labels.append(Label(lines, x, top, anchor, font_size))
    return labels


def _radar_line(points: Sequence[tuple[float, float] | None], series: _Series) -> str:
    look = {
        _TARGET: f'fill="none" stroke="{TEXT}" stroke-width="1" stroke-dasharray="1 3" stroke-linecap="round"',
        _SELF: f'fill="none" stroke="{BLUE}" stroke-width="1.6" stroke-dasharray="5 3"',
        _VERIFIED: f'fill="{BLUE_DARK}" fill-opacity="0.1" stroke="{BLUE_DARK}" stroke-width="2"',
    }[series]
    joined = f'{look} stroke-linejoin="round"'
    if all(point is not None for point in points):
        path = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points if (x, y)) + "Z"  # type: ignore[misc]
        return f'<path d="{path}" {joined}/>'
    # Only neighbours that both have a value are joined.
    path = "".join(
        f"M{_n(here[0])} {_n(here[1])}L{_n(there[0])} {_n(there[1])}"
        for here, there in zip(points, [*points[1:], points[0]], strict=True)
        if here is not None and there is not None
    )
    open_look = joined.replace(f'fill="{BLUE_DARK}" fill-opacity="0.1"', 'fill="none"')
    return f'<path d="{path}" {open_look}/>' if path else ""


# --- Bars ----------------------------------------------------------------------------------------------------


def bars(
    scores: Sequence[Score],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 640,
    font_size: float = 11,
) -> str:
    """Horizontal bars, one group a score: self, verified, last year, each with its value at the end.

    A missing value is written as "–" where others of its series exist. The target is a dotted line across
    its group. Wide charts have the labels on the left, narrow ones above the bars. Raises `ValueError` when
    there is nothing to show or the scale is empty.
    """
    if not scores:
        raise ValueError("Bars need at least one score.")
    if not scale_min < scale_max:
        raise ValueError("The scale is empty.")
    shown = [series for series in (_SELF, _VERIFIED, _LAST) if _has_values(scores, series)] or [_SELF]
    beside = width >= 480
    label_width = width * 0.3 if beside else width
    left = label_width + 8 if beside else 1.0
    right = width - text_width("0,00", font_size) - 10
    span = Fraction(scale_max) - Fraction(scale_min)

    def at(value: Number) -> float:
        share = min(max((Fraction(value) - Fraction(scale_min)) / span, Fraction(0)), Fraction(1))
        return left + (right - left) * float(share)

    bar, space, between = font_size * 0.95, font_size * 0.3, font_size * 1.1
    y = 2.0
    groups: list[str] = []
    marks: list[str] = []
    for score in scores:
        lines = wrap(score.label, label_width - 8 if beside else width, font_size)
        text_height = len(lines) * font_size * _LINE
        bars_height = len(shown) * bar + (len(shown) - 1) * space
        if beside:
            height = max(text_height, bars_height)
            bars_top = y + (height - bars_height) / 2
            groups.append(_text(Label(lines, label_width, y + (height - text_height) / 2, "end", font_size)))
        else:
            height = text_height + 4 + bars_height
            bars_top = y + text_height + 4
            groups.append(_haloed(_text(Label(lines, 0, y, "start", font_size), weight=600)))
        for i, series in enumerate(shown):
            bar_top = bars_top + i * (bar + space)
            value = getattr(score, series.field)
            baseline = bar_top + bar / 2 + font_size * 0.36
            if value is None:
                groups.append(_line_of_text("–", left + 6, baseline, font_size, MUTED))
                continue
            end = max(at(value), left + 2)
            groups.append(_bar(series, left, bar_top, end - left, bar))
            weight = 600 if series is _VERIFIED else 400
            groups.append(_haloed(_line_of_text(decimal_id(value), end + 6, baseline, font_size, TEXT, weight=weight)))
        if score.target_value is not None:
            x = at(score.target_value)
            marks.append(f"M{_n(x)} {_n(bars_top - 3)}V{_n(bars_top + bars_height + 3)}")
        y += height + between
    y -= between - 6

    levels = _whole_levels(scale_min, scale_max)
    grid = "".join(f"M{_n(at(level))} 0V{_n(y)}" for level in levels)
    parts = [f'<path d="{grid}" fill="none" stroke="{GRID}" stroke-width="1"/>']
    if marks:
        # Under the bars' values, over the grid.
        groups.insert(
            0,
            f'<path d="{"".join(marks)}" fill="none" stroke="{TEXT}" stroke-width="1.4" stroke-dasharray="1 3" '
            'stroke-linecap="round"/>',
        )
    parts += groups
    digit_size = font_size * 0.82
    for level in levels:
        anchor = "start" if not beside and level == levels[0] else "middle"
        parts.append(_line_of_text(str(level), at(level), y + digit_size * 1.2, digit_size, MUTED, anchor=anchor))
    y += digit_size * 1.6
    legend, legend_height = _legend(
        [*shown, *([_TARGET] if marks else [])], top=y + 8, width=width - left + 1, font_size=font_size, left=left
    )
    return _svg(title, width, y + 8 + legend_height + 2, [*parts, *legend])


def _bar(series: _Series, x: float, y: float, width: float, height: float) -> str:
    look = {
        _SELF: f'fill="{BLUE_PALE}" stroke="{BLUE}" stroke-width="1"',
        _VERIFIED: f'fill="{BLUE_DARK}" stroke="{BLUE_DARK}" stroke-width="1"',
        _LAST: f'fill="{WHITE}" stroke="{MUTED}" stroke-width="1"',
    }[series]
    shape = f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" {look}/>'
    if series is _LAST and width > 4:
        strokes = "".join(f"M{_n(x + step)} {_n(y)}v{_n(height)}" for step in _steps(4, width, 4))
        shape += f'<path d="{strokes}" fill="none" stroke="{MUTED}" stroke-width="0.6"/>' if strokes else ""
    return shape


def _steps(first: float, end: float, by: float) -> Iterable[float]:
    step = first
    while step < end:
        yield step
        step += by


# --- Pieces --------------------------------------------------------------------------------------------------


def _legend(
    shown: Sequence[_Series],
    *,
    top: float,
    width: float,
    font_size: float,
    left: float = 0.0,
    centred: bool = False,
) -> tuple[list[str], float]:
    """The samples of the series in one or more rows, and the height they take."""
    sample, pad, apart = 26.0, 6.0, 18.0
    order = [series for series in (_SELF, _VERIFIED, _LAST, _TARGET) if series in shown]
    rows: list[list[_Series]] = [[]]
    used = 0.0
    for series in order:
        needed = sample + pad + text_width(series.name, font_size)
        if rows[-1] and used + apart + needed > width:
            rows.append([])
            used = 0.0
        used += needed + (apart if rows[-1] else 0.0)
        rows[-1].append(series)
    parts = []
    row_height = font_size * 1.6
    for index, row in enumerate(rows):
        length = sum(sample + pad + text_width(series.name, font_size) for series in row) + apart * (len(row) - 1)
        x = left + (max(width - length, 0) / 2 if centred else 0)
        middle = top + index * row_height + row_height / 2
        for series in row:
            parts.append(_sample(series, x, middle, sample, radar_look=centred))
            x += sample + pad
            parts.append(_line_of_text(series.name, x, middle + font_size * 0.36, font_size, TEXT))
            x += text_width(series.name, font_size) + apart
    return parts, row_height * len(rows) if order else 0.0


def _sample(series: _Series, x: float, middle: float, length: float, *, radar_look: bool) -> str:
    if series is _TARGET and not radar_look:
        return (
            f'<path d="M{_n(x + length / 2)} {_n(middle - 7)}v14" fill="none" stroke="{TEXT}" stroke-width="1.4" '
            'stroke-dasharray="1 3" stroke-linecap="round"/>'
        )
    if not radar_look:
        return _bar(series, x, middle - 5, length, 10)
    line = _radar_line([(x, middle), (x + length, middle), None], series)
    return line if series is _TARGET else line + _marker(series, x + length / 2, middle)


def _marker(series: _Series, x: float, y: float) -> str:
    if series is _SELF:
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.4" fill="{WHITE}" stroke="{BLUE}" stroke-width="1.6"/>'
    return f'<rect x="{_n(x - 3)}" y="{_n(y - 3)}" width="6" height="6" fill="{BLUE_DARK}"/>'


def _text(label: Label, *, weight: int = 400) -> str:
    return "".join(
        _line_of_text(
            line,
            label.x,
            label.top + (index * _LINE + _BASELINE) * label.size,
            label.size,
            TEXT,
            anchor=label.anchor,
            weight=weight,
        )
        for index, line in enumerate(label.lines)
    )


def _line_of_text(
    text: str, x: float, baseline: float, size: float, colour: str, *, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(baseline)}" font-family="Inter, sans-serif" font-size="{_n(size)}" '
        f'font-weight="{weight}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )


def _haloed(text: str) -> str:
    """`text` over a white outline of itself (drawn twice: `paint-order` is not known everywhere)."""
    outline = re.sub(
        r' fill="#[0-9a-f]+"', f' fill="{WHITE}" stroke="{WHITE}" stroke-width="4" stroke-linejoin="round"', text
    )
    return outline.replace("<text ", '<text aria-hidden="true" ') + text


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def _has_values(scores: Sequence[Score], series: _Series) -> bool:
    return any(value is not None for value in _values(scores, series))


def _values(scores: Sequence[Score], series: _Series) -> list[Number | None]:
    return [getattr(score, series.field) for score in scores]


def _whole_levels(scale_min: Number, scale_max: Number) -> list[int]:
    return list(range(math.ceil(scale_min), math.floor(scale_max) + 1))


def _n(number: float) -> str:
    """A coordinate with at most two decimals, without "-0" or trailing zeros."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
