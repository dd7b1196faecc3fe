"""A list brought in as a file: what each row would do, and doing exactly that.

Nothing is written before the person has seen it row by row (`plan`). What was shown is kept as an `ImportDraft` and
applied as it stands (`apply`): every changed row over the version it was compared with, every new one under a name
that is still free. Where the list moved meanwhile, nothing is written and the rows are compared anew.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Agency, User
from accounts.permissions import Rights, rights_of
from indicators.models import Indicator
from inventory import services
from inventory.models import FIRST_YEAR, Application, Category, Hosting, ImportDraft, Kind, Status
from spbe_portal import lists
from spbe_portal.lists import CHANGED, NEW, SAME, WRONG, cells_of, find_columns, squeezed
from spbe_portal.sheets import Table

KEPT_FOR = timedelta(days=1)

#: Field -> its heading, in the order of a sheet. The first six are asked for in a new row.
HEADINGS = {
    "agency": "OPD",
    "name": "Nama aplikasi",
    "purpose": "Fungsi",
    "users": "Pengguna",
    "kind": "Jenis",
    "category": "Kategori",
    "status": "Status",
    "last_used": "Tahun terakhir dipakai",
    "hosting": "Hosting",
    "url": "Alamat (URL)",
    "security_contact": "Kontak keamanan",
    "indicators": "Indikator terkait",
}
#: Headings as people write them, without spaces and signs.
_KNOWN = {
    "agency": "opd perangkatdaerah namaopd instansi unitkerja skpd dinas pemilik pengelola unitpengelola",
    "name": "namaaplikasi nama aplikasi namalayanan namasistem namaaplikasilayanan aplikasilayanan",
    "purpose": "fungsi kegunaan tujuan deskripsi uraian keterangan fungsiaplikasi",
    "users": "pengguna penggunaaplikasi sasaran user users penggunalayanan",
    "kind": "jenis jenislayanan jenisaplikasi tipe",
    "category": "kategori kategorilayanan bidang kelompok",
    "status": "status statusaplikasi keadaan kondisi statuspemakaian aktif",
    "last_used": "tahunterakhirdipakai terakhirdipakai tahunterakhir terakhirdigunakan tahunterakhirdigunakan",
    "hosting": "hosting lokasihosting lokasiserver server tempathosting pusatdata",
    "url": "alamaturl alamat url tautan link laman domain alamatweb website",
    "security_contact": "kontakkeamanan kontakkeamananinformasi kontak narahubungkeamanan narahubung pic",
    "indicators": "indikatorterkait indikator nomorindikator indikatorspbe",
}
_HEADING_OF = lists.heading_names(_KNOWN)
#: Columns of our own export that say something but change nothing here.
_ONLY_SAID = frozenset({"calonkonsolidasi", "catatankonsolidasi", "no", "nomor"})
_CHOICES: dict[str, type[TextChoices]] = {
    "kind": Kind,
    "category": Category,
    "status": Status,
    "hosting": Hosting,
}
#: What people write for a choice besides its code and its label.
_ALSO = {
    "kind": {
        "administrasi": "adminstrasipemerintahan layananadministrasi internal",
        "publik": "pelayananpublik umum eksternal",
    },
    "status": {
        "aktif": "ya digunakan dipakai operasional",
        "tidak_aktif": "nonaktif tidak tidakdigunakan tidakdipakai mati berhenti",
        "tidak_diketahui": "tidaktahu",
    },
    "hosting": {
        "pdn": "pdns",
        "pusat_data": "pusatdatakota pusatdatakabupaten pusatdatapemerintahdaerah pusatdatadaerah diskominfo",
        "server_opd": "serversendiri serverdinas lokal onpremise",
        "luar": "vps cloud hostingswasta pihakketiga hostingpihakketiga",
        "tidak_diketahui": "tidaktahu",
    },
    "category": {"keuangan": "pajak", "aset": "barangmilikdaerah bmd", "tik": "infrastruktur"},
}
_MAX = {"name": 150, "purpose": 300, "users": 200, "url": 300, "security_contact": 200}
_DEFAULTS: dict[str, Any] = {
    "users": "",
    "category": Category.OTHER.value,
    "status": Status.UNKNOWN.value,
    "last_used": None,
    "hosting": Hosting.UNKNOWN.value,
    "url": "",
    "security_contact": "",
    "indicators": [],
}
_NOTHING = {"", "tidakada"}


@dataclass
class Row(lists.Row):
    """One line of the file; `about` is the agency's name."""

    agency_id: int | None = None


Plan = lists.Plan[Row]


