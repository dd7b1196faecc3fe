"""How many there are of each: a distribution; and where a value stands among the predikats: a scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reports.charts._drawing import (
    BLUE,
    BLUE_DARK,
    BLUE_PALE,
    LINE,
    MUTED,
    TEXT,
    WHITE,
    Label,
    haloed,
    line_of_text,
    n,
    svg,
    text_of,
    text_width,
    wrap,
)
from reports.charts._series import Number
from spbe_portal.formatting import count_id, decimal_id, level_id


@dataclass(frozen=True)
class Bin:
    """One bar of a distribution; `mark` is written behind its number, and its bar is filled dark."""

    label: str
    count: int
    mark: str = ""


def distribution(bins: Sequence[Bin], *, title: str, width: float = 420, font_size: float = 11) -> str:
    """Horizontal bars of counts, each with its number at the end. Raises `ValueError` without bars."""
    if not bins:
        raise ValueError("A distribution needs at least one bar.")
    label_width = min(max(text_width(each.label, font_size) for each in bins) + 1, width * 0.42)
    left = label_width + 8
    tail = max(text_width(_behind(each), font_size) for each in bins) + 8
    room = max(width - left - tail, width * 0.15)
    most = max((each.count for each in bins), default=0) or 1
    bar, between = font_size * 1.25, font_size * 0.55
    y = 2.0
    parts: list[str] = []
    for each in bins:
        lines = wrap(each.label, label_width, font_size)
        text_height = len(lines) * font_size * LINE
        height = max(bar, text_height)
        parts.append(text_of(Label(lines, label_width, y + (height - text_height) / 2, "end", font_size)))
        bar_top = y + (height - bar) / 2
        length = room * each.count / most
        fill, stroke = (BLUE_DARK, BLUE_DARK) if each.mark else (BLUE_PALE, BLUE)
        if each.count:
            parts.append(
                f'<rect x="{n(left)}" y="{n(bar_top)}" width="{n(max(length, 2))}" height="{n(bar)}" '
                f'fill="{fill}" stroke="{stroke}" stroke-width="1"/>'
            )
        weight = 600 if each.mark else 400
        baseline = bar_top + bar / 2 + font_size * 0.36
        parts.append(line_of_text(_behind(each), left + length + 6, baseline, font_size, TEXT, weight=weight))
        y += height + between
    axis = f'<path d="M{n(left)} 0V{n(y - between + 2)}" fill="none" stroke="{MUTED}" stroke-width="1"/>'
    return svg(title, width, y - between + 4, [*parts, axis])


def _behind(each: Bin) -> str:
    return f"{count_id(each.count)} {each.mark}".strip()


@dataclass(frozen=True)
class Mark:
    """A value on the scale of predikats. `kind`: "now" (filled), "last" (hollow) or "target" (dotted)."""

    label: str
    value: Number
    kind: str = "now"


def predicate_scale(
    marks: Sequence[Mark],
    bands: Sequence[tuple[str, Number]],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 640,
    font_size: float = 11,
) -> str:
    """A strip of the predikats with the values above it, each on a line of its own.

    `bands` are (predikat, its lowest index) in any order. Raises `ValueError` when the scale is empty.
    """
    if not scale_min < scale_max:
        raise ValueError("The scale is empty.")
    span = Fraction(scale_max) - Fraction(scale_min)
    left = font_size * 0.5
    room = width - 2 * left

    def at(value: Number) -> float:
        share = min(max((Fraction(value) - Fraction(scale_min)) / span, Fraction(0)), Fraction(1))
        return left + room * float(share)

    def written(mark: Mark) -> str:
        return f"{mark.label}: {decimal_id(mark.value)}"

    def is_left(mark: Mark) -> bool:
        """Whether its label has no room but on the left of its line."""
        return at(mark.value) + 8 + text_width(written(mark), font_size) > width

    # A line runs from its label down to the strip. Labels on the left come first, then the others by value: so
    # they pass over the lines of others.
    marks = sorted(marks, key=lambda mark: (not is_left(mark), Fraction(mark.value) * (-1 if is_left(mark) else 1)))
    row = font_size * 1.6
    strip = len(marks) * row + 4
    starts = sorted(((max(Fraction(low), Fraction(scale_min)), name) for name, low in bands), key=lambda band: band[0])
    ends = [*(start for start, _ in starts[1:]), Fraction(scale_max)]
    names = [wrap(name, at(end) - at(start) - 4, font_size) for (start, name), end in zip(starts, ends, strict=True)]
    lines = max((len(each) for each in names), default=1)
    thick = lines * font_size * LINE + 8
    parts: list[str] = []
    for place, ((start, _), end, text) in enumerate(zip(starts, ends, names, strict=True)):
        x, length = at(start), at(end) - at(start)
        parts.append(
            f'<rect x="{n(x)}" y="{n(strip)}" width="{n(length)}" height="{n(thick)}" '
            f'fill="{WHITE if place % 2 else "#eef3fb"}" stroke="{MUTED}" stroke-width="0.8"/>'
        )
        text_top = strip + (thick - len(text) * font_size * LINE) / 2
        parts.append(text_of(Label(text, x + length / 2, text_top, "middle", font_size)))
    digit = font_size * 0.82
    base = strip + thick + digit * 1.3
    for place, (bound, _) in enumerate(starts):
        anchor = "start" if place == 0 else "middle"
        parts.append(
            line_of_text(level_id(bound), at(bound) - (0 if place else left), base, digit, MUTED, anchor=anchor)
        )
    parts.append(line_of_text(level_id(scale_max), width, base, digit, MUTED, anchor="end"))
    for place, mark in enumerate(marks):
        x, y = at(mark.value), place * row + row / 2
        dashes = ' stroke-dasharray="1 3" stroke-linecap="round"' if mark.kind == "target" else ""
        colour = {"now": BLUE_DARK, "last": MUTED}.get(mark.kind, TEXT)
        parts.append(
            f'<path d="M{n(x)} {n(y)}V{n(strip)}" fill="none" stroke="{colour}" '
            f'stroke-width="{2 if mark.kind == "now" else 1.4}"{dashes}/>'
        )
        if mark.kind != "target":
            fill = BLUE_DARK if mark.kind == "now" else WHITE
            tip = f"M{n(x - 5)} {n(strip - 8)}H{n(x + 5)}L{n(x)} {n(strip)}Z"
            parts.append(f'<path d="{tip}" fill="{fill}" stroke="{colour}" stroke-width="1.2"/>')
    for place, mark in enumerate(marks):
        x, baseline = at(mark.value), place * row + row / 2 + font_size * 0.36
        anchor, start_x = ("end", x - 7) if is_left(mark) else ("start", x + 7)
        weight = 600 if mark.kind == "now" else 400
        parts.append(
            haloed(line_of_text(written(mark), start_x, baseline, font_size, TEXT, anchor=anchor, weight=weight))
        )
    return svg(title, width, base + digit * 0.5, parts)
