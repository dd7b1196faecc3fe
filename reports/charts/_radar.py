"""The radar of aspects."""

import math
from collections.abc import Sequence
from fractions import Fraction

from reports.charts._drawing import GRID, LINE, MUTED, Label, haloed, line_of_text, n, svg, text_of, wrap
from reports.charts._series import (
    SELF,
    TARGET,
    VERIFIED,
    Number,
    Score,
    has_values,
    legend_of,
    marker,
    radar_line,
    values_of,
    whole_levels,
)


def radar(
    scores: Sequence[Score],
    *,
    title: str,
    scale_min: Number,
    scale_max: Number,
    width: float = 420,
    font_size: float = 11,
    self_name: str = SELF.name,
    verified_name: str = VERIFIED.name,
) -> str:
    """A radar of three or more axes, the lowest level in the centre.

    Series: self dashed with circles, verified solid with squares, target dotted. A value that is missing
    leaves a gap in its line; a series without any value is not drawn and not named. `self_name` and
    `verified_name` name the two lines where they stand for something else: the government's radar shows last
    year's and this year's. Raises `ValueError` for fewer than three axes or an empty scale.
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
    for ring in whole_levels(scale_min, scale_max)[1:]:
        parts.append(
            f'<circle cx="{n(centre_x)}" cy="{n(centre_y)}" r="{n(distance(ring))}" fill="none" '
            f'stroke="{GRID}" stroke-width="{1 if ring != scale_max else 1.4}"/>'
        )
    spokes = "".join(
        f"M{n(centre_x)} {n(centre_y)}L{n(centre_x + dx * radius)} {n(centre_y + dy * radius)}"
        for dx, dy in directions
    )
    parts.append(f'<path d="{spokes}" fill="none" stroke="{GRID}" stroke-width="1"/>')

    shown = [series for series in (TARGET, SELF, VERIFIED) if has_values(scores, series)]
    for series in shown:
        points = [
            None if value is None else (centre_x + dx * distance(value), centre_y + dy * distance(value))
            for value, (dx, dy) in zip(values_of(scores, series), directions, strict=True)
        ]
        parts.append(radar_line(points, series))
    for series in shown:
        if series is TARGET:
            continue
        for value, (dx, dy) in zip(values_of(scores, series), directions, strict=True):
            if value is not None:
                parts.append(marker(series, centre_x + dx * distance(value), centre_y + dy * distance(value)))

    for label in labels:
        parts.append(text_of(Label(label.lines, label.x, label.top + centre_y, label.anchor, label.size)))
    # Digits last, on a white halo, half-way between the first axis and the one before: no line hides them.
    between = -math.pi / len(scores)
    digit_size = font_size * 0.82
    for ring in whole_levels(scale_min, scale_max):
        x = centre_x + math.sin(between) * distance(ring)
        y = centre_y - math.cos(between) * distance(ring)
        if ring == scale_min:
            x, y = centre_x - digit_size, centre_y
        digit = line_of_text(str(ring), x, y + digit_size * 0.36, digit_size, MUTED, anchor="middle", weight=600)
        parts.append(haloed(digit))

    legend, legend_height = legend_of(
        shown,
        top=bottom + centre_y + 10,
        width=width,
        font_size=font_size,
        centred=True,
        names={SELF: self_name, VERIFIED: verified_name},
    )
    height = bottom + centre_y + 10 + legend_height + 2
    return svg(title, width, height, [*parts, *legend])


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
        height = len(lines) * font_size * LINE
        top = y - height / 2 + dy * height / 2
        labels.append(Label(lines, x, top, anchor, font_size))
    return labels
