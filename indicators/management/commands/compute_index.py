"""JSON lines of levels in, JSON lines of indices out."""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from indicators.checks import spec_problems
from indicators.models import Instrument
from indicators.parts import BrokenFixture, shipped_files
from indicators.queries import get_spec
from indicators.scoring import InstrumentSpec, exact_text, round_display, score


class BadLine(ValueError):
    """One line of input cannot be computed; the message is for its writer."""


class Command(BaseCommand):
    help = (
        'Compute indices: reads JSON lines {"id": ..., "levels": {"1": 3, ...}} and writes one JSON line each. '
        "A missing indicator counts as the lowest level, null is left out."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser):
        parser.add_argument("--instrument", required=True, metavar="CODE")
        parser.add_argument("--input", metavar="FILE", help="file of JSON lines; standard input without it")

    def handle(self, *args, **options):
        spec = _spec(options["instrument"])
        if options["input"] in {None, "-"}:
            failed = self.compute(spec, sys.stdin.buffer)
        else:
            try:
                with open(options["input"], "rb") as file:
                    failed = self.compute(spec, file)
            except OSError as error:
                raise CommandError(f"Berkas {options['input']} tidak dapat dibaca: {error.strerror}.") from error
        if failed:
            raise CommandError(f"{failed} baris tidak dapat dihitung.")

    def compute(self, spec: InstrumentSpec, lines: BinaryIO) -> int:
        """Answer every good line; returns the number of bad ones, each named on stderr."""
        failed = 0
        for number, line in _numbered(lines):
            try:
                self.stdout.write(json.dumps(_answer(spec, line), default=float))
            except ValueError as error:
                failed += 1
                self.stderr.write(f"Baris {number}: {error}")
        return failed


def _spec(code: str) -> InstrumentSpec:
    try:
        spec = get_spec(code)
    except BrokenFixture as error:
        raise CommandError(str(error)) from error
    if spec is None:
        raise CommandError(f"Instrumen {code!r} tidak dikenal. Yang tersedia: {', '.join(_known_codes())}.")
    found = spec_problems(spec)
    if found:
        raise CommandError(f"Instrumen {code} belum dapat dipakai: {' '.join(found)}")
    return spec


def _known_codes() -> list[str]:
    try:
        stored = set(Instrument.objects.values_list("code", flat=True))
    except DatabaseError:
        stored = set()
    return sorted(stored | set(shipped_files()))


def _numbered(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their number from 1; blank ones are passed over, a byte order mark is dropped."""
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield number, text


def _answer(spec: InstrumentSpec, line: bytes) -> dict[str, Any]:
    """The output of one line. Raises `BadLine`, `UnknownIndicator` and `LevelOutOfRange`, all ValueError."""
    record = _record(line)
    result = score(spec, record["levels"])
    return {
        "id": record.get("id"),
        "index": _shown(result.index),
        "index_exact": None if result.index is None else exact_text(result.index),
        "predicate": result.predicate,
        "coverage": {"answered": result.answered, "assigned": result.assigned},
        "domains": _shown_all(result.domains),
        "aspects": _shown_all(result.aspects),
    }


def _record(line: bytes) -> dict[str, Any]:
    try:
        # Numbers stay as they are written: 1.26 is not the nearest binary fraction.
        record = json.loads(
            line.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_without_repeats,
        )
    except BadLine:
        raise
    except UnicodeDecodeError:
        raise BadLine("bukan teks UTF-8.") from None
    except (ValueError, RecursionError):
        raise BadLine("bukan JSON yang sah.") from None
    if not isinstance(record, dict) or not isinstance(record.get("levels"), dict):
        raise BadLine('tulis sebagai {"id": ..., "levels": {"1": 3, ...}}.')
    return record


def _no_number(word: str) -> None:
    raise BadLine(f"{word} bukan bilangan.")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise BadLine(f"{next(key for key in keys if keys.count(key) > 1)!r} ditulis lebih dari sekali.")
    return found


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else str(round_display(value))


def _shown_all(values: dict[str, Fraction | None]) -> dict[str, str | None]:
    return {code: _shown(value) for code, value in values.items()}
