"""Mappings between instruments: what the database holds, and the ones shipped with the portal.

They are the portal's own reading; no regulation gives one. Screens say so (`OURS`).
"""

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.services import prepare, record_all
from indicators.mapping import Link, compose, problems
from indicators.models import Indicator, IndicatorMapping, Instrument
from indicators.parts import BrokenFixture

OURS = (
    "Pemetaan antarinstrumen adalah pembacaan portal ini atas nama, kriteria, dan bobot indikator, "
    "bukan ketentuan peraturan."
)
FILE = "pemetaan.json"

Key = tuple[str, str, str, str]  # instrument and code of the source, then of the target
Row = tuple[int, int, str]  # numerator, denominator, note


def links_between(source: Instrument, target: Instrument) -> list[Link]:
    """How indicators of `source` go on in `target`, by way of others where need be; empty where no way is known.

    Of one instrument every indicator goes on whole. The shortest way is taken. Two queries, and one a step.
    """
    if source.pk == target.pk:
        codes = source.indicators.order_by("order").values_list("code", flat=True)
        return [Link(code, code, Fraction(1)) for code in codes]
    way = _way(source.pk, target.pk)
    if not way:
        return []
    links = _direct(way[0], way[1])
    for before, after in pairwise(way[1:]):
        links = compose(links, _direct(before, after))
    return links


def targets_of(source: Instrument) -> list[Instrument]:
    """The other instruments that a way leads to, the default first. Two queries."""
    reached = set(_ways(source.pk)) - {source.pk}
    return list(Instrument.objects.filter(pk__in=reached, is_draft=False).order_by("-is_default", "code"))


def _way(source: int, target: int) -> list[int]:
    """The instruments from one to the other, both included; empty where there is no way."""
    before = _ways(source)
    if target not in before:
        return []
    way = [target]
    while way[-1] != source:
        way.append(before[way[-1]])
    return way[::-1]


def _ways(source: int) -> dict[int, int]:
    """Each instrument that can be reached, and the one before it on the shortest way. One query."""
    steps: defaultdict[int, list[int]] = defaultdict(list)
    pairs = (
        IndicatorMapping.objects.order_by("source__instrument", "target__instrument")
        .values_list("source__instrument", "target__instrument")
        .distinct()
    )
    for one, other in pairs:
        steps[one].append(other)
    before = {source: source}
    waiting = deque([source])
    while waiting:
        one = waiting.popleft()
        for other in steps[one]:
            if other not in before:
                before[other] = one
                waiting.append(other)
    return before


def _direct(source: int, target: int) -> list[Link]:
    rows = (
        IndicatorMapping.objects.filter(source__instrument=source, target__instrument=target)
        .order_by("target__order", "source__order")
        .values_list("source__code", "target__code", "share_numerator", "share_denominator", "note")
    )
    return [Link(one, other, Fraction(above, below), note) for one, other, above, below, note in rows]


@dataclass(frozen=True)
class Loaded:
    """How many links were added, and which differ from the file and were left as they are."""

    added: int
    different: list[str]


def load_mappings() -> Loaded:
    """Add the shipped links whose instruments are there and that are absent; what differs is not touched.

    Writes an event for each pair of instruments. Raises `BrokenFixture`.
    """
    shipped = read_mappings()
    with transaction.atomic():
        indicators = {
            (code, number): pk for pk, code, number in Indicator.objects.values_list("pk", "instrument__code", "code")
        }
        stored: dict[Key, Row] = {
            (key[0], key[1], key[2], key[3]): (key[4], key[5], key[6])
            for key in IndicatorMapping.objects.values_list(
                "source__instrument__code",
                "source__code",
                "target__instrument__code",
                "target__code",
                "share_numerator",
                "share_denominator",
                "note",
            )
        }
        known = {key: row for key, row in shipped.items() if key[:2] in indicators and key[2:] in indicators}
        absent = {key: row for key, row in known.items() if key not in stored}
        different = [_named(key) for key, row in known.items() if key in stored and stored[key] != row]
        refused = _too_much(stored, absent)
        for key in [key for key in absent if (key[0], key[1], key[2]) in refused]:
            different.append(_named(key))
            del absent[key]
        IndicatorMapping.objects.bulk_create(
            IndicatorMapping(
                source_id=indicators[key[0], key[1]],
                target_id=indicators[key[2], key[3]],
                share_numerator=above,
                share_denominator=below,
                note=note,
            )
            for key, (above, below, note) in absent.items()
        )
        pairs: defaultdict[tuple[str, str], int] = defaultdict(int)
        for key in absent:
            pairs[key[0], key[2]] += 1
        instruments = {each.code: each for each in Instrument.objects.filter(code__in={pair[1] for pair in pairs})}
        record_all(
            [
                prepare("mapping.add", instruments[to], actor=None, after={"source": of, "target": to, "links": count})
                for (of, to), count in pairs.items()
            ]
        )
    return Loaded(len(absent), different)


def read_mappings() -> dict[Key, Row]:
    """The shipped file, checked: shares in order, none of a source above 1 in all. Raises `BrokenFixture`."""
    path = next((Path(folder) / FILE for folder in settings.FIXTURE_DIRS if (Path(folder) / FILE).exists()), None)
    if path is None:
        return {}
    found: dict[Key, Row] = {}
    pairs: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
    try:
        for row in json.loads(path.read_text(encoding="utf-8")):
            given = row["fields"]
            (of, one), (to, other) = given["source"], given["target"]
            above, below = int(given["share_numerator"]), int(given["share_denominator"])
            pairs[of, to].append(Link(one, other, Fraction(above, below), given["note"]))
            found[of, one, to, other] = (above, below, given["note"])
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise BrokenFixture(f"{path.name}: {error}") from error
    for (of, to), links in pairs.items():
        if wrong := problems(links):
            raise BrokenFixture(f"{path.name}: {of} ke {to}: {' '.join(wrong)}")
    return found


def _too_much(stored: dict[Key, Row], absent: dict[Key, Row]) -> set[tuple[str, str, str]]:
    """Sources whose stored shares leave no room for what would be added."""
    total: defaultdict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for key, (above, below, _) in [*stored.items(), *absent.items()]:
        total[key[0], key[1], key[2]] += Fraction(above, below)
    return {key for key, share in total.items() if share > 1}


def _named(key: Key) -> str:
    return f"{key[0]} {key[1]} ke {key[2]} {key[3]}"
