"""JSON lines of levels in, JSON lines of the least-effort way to a target out."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.management.base import CommandError

from indicators.management.lines import LevelsCommand, shown
from indicators.roadmap import best_route, target_of
from indicators.scoring import InstrumentSpec

_TARGET = re.compile(r"[0-9]{1,4}([.,][0-9]{1,10})?")


class Command(LevelsCommand):
    help = (
        'Plan the way to a target index: reads JSON lines {"id": ..., "levels": {"1": 3, ...}} and writes the rises '
        "of least effort, one JSON line each. A rise to level n costs n, each step counted; the target is met when "
        "the unrounded index is at least the target. Where it cannot be reached, the rises lead as far as possible."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--target", required=True, metavar="INDEX", help="an index (4.50) or a predikat")

    def prepare(self, spec: InstrumentSpec, options: dict[str, Any]) -> None:
        text = options["target"] = str(options["target"]).strip()
        if _TARGET.fullmatch(text):
            self.target = Fraction(text.replace(",", "."))
            return
        named = target_of(spec, text)
        if named is None:
            names = ", ".join(band.name for band in spec.bands)
            raise CommandError(f"Target {text!r} bukan indeks (misalnya 4.50) dan bukan predikat ({names}).")
        self.target = named

    def answer(self, spec: InstrumentSpec, record: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        route = best_route(spec, record["levels"], self.target)
        return {
            "id": record.get("id"),
            "reachable": route.reachable,
            "effort": route.effort,
            "index": shown(route.index),
            "rises": [
                {"indicator": rise.indicator, "from": _number(rise.start), "to": rise.end} for rise in route.rises
            ],
        }


def _number(level: Fraction) -> int | Decimal:
    return level.numerator if level.denominator == 1 else Decimal(level.numerator) / level.denominator
