"""JSON lines of levels in, JSON lines of indices out."""

from fractions import Fraction
from typing import Any

from indicators.management.lines import LevelsCommand, shown
from indicators.scoring import InstrumentSpec, exact_text, score


class Command(LevelsCommand):
    help = (
        'Compute indices: reads JSON lines {"id": ..., "levels": {"1": 3, ...}} and writes one JSON line each. '
        "A missing indicator counts as the lowest level, null is left out."
    )

    def answer(self, spec: InstrumentSpec, record: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        result = score(spec, record["levels"])
        return {
            "id": record.get("id"),
            "index": shown(result.index),
            "index_exact": None if result.index is None else exact_text(result.index),
            "predicate": result.predicate,
            "coverage": {"answered": result.answered, "assigned": result.assigned},
            "domains": _shown_all(result.domains),
            "aspects": _shown_all(result.aspects),
        }


def _shown_all(values: dict[str, Fraction | None]) -> dict[str, str | None]:
    return {code: shown(value) for code, value in values.items()}
