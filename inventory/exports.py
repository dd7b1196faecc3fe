"""The rows of the list as a file holds them; what is written here `imports.plan` reads back unchanged."""

from django.db.models import QuerySet

from inventory.imports import HEADINGS, shown
from inventory.models import Application, Category, Hosting, Kind, Status
from inventory.queries import with_indicators
from inventory.services import FACTS
from spbe_portal.sheets import write_template

Cell = str | int | None


def rows_of(found: QuerySet[Application]) -> tuple[list[str], list[list[Cell]]]:
    """Headings and rows of `queries.applications`."""
    head = [*HEADINGS.values(), "Calon konsolidasi", "Catatan konsolidasi"]
    return head, [_row(one) for one in with_indicators(found)]


def _row(one: Application) -> list[Cell]:
    facts: list[Cell] = [one.last_used if name == "last_used" else shown(name, getattr(one, name)) for name in FACTS]
    codes = ", ".join(indicator.code for indicator in one.linked)  # type: ignore[attr-defined]
    return [one.agency.short_name, *facts, codes, "ya" if one.is_candidate else "", one.candidate_note]


def template() -> bytes:
    """An empty list to fill in."""
    lists = {
        HEADINGS[name]: [str(label) for label in choices.labels]
        for name, choices in (("kind", Kind), ("category", Category), ("status", Status), ("hosting", Hosting))
    }
    return write_template(list(HEADINGS.values()), lists, HELP, title="Aplikasi")


#: Column, how it is filled in, an example.
HELP = [
    ("Kolom", "Cara mengisi", "Contoh"),
    ("OPD", "Kosongkan bila Anda operator satu OPD. Koordinator menulis nama, nama singkat, atau kode OPD.", "Dinkes"),
    ("Nama aplikasi", "Wajib. Satu baris satu aplikasi; nama yang sudah ada di OPD itu diperbarui.", "e-Surat Dinkes"),
    ("Fungsi", "Wajib. Pekerjaan yang dilayani.", "Surat masuk, surat keluar, dan disposisi"),
    ("Pengguna", "Siapa yang memakainya.", "Pegawai dinas dan puskesmas"),
    ("Jenis", "Wajib bagi aplikasi baru. Pilih dari daftar.", str(Kind.ADMINISTRATION.label)),
    ("Kategori", "Pilih dari daftar. Bila kosong, dicatat sebagai Lainnya.", str(Category.RECORDS.label)),
    ("Status", "Pilih dari daftar. Bila kosong, dicatat sebagai Belum diketahui.", str(Status.ACTIVE.label)),
    ("Tahun terakhir dipakai", "Empat angka. Kosongkan bila belum diketahui.", "2026"),
    ("Hosting", "Pilih dari daftar. Bila kosong, dicatat sebagai Belum diketahui.", str(Hosting.GOVERNMENT.label)),
    ("Alamat (URL)", "Alamat web aplikasi.", "https://surat.contoh.go.id"),
    (
        "Kontak keamanan",
        "Tim atau jabatan yang dihubungi saat terjadi insiden. Kosongkan bila belum ada.",
        "Tim keamanan informasi, csirt@contoh.go.id",
    ),
    ("Indikator terkait", "Nomor indikator, dipisah koma.", "18, 37"),
]
