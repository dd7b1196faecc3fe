"""Reading the trail through: is every event the one that was written, in its place, and is none missing?

One pass over the events by stream and position, whatever their number; what is kept in memory is one row a
stream. The pass takes no lock. A stream that looks wrong is read again with its chain row locked, so that an
event written during the pass is no false alarm.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from audit import triggers
from audit.chain import SEALED, anchor_digest, event_digest
from audit.models import Anchor, Chain, Event, Verification
from spbe_portal.formatting import date_id

#: Rows fetched at once.
AT_ONCE = 2000
#: What is told of one stream; the rest is counted.
TOLD = 20
#: How far a moved row is looked for.
NEAR = 4


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was written. `position` and `event` (its id) where one event is meant."""

    kind: str  # altered, moved, missing, added, cut, head, anchor, trigger
    text: str  # in plain words
    stream: str = ""
    position: int | None = None
    event: int | None = None

    def __str__(self) -> str:
        return f"{self.stream}: {self.text}" if self.stream else self.text


@dataclass(frozen=True)
class Verdict:
    events: int
    streams: int
    anchors: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ChainState:
    """Where one stream stands. No problems: the chain is whole."""

    stream: str
    count: int  # events; the number of the last one
    head: str
    anchor_day: date | None  # the newest anchor that holds the stream
    anchor_count: int  # how many of its events that anchor vouches for
    problems: tuple[Problem, ...]

    @property
    def is_whole(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class _Point:
    """What an anchor says of a stream."""

    day: date
    count: int
    head: str


@dataclass
class _Stream:
    """One stream being read."""

    name: str
    points: list[_Point]  # by count
    problems: list[Problem] = field(default_factory=list)
    count: int = 0  # rows
    position: int = 0  # of the last row
    digest: str = ""  # of the last row, as stored
    id: int = 0
    recent: deque[str] = field(default_factory=lambda: deque([""], NEAR))  # digests as stored, newest last
    heads: dict[int, str] = field(default_factory=dict)  # digests at the positions anchors speak of

    def tell(self, kind: str, text: str, position: int | None = None, event: int | None = None) -> None:
        self.problems.append(Problem(kind, text, self.name, position, event))


_COLUMNS = ("id", "digest", *SEALED)
_STREAM, _POSITION = _COLUMNS.index("stream"), SEALED.index("position")


def verify() -> Verdict:
    """Everything: all streams, all anchors, the triggers."""
    anchors, points, problems = _anchors()
    chains = {chain.stream: chain for chain in Chain.objects.all()}
    events, seen, suspects = 0, set(), []
    for name, rows in groupby(_rows(), key=lambda row: row[_STREAM]):
        stream = _read(name, rows, chains.get(name), points.get(name, []))
        events += stream.count
        if stream.problems or name in seen:
            suspects.append(name)
        seen.add(name)
    suspects += [name for name in (chains.keys() | points.keys()) - seen if name in points or chains[name].count]
    for name in sorted(set(suspects)):
        problems += _told(_read_locked(name, points.get(name, [])).problems)
    problems += [
        Problem("trigger", f"Pemicu basis data {name} tidak terpasang atau berubah.")
        for name in triggers.missing(connection)
    ]
    return Verdict(events, len(seen), anchors, tuple(problems))


def verify_stream(name: str) -> ChainState:
    """One stream alone, as it is now. Three queries; six where something is wrong."""
    points = [_Point(day, *head) for day, head in _points_of(name)]
    chain = Chain.objects.filter(pk=name).first()
    stream = _read(name, _rows(name), chain, points)
    if stream.problems:
        stream = _read_locked(name, points)
    last = points[-1] if points else None
    return ChainState(
        stream=name,
        count=stream.count,
        head=stream.digest,
        anchor_day=last.day if last else None,
        anchor_count=last.count if last else 0,
        problems=tuple(_told(stream.problems)),
    )


def keep(verdict: Verdict) -> Verification:
    """Note what a reading of everything came to."""
    return Verification.objects.create(
        events=verdict.events,
        streams=verdict.streams,
        anchors=verdict.anchors,
        problems=[str(problem) for problem in verdict.problems[:TOLD]],
        problem_count=len(verdict.problems),
    )


def _told(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= TOLD:
        return problems
    rest = f"dan {len(problems) - TOLD} masalah lain pada rantai ini."
    return [*problems[:TOLD], Problem(problems[TOLD].kind, rest, problems[TOLD].stream)]


def _rows(stream: str = "") -> Iterator[tuple[Any, ...]]:
    events = Event.objects.filter(stream=stream) if stream else Event.objects.all()
    # By id last: without the constraint two rows can stand in one place.
    return events.order_by("stream", "position", "id").values_list(*_COLUMNS).iterator(AT_ONCE)


def _read_locked(name: str, points: list[_Point]) -> _Stream:
    """The stream once more, while nobody can write to it."""
    with transaction.atomic():
        chain = Chain.objects.select_for_update().filter(pk=name).first()
        return _read(name, _rows(name), chain, points)


def _read(name: str, rows: Iterable[tuple[Any, ...]], chain: Chain | None, points: list[_Point]) -> _Stream:
    stream = _Stream(name, points)
    said = {point.count for point in points} | ({chain.count} if chain else set())
    for id_, digest, *values in rows:
        _check(stream, id_, digest, values)
        if stream.position in said:
            stream.heads[stream.position] = digest
    _check_end(stream, chain)
    for point in points:
        _check_point(stream, point)
    return stream


def _check(stream: _Stream, id_: int, digest: str, values: list[Any]) -> None:
    position = values[_POSITION]
    at = f"nomor {position} (id {id_})"
    gap = position > stream.position + 1
    if gap:
        first, last = stream.position + 1, position - 1
        numbers = f"nomor {first}" if first == last else f"nomor {first} sampai {last}"
        stream.tell("missing", f"kejadian {numbers} dihapus; isi {at} sesudahnya tidak dapat diperiksa.", first)
    if position <= stream.position:
        stream.tell("added", f"kejadian {at} menempati nomor yang sudah dipakai.", position, id_)
    elif id_ < stream.id:
        stream.tell("moved", f"kejadian {at} ditulis sebelum yang mendahuluinya: urutan diubah.", position, id_)
    if event_digest(values, stream.digest) != digest and not gap:
        _explain(stream, id_, digest, values)
    elif gap and event_digest(values, stream.digest) == digest:
        stream.tell("added", f"kejadian {at} dinomori ulang.", position, id_)
    stream.count += 1
    stream.position, stream.digest, stream.id = position, digest, max(stream.id, id_)
    stream.recent.append(digest)


def _explain(stream: _Stream, id_: int, digest: str, values: list[Any]) -> None:
    """The row does not fit the one before it: was it changed, or moved, or is what it follows another row?"""
    position = values[_POSITION]
    at = f"nomor {position} (id {id_})"
    near = range(max(1, position - NEAR), position + NEAR) if len(stream.problems) < TOLD else ()
    for place in near:
        told = [place if index == _POSITION else value for index, value in enumerate(values)]
        if any(event_digest(told, previous) == digest for previous in stream.recent):
            if place != position:
                stream.tell("moved", f"kejadian {at} dipindahkan; aslinya nomor {place}.", position, id_)
            elif not stream.problems or stream.problems[-1].position not in (position - 1, position):
                stream.tell("moved", f"kejadian {at} tidak lagi mengikuti kejadian aslinya.", position, id_)
            return
    stream.tell("altered", f"kejadian {at} diubah atau dipalsukan.", position, id_)


def _check_end(stream: _Stream, chain: Chain | None) -> None:
    if chain is None:
        if stream.count:
            stream.tell("head", "baris kepala rantai tidak ada.")
    elif stream.position < chain.count:
        first = stream.position + 1
        numbers = f"nomor {first}" if first == chain.count else f"nomor {first} sampai {chain.count}"
        stream.tell("cut", f"kejadian {numbers} di ujung rantai dihapus.", first)
    elif stream.position > chain.count:
        stream.tell(
            "head",
            f"kepala rantai mundur ke nomor {chain.count}, padahal kejadian sampai nomor {stream.position}.",
            chain.count,
        )
    elif chain.count and stream.heads.get(chain.count) != chain.head:
        stream.tell("head", f"kepala rantai bukan kejadian nomor {chain.count}.", chain.count)


def _check_point(stream: _Stream, point: _Point) -> None:
    day = date_id(point.day)
    if stream.position < point.count:
        text = f"jangkar {day} memuat {point.count} kejadian, sekarang hanya sampai nomor {stream.position}."
        stream.tell("cut", text, stream.position + 1)
    elif stream.heads.get(point.count) != point.head:
        text = f"kejadian nomor {point.count} bukan yang dimuat jangkar {day}."
        stream.tell("anchor", text, point.count)


# --- Anchors ------------------------------------------------------------------------------------------------------


def _anchors() -> tuple[int, dict[str, list[_Point]], list[Problem]]:
    """How many anchors there are, what they say of each stream, and what is wrong with them themselves."""
    points: dict[str, list[_Point]] = {}
    problems: list[Problem] = []
    number, previous, events = 0, "", 0
    for anchor in Anchor.objects.order_by("day").iterator(AT_ONCE):
        number += 1
        day = date_id(anchor.day)
        if anchor_digest(anchor) != anchor.digest:
            problems.append(Problem("anchor", f"Jangkar {day} diubah atau dipalsukan."))
        elif anchor.previous != previous:
            problems.append(Problem("anchor", f"Jangkar sebelum {day} dihapus atau diganti."))
        for stream, (count, head) in anchor.heads.items():
            known = points.setdefault(stream, [])
            if known and known[-1].count > count:
                problems.append(Problem("anchor", f"Jangkar {day}: rantai {stream} lebih pendek daripada sebelumnya."))
            events += count - (known[-1].count if known else 0)
            known.append(_Point(anchor.day, count, head))
        if (len(points), events) != (anchor.streams, anchor.events) and not problems:
            problems.append(Problem("anchor", f"Jangkar {day}: jumlah rantai atau kejadiannya tidak sesuai."))
        previous = anchor.digest
    return number, points, problems


def _points_of(stream: str) -> Iterator[tuple[date, Any]]:
    anchors = Anchor.objects.filter(heads__has_key=stream).order_by("day")
    for day, heads in anchors.values_list("day", "heads"):
        yield day, heads[stream]
