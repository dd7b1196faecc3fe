"""What the database itself refuses: to change or remove an event or an anchor, to wind a chain back.

Kept here and not in a migration alone, because SQLite drops a table's triggers when a migration rebuilds it:
`audit.apps` puts back what is missing after every `migrate`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = ("audit_event", "audit_anchor")
CHAIN = "audit_chain"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every trigger in place; one that is there already, even an altered one, is made anew."""
    remove(connection)
    with connection.cursor() as cursor:
        for statement in _create(connection.vendor):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for name, table in _tables(connection.vendor).items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The triggers that are not there, are switched off or say something else."""
    with connection.cursor() as cursor:
        found = _found_on_postgresql(cursor) if connection.vendor == "postgresql" else _found_on_sqlite(cursor)
    return sorted(name for name in _tables(connection.vendor) if name not in found)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the triggers, and with them again: for tests that clear tables or play the intruder."""
    _settle(connection)
    remove(connection)
    try:
        yield
        _settle(connection)
    finally:
        install(connection)


def _settle(connection: BaseDatabaseWrapper) -> None:
    """PostgreSQL changes no table while foreign keys of its rows are still to be checked."""
    if connection.vendor == "postgresql":
        connection.check_constraints()


# --- SQLite -------------------------------------------------------------------------------------------------------


def _sqlite(table: str) -> dict[str, str]:
    """Name and text of the table's triggers. The one on insert stops REPLACE, which removes without a delete."""
    refused = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = {
        "audit_event": "id = NEW.id OR (stream = NEW.stream AND position = NEW.position)",
        "audit_anchor": "id = NEW.id OR day = NEW.day",
        CHAIN: "stream = NEW.stream",
    }[table]
    taken = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"
    update = " WHEN NEW.stream <> OLD.stream OR NEW.count <= OLD.count" if table == CHAIN else ""
    triggers = {
        f"{table}_no_update": f"BEFORE UPDATE ON {table} FOR EACH ROW{update}",
        f"{table}_no_delete": f"BEFORE DELETE ON {table} FOR EACH ROW",
        f"{table}_no_replace": f"BEFORE INSERT ON {table} FOR EACH ROW WHEN {taken}",
    }
    return {name: f"CREATE TRIGGER {name} {rule} {refused}" for name, rule in triggers.items()}


def _found_on_sqlite(cursor) -> set[str]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    there = dict(cursor.fetchall())
    return {
        name for table in (*APPEND_ONLY, CHAIN) for name, text in _sqlite(table).items() if there.get(name) == text
    }


# --- PostgreSQL ---------------------------------------------------------------------------------------------------

_REFUSE = " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END "
_GROW = (
    " BEGIN IF NEW.stream <> OLD.stream OR NEW.count <= OLD.count THEN"
    " RAISE EXCEPTION 'audit_chain only grows' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END "
)
_FUNCTIONS = {"audit_refuse": _REFUSE, "audit_grow": _GROW}
# As pg_trigger.tgtype counts: row 1, before 2, delete 8, update 16, truncate 32.
_EVENTS = {"UPDATE": 1 + 2 + 16, "DELETE": 1 + 2 + 8, "TRUNCATE": 2 + 32}


def _postgresql() -> dict[str, tuple[str, str, str]]:
    """Each trigger's table, event and function."""
    return {
        f"{table}_no_{event.lower()}": (
            table,
            event,
            "audit_grow" if (table, event) == (CHAIN, "UPDATE") else "audit_refuse",
        )
        for table in (*APPEND_ONLY, CHAIN)
        for event in _EVENTS
    }


def _found_on_postgresql(cursor) -> set[str]:
    cursor.execute(
        "SELECT tgname, relname, tgtype, proname, prosrc FROM pg_trigger"
        " JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE relnamespace = current_schema()::regnamespace"
        " AND NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgqual IS NULL AND tgattr = ''"
    )
    there = {name: tuple(rest) for name, *rest in cursor.fetchall()}
    return {
        name
        for name, (table, event, function) in _postgresql().items()
        if there.get(name) == (table, _EVENTS[event], function, _FUNCTIONS[function])
    }


# --- Both ---------------------------------------------------------------------------------------------------------


def _tables(vendor: str) -> dict[str, str]:
    """Each trigger's table."""
    if vendor == "postgresql":
        return {name: table for name, (table, _, _) in _postgresql().items()}
    return {name: table for table in (*APPEND_ONLY, CHAIN) for name in _sqlite(table)}


def _create(vendor: str) -> list[str]:
    if vendor != "postgresql":
        return [text for table in (*APPEND_ONLY, CHAIN) for text in _sqlite(table).values()]
    functions = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in _FUNCTIONS.items()
    ]
    return functions + [
        f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        f" FOR EACH {'STATEMENT' if event == 'TRUNCATE' else 'ROW'} EXECUTE FUNCTION {function}()"
        for name, (table, event, function) in _postgresql().items()
    ]
