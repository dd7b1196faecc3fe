"""A list of people, one row a role: who has two roles stands on two rows."""

from collections.abc import Mapping
from typing import Any

from django.db.models.functions import Lower
from django.utils import timezone

from accounts.forms import PersonForm
from accounts.imports._base import Agencies, as_shown, choice, cleaned, day, said, taken
from accounts.models import Agency, ImportDraft, Membership, Role, User
from accounts.services import mailed_links
from accounts.services import people as services
from accounts.services._base import require_manager
from spbe_portal.lists import CHANGED, NEW, SAME, WRONG, Plan, Row, cells_of, find_columns, heading_names
from spbe_portal.sheets import Table, write_template

#: Field -> its heading, in the order of a sheet.
HEADINGS = {
    "name": "Nama",
    "username": "Nama pengguna",
    "email": "Surel",
    "position": "Jabatan",
    "agency": "OPD",
    "role": "Peran",
    "valid_from": "Sejak",
    "valid_until": "Sampai",
}
_NAMES = heading_names(
    {
        "name": "nama namalengkap namapegawai",
        "username": "namapengguna username user akun idpengguna login",
        "email": "surel alamatsurel email alamatemail surat",
        "position": "jabatan posisi",
        "agency": "opd perangkatdaerah namaopd instansi unitkerja skpd dinas",
        "role": "peran role hakakses",
        "valid_from": "sejak berlakusejak mulai tanggalmulai",
        "valid_until": "sampai berlakusampai berakhir tanggalberakhir",
    }
)
_ROLES = [(str(value), str(label)) for value, label in Role.choices]
_ALSO = {
    "operator": "adminopd pengisi",
    "verifier": "penilai asesor asesorinternal",
    "coordinator": "koordinator koordinatorspbe",
    "leader": "pemimpin kepala",
}
_DETAILS = ("name", "position", "email")


def plan(table: Table) -> Plan[Row]:
    """What each row would do; three queries. Raises `Unreadable` where there is no heading."""
    start, columns, ignored = find_columns(
        table,
        _NAMES,
        needed="username",
        unknown="Judul kolom tidak dikenali. Paling sedikit harus ada kolom “Nama pengguna” dan “Nama”; "
        "pakai templat yang tersedia.",
        only_said=frozenset({"no", "nomor"}),
    )
    lines = [(line, cells_of(columns, cells)) for line, cells in table[start + 1 :]]
    known = _Known({cells["username"].lower() for _, cells in lines})
    rows = [_row(known, line, cells) for line, cells in lines]
    return Plan(rows, ignored)


def apply(draft: ImportDraft, actor: User, *, with_invitations: bool = False) -> tuple[Plan[Row], int]:
    """Do what the draft shows, all or nothing; the rows, and how many invitations go out.

    Raises `PermissionDenied`, and `Refused` where something moved since the list was checked.
    """
    require_manager(actor)
    with taken(draft, actor) as found:
        agencies = {one.slug: one for one in Agencies().all}
        made: dict[str, User] = {}
        for row in found.rows:
            if row.outcome not in (NEW, CHANGED):
                continue
            facts = row.facts
            role = {**facts["role"], "agency": agencies.get(facts["role"]["agency"])} if facts["role"] else {}
            role |= {name: day(role[name]) for name in ("valid_from", "valid_until") if role}
            with as_shown(row):
                if row.outcome == NEW:
                    made[row.name] = services.create_person(actor=actor, username=row.name, **facts["details"], **role)
                    continue
                pk = row.pk or made[row.name].pk
                if facts["details"]:
                    services.edit_person(actor=actor, person_id=pk, details=facts["details"], version=row.version)
                if role:
                    services.add_membership(actor=actor, person_id=pk, **role)
        invited = 0
        if with_invitations and mailed_links.can_mail():
            invited = mailed_links.invite_new(actor=actor, people=made.values())
        return found, invited


def invitable(found: Plan[Row]) -> int:
    """How many of the new people can be invited by e-mail."""
    return sum(bool(row.facts["details"].get("email")) for row in found.rows if row.outcome == NEW)


def template() -> bytes:
    """An empty list to fill in."""
    lists = {HEADINGS["role"]: [label for _, label in _ROLES]}
    return write_template(list(HEADINGS.values()), lists, HELP, title="Pengguna")


#: Column, how it is filled in, an example.
HELP = [
    ("Kolom", "Cara mengisi", "Contoh"),
    ("Nama", "Wajib bagi pengguna baru. Nama lengkap.", "Nama Lengkap"),
    (
        "Nama pengguna",
        "Wajib. Untuk masuk; yang sudah ada diperbarui. Dua peran: dua baris.",
        "operator-dinkes",
    ),
    (
        "Surel",
        "Undangan dikirim ke alamat ini. Kata sandi dibuat sendiri oleh pemiliknya.",
        "nama@contoh.go.id",
    ),
    ("Jabatan", "Boleh kosong.", "Analis Sistem Informasi"),
    ("OPD", "Wajib bagi pengguna baru. Nama, singkatan, atau kode OPD.", "Dinkes"),
    ("Peran", "Wajib bagi pengguna baru. Pilih dari daftar.", "Operator OPD"),
    ("Sejak", "Boleh kosong: hari ini.", "01/01/2026"),
    ("Sampai", "Boleh kosong: tanpa batas waktu.", "31/12/2026"),
]


# --- Reading a row -----------------------------------------------------------------------------------


