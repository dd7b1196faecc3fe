"""Files of the history: made from what the person may read, and recorded."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from assessments.models import Assessment
from assessments.queries.history import Line, stream_of
from audit.models import Event
from audit.services import record
from spbe_portal.formatting import count_id
from spbe_portal.sheets import guarded

#: Rows of one file; more are asked for in parts, by dates.
MOST = 20_000
AT_ONCE = 500

#: "Nomor" is the one that `verify_chain` names an event by ("id 4711").
HEAD = (
    "Nomor",
    f"Waktu ({settings.TIME_ZONE_LABEL})",
    "Pelaku",
    "Peran",
    "Atas nama",
    "Jenis",
    "Indikator",
    "Perbuatan",
    "Alasan",
    "Rincian",
)
SHARED = HEAD.index("Indikator")  # before it the trail says what each event is about
CUT = f"Berkas ini dibatasi {count_id(MOST)} kejadian terbaru. Persempit tanggalnya untuk yang lebih lama."


def row_of(line: Line) -> list[str]:
    """One line of the history as cells. The time to the second, so that rows can be sorted and matched."""
    return [
        str(line.pk),
        f"{timezone.localtime(line.at):%Y-%m-%d %H:%M:%S}",
        line.who,
        line.role,
        line.on_behalf_of,
        line.kind_label,
        line.indicator,
        line.text,
        line.reason,
        "; ".join(f"{each.label}: “{each.before}” menjadi “{each.after}”" for each in line.changes)[:30_000],
    ]


def in_pieces(events: QuerySet[Event]) -> Iterator[list[Event]]:
    """The newest `MOST` events, some at a time by key: no page number, no cursor held open."""
    found = events.select_related("actor", "on_behalf_of").order_by("-id")
    before, left = None, MOST
    while left > 0:
        piece = list((found if before is None else found.filter(pk__lt=before))[: min(AT_ONCE, left)])
        if not piece:
            return
        yield piece
        before, left = piece[-1].pk, left - len(piece)


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file as it is made: UTF-8 with its mark, semicolons, nothing that computes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow(head)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        if out.tell() > 32_000:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def note_export(*, user: User, assessment: Assessment, format: str, filters: dict[str, Any]) -> None:
    """Record that somebody took a file of one assessment's history."""
    with transaction.atomic():
        record(
            "history.export",
            assessment,
            actor=user,
            stream=stream_of(assessment.pk),
            after={"format": format, "filters": filters},
        )


def note_trail_export(*, user: User, format: str, filters: dict[str, Any]) -> None:
    """Record that somebody took a file of the audit trail, in that person's own stream."""
    with transaction.atomic():
        record("audit.export", user, actor=user, after={"format": format, "filters": filters})
