"""Files of a whole period: recorded where what agencies wrote leaves the portal."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from assessments.models import Period
from assessments.queries.exports import (
    EVIDENCE_COLUMNS,
    RESULT_COLUMNS,
    PeriodResults,
    level_lines,
    result_lines,
)
from audit.services import record
from spbe_portal.books import Book, Cell

#: Stands in every file of agencies' figures.
INTERNAL = "indeks internal OPD, bukan peringkat"


def note_evidence_export(*, user: User, period: Period, format: str) -> None:
    """Record that somebody took the list of all agencies' evidence."""
    with transaction.atomic():
        record("evidence.export", period, actor=user, after={"format": format})


def results_book(found: PeriodResults) -> bytes:
    """A sheet of agencies, one of their levels."""
    book = _book(f"Hasil {found.period.name} ({INTERNAL})")
    book.table("Hasil", RESULT_COLUMNS, result_lines(found))
    book.table("Level", found.level_columns, level_lines(found))
    return book.close()


def evidence_book(title: str, lines: Iterable[Sequence[Cell]]) -> bytes:
    book = _book(f"Daftar bukti dukung {title}")
    book.table("Bukti dukung", EVIDENCE_COLUMNS, lines)
    return book.close()


def _book(title: str) -> Book:
    return Book(title=title, author=settings.GOVERNMENT_NAME, created=timezone.now())
