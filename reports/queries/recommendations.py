"""What each indicator needs for its next level."""

from fractions import Fraction
from math import floor
from typing import Any

from indicators.models import EvidenceHint, Instrument, LevelCriterion
from reports.rows import IndicatorRow, Level, Recommendation


def recommendations_of(
    instrument: Instrument,
    taken: dict[str, Any],
    indicators: tuple[IndicatorRow, ...],
    names: dict[tuple[str, Any], str],
    scale_max: Level,
) -> tuple[Recommendation, ...]:
    """The next level of every answered indicator: weakest first, then what adds most. Two queries."""
    criteria: dict[tuple[str, Level], tuple[str, str]] = {
        (code, level): (text, agency_text)
        for code, level, text, agency_text in LevelCriterion.objects.filter(
            indicator__instrument=instrument
        ).values_list("indicator__code", "level", "text", "agency_text")
    }
    hints: dict[str, list[tuple[list[int], str]]] = {}
    for code, levels, text in (
        EvidenceHint.objects.filter(indicator__instrument=instrument)
        .order_by("indicator__order", "order")
        .values_list("indicator__code", "levels", "text")
    ):
        hints.setdefault(code, []).append((levels, text))
    aspects = {group["code"]: group["name"] for group in taken["instrument"]["aspects"]}
    capability = {row["code"]: row["capability"] for row in taken["indicators"]}
    shares = (taken["verified"] or taken["self"])["shares"]
    made = []
    for row in indicators:
        if row.level is None or row.level >= scale_max:
            continue
        following = floor(row.level) + 1
        criterion, for_agency = criteria.get((row.code, following), ("", ""))
        made.append(
            Recommendation(
                code=row.code,
                short_name=row.short_name,
                aspect_name=aspects[row.aspect],
                level=row.level,
                next_level=following,
                next_level_name=names.get((capability[row.code], following), ""),
                gain=(following - Fraction(row.level)) * Fraction(shares[row.code]),
                criterion=criterion,
                criterion_for_agency=for_agency,
                evidence=tuple(text for levels, text in hints.get(row.code, ()) if following in levels),
            )
        )
    return tuple(sorted(made, key=lambda item: (item.level, -item.gain)))
