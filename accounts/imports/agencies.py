"""A list of agencies."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.text import slugify

from accounts.forms import AgencyForm
from accounts.imports._base import Agencies, as_shown, choice, cleaned, day, said, taken
from accounts.models import Agency, ImportDraft, User
from accounts.services import agencies as services
from accounts.services._base import require_manager
from spbe_portal.lists import CHANGED, NEW, SAME, WRONG, Plan, Row, cells_of, find_columns, heading_names, squeezed
from spbe_portal.sheets import Table, write_template

#: Field -> its heading, in the order of a sheet.
HEADINGS = {
    "name": "Nama",
    "short_name": "Singkatan",
    "kind": "Jenis",
    "parent": "Induk",
    "slug": "Kode",
    "valid_from": "Berlaku sejak",
}
_NAMES = heading_names(
    {
        "name": "nama namaopd namaperangkatdaerah perangkatdaerah opd skpd instansi unitkerja namainstansi",
        "short_name": "singkatan namasingkat akronim sebutan",
        "kind": "jenis jenisopd jenisperangkatdaerah tipe bentuk",
        "parent": "induk opdinduk perangkatdaerahinduk atasan",
        "slug": "kode kodeopd slug",
        "valid_from": "berlakusejak sejak mulai tanggalmulai",
    }
)
_ALSO = {
    "sekretariat": "setda setwan",
    "rumah_sakit": "rs rsud",
    "satuan": "satpolpp",
    "inspektorat": "itda",
    "lain": "lainnya lainlain",
}
_KINDS = [(str(value), str(label)) for value, label in Agency.Kind.choices]


def plan(table: Table) -> Plan[Row]:
    """What each row would do; two queries. Raises `Unreadable` where there is no heading."""
    start, columns, ignored = find_columns(
        table,
        _NAMES,
        needed="name",
        unknown="Judul kolom tidak dikenali. Paling sedikit harus ada kolom “Nama” dan “Singkatan”; "
        "pakai templat yang tersedia.",
        only_said=frozenset({"no", "nomor"}),
    )
    known = Agencies()
    rows = [_row(known, line, cells_of(columns, cells)) for line, cells in table[start + 1 :]]
    _check_against_each_other(rows, known)
    _resolve_parents(rows, known)
    for row in rows:
        _compare(row, known)
    return Plan(rows, ignored)


def apply(draft: ImportDraft, actor: User) -> Plan[Row]:
    """Do what the draft shows, all or nothing. Raises `PermissionDenied`, and `Refused` where something moved."""
    require_manager(actor)
    with taken(draft, actor) as found:
        by_slug = {one.slug: one for one in services.all_locked().values()}
        for row in _parents_first([row for row in found.rows if row.outcome in (NEW, CHANGED)]):
            facts = dict(row.facts)
            slug = facts.pop("slug")
            if "parent" in facts:
                facts["parent"] = by_slug.get(facts["parent"]) if facts["parent"] else None
            if facts.get("valid_from"):
                facts["valid_from"] = day(facts["valid_from"])
            with as_shown(row):
                if row.outcome == NEW:
                    by_slug[slug] = services.create_agency(actor=actor, slug=slug, **facts)
                else:
                    services.edit_agency(actor=actor, agency_id=row.pk or 0, details=facts, version=row.version)
        return found


def template() -> bytes:
    """An empty list to fill in."""
    lists = {HEADINGS["kind"]: [label for _, label in _KINDS]}
    return write_template(list(HEADINGS.values()), lists, HELP, title="OPD")


#: Column, how it is filled in, an example.
HELP = [
    ("Kolom", "Cara mengisi", "Contoh"),
    ("Nama", "Wajib. Nama resmi; OPD dengan nama atau kode yang sudah ada diperbarui.", "Dinas Kesehatan"),
    ("Singkatan", "Wajib bagi OPD baru. Dipakai dalam tabel.", "Dinkes"),
    ("Jenis", "Wajib bagi OPD baru. Pilih dari daftar.", "Dinas"),
    ("Induk", "Nama, singkatan, atau kode OPD yang membawahinya; boleh OPD dalam berkas yang sama.", "Setda"),
    ("Kode", "Boleh kosong: dibuat dari singkatan. Tidak berubah lagi.", "dinkes"),
    ("Berlaku sejak", "Boleh kosong: hari ini bagi OPD baru.", "01/01/2026"),
]


# --- Reading a row -----------------------------------------------------------------------------------


def _row(known: Agencies, line: int, cells: Mapping[str, str]) -> Row:
    row = Row(line, SAME, name=cells.get("name", ""))
    held = _held(known, cells)
    values: dict[str, Any] = {name: cell for name, cell in cells.items() if name in HEADINGS and name != "parent"}
    if "kind" in values:
        try:
            values["kind"] = choice(values["kind"], _KINDS, _ALSO) if values["kind"] else ""
        except ValueError as wrong:
            row.problems.append(f"{HEADINGS['kind']}: {wrong}")
            values["kind"] = _KINDS[0][0]
    try:
        starts = day(values.get("valid_from", ""))
    except ValueError as wrong:
        row.problems.append(f"{HEADINGS['valid_from']}: {wrong}")
        starts = None
    if held:
        row.pk, row.version = held.pk, held.version
        for name in ("short_name", "kind"):  # an empty cell leaves what is stored
            values[name] = values.get(name) or getattr(held, name)
        starts = starts or held.valid_from
    values["valid_from"] = f"{starts or timezone.localdate()}"
    form = AgencyForm(values, agency=held)
    for name in ("parent", "version"):
        form.fields.pop(name, None)
    facts = cleaned(form, HEADINGS, row)
    facts["valid_from"] = f"{facts['valid_from']}" if facts.get("valid_from") else ""
    facts["slug"] = held.slug if held else facts.get("slug") or slugify(values.get("short_name", ""))[:60]
    if "parent" in cells and (cells["parent"].strip("-– ") or not held):
        facts["parent"] = cells["parent"].strip("-– ")
    row.facts = facts
    return row


def _held(known: Agencies, cells: Mapping[str, str]) -> Agency | None:
    """The agency that a row is about: by its code, else by its name."""
    if slug := cells.get("slug", "").lower():
        return known.by_slug.get(slug)
    wanted = squeezed(cells.get("name", ""))
    return next((one for one in known.all if squeezed(one.name) == wanted), None) if wanted else None


def _check_against_each_other(rows: list[Row], known: Agencies) -> None:
    """No two of one code, name or short name, in the file and with what is stored and stays as it is."""
    touched = {row.pk for row in rows}
    today = timezone.localdate()
    words = {"slug": "Kode", "name": "Nama", "short_name": "Singkatan"}
    taken_by: dict[tuple[str, str], str] = {}
    for one in known.all:
        if one.pk in touched:
            continue
        lasting = one.valid_until is None or one.valid_until >= today
        for field in words if lasting else ("slug", "name"):
            taken_by[(field, str(getattr(one, field)).lower())] = one.name
    for row in rows:
        for field, heading in words.items():
            value = str(row.facts.get(field) or "").lower()
            if not value:
                continue
            other = taken_by.setdefault((field, value), f"baris {row.line}")
            if other != f"baris {row.line}":
                row.problems.append(f"{heading}: “{row.facts[field]}” sudah dipakai {other}.")


def _resolve_parents(rows: list[Row], known: Agencies) -> None:
    """Write a parent as its code: a stored agency or another row of the file. A ring is no order."""
    new: dict[str, str] = {}
    for row in rows:
        for field in ("slug", "name", "short_name"):
            new.setdefault(squeezed(str(row.facts.get(field) or "")), row.facts.get("slug") or "")
    above = {one.slug: one.parent.slug if one.parent else "" for one in known.all}
    for row in rows:
        typed = row.facts.get("parent")
        if typed is None:
            continue
        stored = known.find(typed)
        slug = (new.get(squeezed(typed)) or (stored.slug if stored else "")) if squeezed(typed) else ""
        if typed and not slug:
            row.problems.append(f"{HEADINGS['parent']}: “{typed}” tidak dikenal.")
        row.facts["parent"] = above[row.facts["slug"]] = slug
    for row in rows:
        step, seen = row.facts.get("slug", ""), set()
        while step and step not in seen:
            seen.add(step)
            step = above.get(step, "")
        if step and row.facts.get("parent"):
            row.problems.append(f"{HEADINGS['parent']}: OPD ini sendiri, atau OPD di bawahnya, menjadi induknya.")
    wrong = {row.facts.get("slug") for row in rows if row.problems and row.pk is None}
    while True:
        stranded = [row for row in rows if not row.problems and row.facts.get("parent") in wrong]
        if not stranded:
            return
        for row in stranded:
            row.problems.append(f"{HEADINGS['parent']}: baris induknya bermasalah.")
            if row.pk is None:
                wrong.add(row.facts["slug"])


def _compare(row: Row, known: Agencies) -> None:
    row.about = ""
    if row.problems:
        row.outcome = WRONG
        return
    if row.pk is None:
        row.outcome = NEW
        return
    held = known.by_slug[row.facts["slug"]]
    before = {
        "name": held.name,
        "short_name": held.short_name,
        "kind": held.kind,
        "parent": held.parent.slug if held.parent else "",
        "valid_from": f"{held.valid_from}",
    }
    changed = {name: value for name, value in row.facts.items() if name in before and value != before[name]}
    row.changes = [
        [HEADINGS[name], _shown(name, before[name]), _shown(name, value)] for name, value in changed.items()
    ]
    row.facts = {"slug": held.slug, **changed}
    row.outcome = CHANGED if changed else SAME


def _shown(name: str, value: str) -> str:
    if name == "kind":
        return str(Agency.Kind(value).label)
    return said(day(value)) if name == "valid_from" else value


def _parents_first(rows: list[Row]) -> list[Row]:
    """New agencies in an order in which each parent is there; then what changes."""
    waiting = {row.facts["slug"]: row for row in rows if row.outcome == NEW}
    ordered: list[Row] = []
    while waiting:
        ready = [row for row in waiting.values() if row.facts.get("parent") not in waiting]
        for row in ready or list(waiting.values()):
            ordered.append(waiting.pop(row.facts["slug"]))
    return ordered + [row for row in rows if row.outcome == CHANGED]