def plan(table: Table, actor: User) -> Plan:
    """What each row would do, with a fixed number of queries. Raises `Unreadable` where there is no heading."""
    start, columns, ignored = find_columns(
        table,
        _HEADING_OF,
        needed="name",
        unknown="Judul kolom tidak dikenali. Paling sedikit harus ada kolom “Nama aplikasi” dan “Fungsi”; "
        "pakai templat yang tersedia.",
        only_said=_ONLY_SAID,
    )
    rights = rights_of(actor)
    book = _Book(rights)
    rows = [_row(book, line, cells_of(columns, cells)) for line, cells in table[start + 1 :]]
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        if row.agency_id is None or not row.name:
            continue
        earlier = seen.setdefault((row.agency_id, row.name.lower()), row.line)
        if earlier != row.line:
            row.outcome = WRONG
            row.problems.append(f"Aplikasi ini sudah ada pada baris {earlier} berkas yang sama.")
    return lists.Plan(rows, ignored)


def keep(found: Plan, file_name: str, actor: User) -> ImportDraft:
    """Keep what was shown until it is confirmed. Earlier drafts of this person, and old ones of anybody, go."""
    with transaction.atomic():
        ImportDraft.objects.filter(Q(user=actor) | Q(created_at__lt=timezone.now() - KEPT_FOR)).delete()
        return ImportDraft.objects.create(
            user=actor, file_name=file_name[:200], rows=[asdict(row) for row in found.rows], ignored=found.ignored
        )


def kept(draft: ImportDraft) -> Plan:
    return lists.Plan([Row(**row) for row in draft.rows], list(draft.ignored))


def apply(draft: ImportDraft, actor: User) -> Plan:
    """Do what the draft shows: new and changed rows, nothing else; all or nothing. The draft goes.

    Raises `PermissionDenied`, and `Refused` where it was applied already or the list moved meanwhile.
    """
    with transaction.atomic():
        held = ImportDraft.objects.select_for_update().filter(pk=draft.pk, user=actor).first()
        if held is None:
            raise Refused("Daftar ini sudah disimpan atau digantikan unggahan lain.")
        found = kept(held)
        # All at once and in one order: two lists that change the same applications wait for each other, one way.
        services.lock_all(row.pk for row in found.rows if row.outcome == CHANGED and row.pk)
        indicators = {indicator.code: indicator for indicator in _asked()}
        agencies = Agency.objects.in_bulk({row.agency_id for row in found.rows if row.agency_id})
        for row in found.rows:
            if row.outcome not in (NEW, CHANGED):
                continue
            facts = {name: value for name, value in row.facts.items() if name != "indicators"}
            linked = None
            if "indicators" in row.facts:
                linked = [indicators[code] for code in row.facts["indicators"] if code in indicators]
            try:
                if row.outcome == NEW:
                    services.create_application(
                        actor=actor, agency=agencies[row.agency_id or 0], facts=facts, indicators=linked or []
                    )
                else:
                    services.edit_application(
                        actor=actor, application_id=row.pk or 0, facts=facts, indicators=linked, version=row.version
                    )
            except Refused:
                raise Refused(
                    f"Aplikasi “{row.name}” (baris {row.line}) diubah orang lain setelah berkas ini diperiksa. "
                    "Belum ada yang disimpan. Unggah kembali berkasnya untuk melihat bedanya."
                ) from None
        held.delete()
        return found


# --- Reading a row -----------------------------------------------------------------------------------


class _Book:
    """What rows are compared with."""

    def __init__(self, rights: Rights):
        self.rights = rights
        kept = Agency.objects.all()
        if not rights.is_coordinator:
            kept = kept.filter(pk__in=rights.operator_of)
        today = timezone.localdate()
        self.agencies = sorted(kept, key=lambda agency: has_ended(agency, today))  # a name's bearer of today first
        self.today = today
        self.named: dict[str, Agency] = {}
        for agency in self.agencies:
            for word in (agency.slug, agency.short_name, agency.name):
                self.named.setdefault(squeezed(word), agency)
        self.asked = {indicator.code: place for place, indicator in enumerate(_asked())}
        stored = Application.objects.filter(agency__in=self.agencies).prefetch_related("indicators")
        self.stored = {(one.agency_id, one.name.lower()): one for one in stored}

    @property
    def only_agency(self) -> Agency | None:
        """Whose list it is where the file does not say."""
        own = [one for one in self.agencies if one.pk in self.rights.operator_of and not has_ended(one, self.today)]
        return own[0] if len(own) == 1 else None


def has_ended(agency: Agency, today: date) -> bool:
    return agency.valid_until is not None and agency.valid_until < today


