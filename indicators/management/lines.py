"""JSON lines of levels in, JSON lines of answers out: what `compute_index` and `plan_roadmap` share."""

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
from indicators.scoring import InstrumentSpec, round_display


class BadLine(ValueError):
    """One line of input cannot be computed; the message is for its writer."""


class LevelsCommand(BaseCommand):
    """A command that answers each line of levels by itself; `answer` is the subclass's."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser):
        parser.add_argument("--instrument", required=True, metavar="CODE")
        parser.add_argument("--input", metavar="FILE", help="file of JSON lines; standard input without it")

    def answer(self, spec: InstrumentSpec, record: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """The output of one line. Raises ValueError (`BadLine`, `UnknownIndicator`, `LevelOutOfRange`)."""
        raise NotImplementedError

    def prepare(self, spec: InstrumentSpec, options: dict[str, Any]) -> None:
        """Read the other options once, before the first line. Raises `CommandError`."""

    def handle(self, *args, **options):
        spec = _spec(options["instrument"])
        self.prepare(spec, options)
        if options["input"] in {None, "-"}:
            failed = self.answer_all(spec, sys.stdin.buffer, options)
        else:
            try:
                with open(options["input"], "rb") as file:
                    failed = self.answer_all(spec, file, options)
            except OSError as error:
                raise CommandError(f"Berkas {options['input']} tidak dapat dibaca: {error.strerror}.") from error
        if failed:
            raise CommandError(f"{failed} baris tidak dapat dihitung.")

    def answer_all(self, spec: InstrumentSpec, lines: BinaryIO, options: dict[str, Any]) -> int:
        """Answer every good line; returns the number of bad ones, each named on stderr."""
        failed = 0
        for number, line in _numbered(lines):
            try:
                self.stdout.write(json.dumps(self.answer(spec, _record(line), options), default=float))
            except ValueError as error:
                failed += 1
                self.stderr.write(f"Baris {number}: {error}")
        return failed


def shown(value: Fraction | None) -> str | None:
    """An index as it is written out: 2 decimals, rounded half up."""
    return None if value is None else str(round_display(value))


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