class _Known:
    """What rows are compared with, and what earlier rows of the file said."""

    def __init__(self, usernames: set[str]):
        self.agencies = Agencies()
        found = User.objects.annotate(key=Lower("username")).filter(key__in=usernames)
        self.people = {person.username.lower(): person for person in found}
        self.held: dict[tuple[int, str, str], list[Membership]] = {}
        for one in Membership.objects.filter(user__in=self.people.values()).select_related("agency"):
            self.held.setdefault((one.user_id, one.agency.slug, one.role), []).append(one)
        self.first: dict[str, Row] = {}
        self.asked: dict[tuple[str, str, str], list[Membership]] = {}


def _row(known: _Known, line: int, cells: Mapping[str, str]) -> Row:
    username = cells.get("username", "").lower()
    person = known.people.get(username)
    row = Row(line, SAME, name=username)
    if not username:
        row.outcome, row.about = WRONG, cells.get("name", "")
        row.problems.append("Nama pengguna: kosong.")
        return row
    first = known.first.setdefault(username, row)
    details = _details(row, cells, person, first)
    role = _role(known, row, cells, person)
    if first is not row and first.outcome == WRONG and person is None:
        row.problems.append(f"Baris {first.line}, yang membuat akun ini, bermasalah.")
    if not person and not role and not row.problems and first is row:
        row.problems.append("OPD dan peran kosong: pengguna baru memerlukan peran pertama.")
    if person and person.is_superuser:
        row.problems = ["Akun administrator sistem tidak diubah melalui daftar."]
    elif person and not person.is_active:
        row.problems = ["Akun ini nonaktif. Aktifkan dahulu di halaman pengguna."]
    if row.problems:
        row.outcome = WRONG
        return row
    row.facts = {"details": details, "role": role}
    if person is None and first is row:
        row.outcome = NEW
        return row
    if person:
        row.pk, row.version = person.pk, person.version
    row.outcome = CHANGED if row.changes else SAME
    return row


def _details(row: Row, cells: Mapping[str, str], person: User | None, first: Row) -> dict[str, Any]:
    """The details to store: all of a new person's, of a stored one those that differ. Empty on a later row."""
    if first is not row:
        asked = first.facts.get("details") or {}
        for name in _DETAILS:
            typed = cells.get(name, "")
            if typed and name in asked and typed.lower() != str(asked[name]).lower():
                row.problems.append(f"{HEADINGS[name]}: berbeda dengan baris {first.line}.")
        return {}
    values = {name: cells.get(name, "") for name in ("username", *_DETAILS)}
    if person:
        values = {name: values[name] or getattr(person, name) for name in values}
        values["username"] = person.username
    form = PersonForm(values, person=person)
    form.fields.pop("version", None)
    facts = cleaned(form, HEADINGS, row)
    facts.pop("username", None)
    row.about = facts.get("name", "") or values["name"]
    if person is None:
        return facts
    changed = {name: value for name, value in facts.items() if value != getattr(person, name)}
    row.changes += [[HEADINGS[name], str(getattr(person, name)), value] for name, value in changed.items()]
    return changed


def _role(known: _Known, row: Row, cells: Mapping[str, str], person: User | None) -> dict[str, Any]:
    """The role to add; empty where the row names none or the person holds just that."""
    typed = {name: cells.get(name, "") for name in ("agency", "role", "valid_from", "valid_until")}
    if not any(typed.values()):
        return {}
    before = len(row.problems)
    agency = known.agencies.find(typed["agency"])
    if not typed["agency"]:
        row.problems.append("OPD: kosong, padahal perannya diisi.")
    elif agency is None:
        row.problems.append(f"OPD: “{typed['agency']}” tidak dikenal.")
    role, days = "", {}
    if not typed["role"]:
        row.problems.append("Peran: kosong, padahal OPD-nya diisi.")
    else:
        try:
            role = choice(typed["role"], _ROLES, _ALSO)
        except ValueError as wrong:
            row.problems.append(f"Peran: {wrong}")
    for name in ("valid_from", "valid_until"):
        try:
            days[name] = day(typed[name])
        except ValueError as wrong:
            row.problems.append(f"{HEADINGS[name]}: {wrong}")
    if len(row.problems) > before or agency is None:
        return {}
    return _new_role(known, row, person, agency, role, days)


def _new_role(
    known: _Known, row: Row, person: User | None, agency: Agency, role: str, days: dict[str, Any]
) -> dict[str, Any]:
    today = timezone.localdate()
    starts, ends = days["valid_from"], days["valid_until"]
    held = known.held.get((person.pk, agency.slug, role), []) if person else []
    current = [one for one in held if one.valid_until is None or one.valid_until >= today]
    if any(starts in (None, one.valid_from) and ends in (None, one.valid_until) for one in current):
        return {}  # nothing new
    key = (row.name, agency.slug, role)
    earlier = known.asked.setdefault(key, [])
    starts = starts or today
    problems = services.problems_with_role([*held, *earlier], agency, role, starts, ends)
    if problems:
        hint = " Ubah di halaman pengguna." if current else ""
        row.problems += [f"{HEADINGS[name]}: {text}{hint}" for name, text in problems.items()]
        return {}
    earlier.append(Membership(agency=agency, role=role, valid_from=starts, valid_until=ends))
    until = f" sampai {said(ends)}" if ends else ""
    row.changes.append(["Peran", None, f"{Role(role).label}, {agency.short_name}, sejak {said(starts)}{until}"])
    return {
        "agency": agency.slug,
        "role": role,
        "valid_from": f"{starts}",
        "valid_until": f"{ends}" if ends else "",
    }
