"""What the parts of the demo's story share: the city as `city.json` tells of it, and its years."""

import json
from pathlib import Path
from typing import Any

from indicators.models import Indicator

PAST_YEARS = (2024, 2025)
RUNNING_YEAR = 2026
CITY_FILE = Path(__file__).with_name("city.json")


def load_city() -> dict[str, Any]:
    city: dict[str, Any] = json.loads(CITY_FILE.read_text(encoding="utf-8"))
    return city


def domain_of(indicator: Indicator) -> str:
    """The city's texts and means are by domain; its instrument has them."""
    domain = indicator.aspect.domain
    if domain is None:
        raise ValueError(f"Indikator {indicator.code} tanpa domain tidak dikenal kota peragaan.")
    return domain.code