def _row(book: _Book, line: int, cells: dict[str, str]) -> Row:
    row = Row(line, SAME, name=cells.get("name", ""))
    agency = _agency(book, cells, row)
    facts = _facts(book, cells, row)
    if not row.name:
        row.problems.append("Nama aplikasi kosong.")
    if agency:
        row.agency_id, row.about = agency.pk, agency.short_name
    held = book.stored.get((row.agency_id or 0, row.name.lower()))
    if held is None:
        facts = {**_DEFAULTS, **facts}
        if agency and has_ended(agency, book.today):
            row.problems.append(f"{agency.short_name} sudah berakhir.")
        for name, sentence in (("purpose", "Fungsi kosong."), ("kind", "Jenis kosong: administrasi atau publik.")):
            if not facts.get(name) and not any(HEADINGS[name] in problem for problem in row.problems):
                row.problems.append(sentence)
    elif "purpose" in facts and not facts["purpose"]:
        row.problems.append("Fungsi kosong.")
    if row.problems:
        row.outcome = WRONG
        return row
    row.facts = facts
    if held is None:
        row.outcome = NEW
        return row
    row.pk, row.version = held.pk, held.version
    codes = [one.code for one in sorted(held.indicators.all(), key=lambda one: one.order)]
    before = services.facts_of(held, codes)
    for name, value in facts.items():
        if before[name] != value:
            row.changes.append([HEADINGS[name], shown(name, before[name]), shown(name, value)])
    row.outcome = CHANGED if row.changes else SAME
    return row


def _agency(book: _Book, cells: Mapping[str, str], row: Row) -> Agency | None:
    said = cells.get("agency", "")
    if not said:
        if book.only_agency is None:
            row.problems.append("OPD kosong.")
        return book.only_agency
    found = book.named.get(squeezed(said))
    if found is None:
        row.about = said
        if book.rights.is_coordinator:
            row.problems.append(f"OPD “{said}” tidak dikenal.")
        else:
            row.problems.append(f"“{said}” bukan OPD Anda.")
        return None
    return found


def _facts(book: _Book, cells: Mapping[str, str], row: Row) -> dict[str, Any]:
    """The values of the columns that the file has; what cannot be read becomes a problem of the row."""
    facts: dict[str, Any] = {}
    for name, typed in cells.items():
        if name == "agency":
            continue
        try:
            facts[name] = _value(book, name, typed)
        except ValueError as wrong:
            row.problems.append(f"{HEADINGS[name]}: {wrong}")
    # An empty cell of a closed column leaves what is stored, or the default of a new row.
    return {name: value for name, value in facts.items() if name not in _CHOICES or value}


def _value(book: _Book, name: str, typed: str) -> Any:
    if name in _CHOICES:
        if squeezed(typed) in _NOTHING:
            return ""
        return _choice(name, typed)
    if name == "last_used":
        return _year(typed)
    if name == "indicators":
        return _indicators(book, typed)
    text = "" if name != "name" and typed.lower() in ("-", "–", "tidak ada") else typed
    if len(text) > _MAX[name]:
        raise ValueError(f"terlalu panjang, paling panjang {_MAX[name]} karakter.")
    if name == "url" and text:
        if "://" not in text:
            text = f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(text)
        except ValidationError:
            raise ValueError(f"“{typed}” bukan alamat web.") from None
    return text


def _choice(name: str, typed: str) -> str:
    wanted = squeezed(typed)
    for value, label in _CHOICES[name].choices:
        others = _ALSO.get(name, {}).get(str(value), "").split()
        if wanted in (squeezed(str(value)), squeezed(str(label)), *others):
            return str(value)
    labels = ", ".join(str(label) for label in _CHOICES[name].labels)
    raise ValueError(f"“{typed}” tidak dikenal. Pilihan: {labels}.")


def _year(typed: str) -> int | None:
    if squeezed(typed) in _NOTHING or squeezed(typed) in ("tidakdiketahui", "belumdiketahui"):
        return None
    found = re.fullmatch(r"(\d{4})(?:[-/.]\d{1,2}){0,2}|(?:\d{1,2}[-/.]){1,2}(\d{4})", typed)
    year = int(found[1] or found[2]) if found else 0
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise ValueError(f"“{typed}” bukan tahun yang mungkin, misalnya {timezone.localdate().year}.")
    return year


def _indicators(book: _Book, typed: str) -> list[str]:
    if squeezed(typed) in _NOTHING:
        return []
    codes = list(dict.fromkeys(re.findall(r"[0-9]+(?:-[0-9]+)?", typed)))
    unknown = [code for code in codes if code not in book.asked]
    if unknown or not codes:
        raise ValueError(f"indikator {', '.join(unknown) or typed} tidak ada.")
    return sorted(codes, key=book.asked.__getitem__)


def shown(name: str, value: Any) -> str:
    """A value as a cell says it."""
    if name in _CHOICES:
        return str(_CHOICES[name](value).label)
    if name == "indicators":
        return ", ".join(value)
    return "" if value is None else str(value)


def _asked() -> Iterable[Indicator]:
    """The indicators that applications are linked to: those of the default instrument."""
    return Indicator.objects.filter(instrument__is_default=True).order_by("order")
