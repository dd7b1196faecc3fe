"""The world most tests begin in: built by acts once a process, then put back row by row, which is ten times as quick.

Rows are kept as the database gives them and go in with the keys they had; stored files stand where they stood.
PostgreSQL's sequences have passed those keys already: sequences are not rolled back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

_AT_ONCE = 20_000  # parameters of one statement


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class _World:
    tables: list[_Table]
    files: dict[Path, bytes]


_worlds: dict[tuple[Any, date], _World] = {}


def begin_in(key: Any, build: Callable[[], object]) -> None:
    """Let the database hold what `build` makes of an empty one; where it holds something already, build it there."""
    kept = _worlds.get((key, timezone.localdate()))
    if kept is not None and not _any_rows([table.name for table in kept.tables]):
        with transaction.atomic():
            for table in kept.tables:
                _put_back(table)
        for path, content in kept.files.items():
            _store(Path(settings.MEDIA_ROOT) / path, content)
        return
    names = _tables()
    is_empty = not _any_rows(names)
    build()
    if is_empty:
        tables = [table for table in map(_read, names) if table.rows]
        _worlds[key, timezone.localdate()] = _World(tables, _stored())


def _tables() -> list[str]:
    """Those that migrations leave empty."""
    models = apps.get_models(include_auto_created=True)
    kept_by_django = {"contenttypes", "auth", "sessions"}
    return sorted({model._meta.db_table for model in models if model._meta.app_label not in kept_by_django})


def _any_rows(names: list[str]) -> bool:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT 1 WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in names))
        return cursor.fetchone() is not None


def _read(name: str) -> _Table:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
        return _Table(name, tuple(column[0] for column in cursor.description), cursor.fetchall())


def _put_back(table: _Table) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, table.columns))
    one = f"({', '.join(['%s'] * len(table.columns))})"
    step = _AT_ONCE // len(table.columns)
    with connection.cursor() as cursor:
        for start in range(0, len(table.rows), step):
            rows = table.rows[start : start + step]
            cursor.execute(
                f"INSERT INTO {quote(table.name)} ({columns}) VALUES {', '.join([one] * len(rows))}",
                [value for row in rows for value in row],
            )


def _stored() -> dict[Path, bytes]:
    root = Path(settings.MEDIA_ROOT)
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _store(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
