"""Write `docs/permissions.md`: who may do what, computed by asking the permission functions themselves."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.permissions import Rights, can_manage_accounts, can_manage_webhooks, can_reset_password_of
from assessments import permissions
from assessments.models import Assessment, FollowUp, Period, Status
from assessments.moves import MOVES
from assessments.workflow.followups import FOLLOW_UP_MOVES, follow_up_actions
from indicators.permissions import can_edit_instruments
from inventory import permissions as applications
from reports import permissions as reports
from reports.models import ReportJob

PATH = Path(settings.BASE_DIR) / "docs" / "permissions.md"
NONE = "–"
ALL = "semua"
OWN, OTHER = 1, 2  # agencies: the assessment's, and another

#: Who asks. The assessment is always that of agency `OWN`.
ROLES: tuple[tuple[str, Rights], ...] = (
    ("Operator, OPD sendiri", Rights(user_id=1, operator_of=frozenset({OWN}))),
    ("Operator, OPD lain", Rights(user_id=1, operator_of=frozenset({OTHER}))),
    ("Verifikator, OPD lain", Rights(user_id=1, verifier_at=frozenset({OTHER}))),
    ("Verifikator, OPD sendiri", Rights(user_id=1, verifier_at=frozenset({OWN}))),
    ("Koordinator, OPD lain", Rights(user_id=1, coordinator_at=frozenset({OTHER}))),
    ("Koordinator, OPD sendiri", Rights(user_id=1, coordinator_at=frozenset({OWN}))),
    ("Pimpinan", Rights(user_id=1, leader_at=frozenset({OTHER}))),
    ("Admin tanpa peran", Rights(user_id=1, is_superuser=True)),
)

#: Acts on one assessment: what it is called, the function, and whether it asks who wrote in it.
ACTS: tuple[tuple[str, Callable[..., bool], bool], ...] = (
    ("Melihat status, cakupan, indeks", permissions.can_see, False),
    ("Membaca jawaban", permissions.can_see_answers, False),
    ("Membuka bukti dukung", permissions.can_see_evidence, False),
    ("Melihat keputusan yang belum diumumkan", permissions.can_see_open_decisions, False),
    ("Membaca riwayat", permissions.can_see_history, False),
    ("Mengubah jawaban dan bukti", permissions.can_edit, False),
    ("Memberi tanggapan", permissions.can_reply, False),
    ("Memutuskan verifikasi", permissions.can_review, True),
    ("Membuat dan mengunduh laporan OPD", permissions.can_report, False),
)

#: Acts on no single assessment.
GENERAL: tuple[tuple[str, Callable[[Rights], bool]], ...] = (
    ("Membuat, mengubah, membuka, membatalkan periode; menyalin dari yang dibatalkan", permissions.can_manage_periods),
    ("Menetapkan penugasan PIC dan pendukung", permissions.can_assign),
    ("Melihat indeks, tabel, dan peta jalan Pemda", permissions.can_see_pemda),
    ("Menetapkan nilai Pemda, mengisi nilai eksternal", permissions.can_determine),
    ("Menyimpan peta jalan sebagai rencana periode", permissions.can_save_plan),
    ("Membuat dan memeriksa tindak lanjut", permissions.can_manage_follow_ups),
    ("Melihat daftar hasil semua OPD", permissions.can_see_results),
    ("Melihat antrean verifikasi", permissions.can_see_queue),
    ("Melihat dan mengingatkan OPD yang belum mengajukan", permissions.can_remind),
    ("Membandingkan keputusan dan para verifikator", permissions.can_compare_reviews),
    ("Membaca jejak audit semua hal", permissions.can_see_audit_trail),
    ("Membuka pustaka dokumen", permissions.can_see_libraries),
    ("Melihat posisi OPD sendiri", permissions.can_see_own_place),
    ("Melihat daftar aplikasi", applications.can_see_inventory),
    ("Melihat aplikasi semua OPD dan tumpang tindihnya", applications.can_see_all),
    ("Memindahkan aplikasi ke OPD lain", applications.can_move),
    ("Menandai calon konsolidasi", applications.can_mark),
    ("Mengelola OPD, pengguna, dan peran", can_manage_accounts),
    ("Mengelola webhook dan membaca kirimannya", can_manage_webhooks),
    ("Menyalin, mengubah, menerbitkan, dan memperbaiki instrumen", can_edit_instruments),
)

#: Acts on one agency's applications.
OF_APPLICATIONS: tuple[tuple[str, Callable[[Rights, int], bool]], ...] = (
    ("Melihat", applications.can_see),
    ("Menambah, mengubah, menyatakan masih benar, menghapus, mengunggah daftar", applications.can_keep),
)

#: Acts on one agency's library of documents; what an agency inherited it reads and attaches, too.
OF_LIBRARIES: tuple[tuple[str, Callable[[Rights, int], bool]], ...] = (
    ("Melihat dan mengunduh dokumen", permissions.can_see_library),
    (
        "Mengunggah dokumen dan versi baru, mengubah keterangan, menghapus yang belum dipakai",
        permissions.can_keep_library,
    ),
)


def render() -> str:
    """The whole page. The same code gives the same text."""
    names = [name for name, _ in ROLES]
    lines = [
        "# Siapa boleh melakukan apa",
        "",
        "Dibuat oleh `script/manage list_permissions`; jangan diubah dengan tangan. Isinya dihitung dengan memanggil",
        "fungsi izin (`permissions.py` setiap aplikasi) dan tabel langkah (`assessments/moves.py`,",
        "`assessments/workflow/followups.py`) untuk setiap peran dan setiap status.",
        "",
        "- Yang tertulis adalah status penilaian yang mengizinkan; “–” berarti tidak pernah.",
        "- Yang tidak boleh dilihat dijawab 404, yang boleh dilihat tetapi tidak boleh dilakukan dijawab 403.",
        "- Hak seseorang adalah gabungan semua perannya yang berlaku, dengan satu kecuali: tidak ada yang",
        "  memverifikasi OPD tempat ia menjadi anggota dalam peran apa pun, atau penilaian yang pernah ditulisinya.",
        "- Batas waktu, periode yang sudah ditutup, dan kelengkapan diperiksa terpisah, dengan pesannya sendiri.",
        "- Koordinator yang mengisi bagi OPD tercatat bertindak atas nama OPD itu.",
        "",
        "## Penilaian satu OPD",
        "",
    ]
    lines += _table(
        ["Tindakan", "Fungsi", *names], [_act_row(title, function, asks) for title, function, asks in ACTS]
    )
    lines += ["", "## Langkah atas seluruh penilaian", ""]
    lines += _table(["Langkah", "Kode", "Dari → menjadi", "Sebelum batas waktu", *names], map(_move_row, MOVES))
    lines += [
        "",
        "## Orang yang pernah menulis dalam penilaian itu",
        "",
        "Siapa pun yang pernah mengisi atau mengajukannya tidak memverifikasinya lagi, apa pun perannya.",
        "",
    ]
    lines += _table(["Tindakan", "Fungsi", *names], _wrote_rows())
    lines += ["", "## Tindak lanjut sebuah OPD", "", "Yang tertulis adalah status tindak lanjutnya.", ""]
    lines += _table(["Tindakan", "Kode", *names], _follow_up_rows())
    lines += ["", "## Pustaka dokumen sebuah OPD", ""]
    lines += _table(["Tindakan", "Fungsi", *names], map(_agency_row, OF_LIBRARIES))
    lines += ["", "## Aplikasi sebuah OPD", ""]
    lines += _table(["Tindakan", "Fungsi", *names], map(_agency_row, OF_APPLICATIONS))
    lines += ["", "## Laporan Pemda dan kumpulan laporan OPD", "", "Yang tertulis adalah status periodenya.", ""]
    lines += _table(["Tindakan", "Fungsi", *names], _report_rows())
    lines += ["", "## Di luar satu penilaian", ""]
    lines += _table(
        ["Tindakan", "Fungsi", *names],
        [*map(_general_row, GENERAL), _finalise_row(), _removal_row(), *_password_rows()],
    )
    return "\n".join(lines) + "\n"


def _assessment(status: Status) -> Assessment:
    return Assessment(pk=1, agency_id=OWN, status=status, period=Period(pk=1, status=Period.Status.OPEN))


def _states(allowed: Callable[[Assessment], bool]) -> str:
    """The labels of the states in which `allowed`, in the order of the loop."""
    labels = [status.label for status in Status if allowed(_assessment(status))]
    return ALL if len(labels) == len(Status) else ", ".join(labels) or NONE


def _name(function: Callable[..., Any]) -> str:
    return f"`{function.__name__}`"


def _act_row(title: str, function: Callable[..., bool], asks: bool, *, wrote: bool = False) -> list[str]:
    more = {"wrote": wrote} if asks else {}

    def of(rights: Rights) -> Callable[[Assessment], bool]:
        return lambda assessment: function(rights, assessment, **more)

    return [title, _name(function), *(_states(of(rights)) for _, rights in ROLES)]


def _move_row(move: Any, *, wrote: bool = False) -> list[str]:
    target = move.target.label if move.target else "tetap"

    def of(rights: Rights) -> Callable[[Assessment], bool]:
        return lambda assessment: assessment.status in move.sources and move.allowed(rights, assessment, wrote)

    way = f"{', '.join(status.label for status in move.sources)} → {target}"
    return [
        move.label,
        f"`{move.name}`",
        way,
        "ya" if move.before_deadline else "tidak",
        *(_states(of(rights)) for _, rights in ROLES),
    ]


def _wrote_rows() -> Iterable[list[str]]:
    for title, function, asks in ACTS:
        if asks:
            yield _act_row(title, function, asks, wrote=True)
    for move in MOVES:
        row, unchanged = _move_row(move, wrote=True), _move_row(move)
        if row != unchanged:
            yield [row[0], row[1], *row[4:]]


def _general_row(row: tuple[str, Callable[[Rights], bool]]) -> list[str]:
    title, function = row
    return [title, _name(function), *("ya" if function(rights) else NONE for _, rights in ROLES)]


def _follow_up_rows() -> Iterable[list[str]]:
    def row(title: str, code: str, allowed: Callable[[Rights, FollowUp], bool]) -> list[str]:
        return [title, f"`{code}`", *(_follow_up_states(rights, allowed) for _, rights in ROLES)]

    yield row("Melihat", "can_see_follow_up", permissions.can_see_follow_up)
    yield row("Membuka buktinya", "can_see_proof", permissions.can_see_proof)
    yield row(
        "Mengubah rekomendasi, tenggat, pelaksana",
        "edit",
        lambda rights, it: it.status == FollowUp.Status.OPEN and permissions.can_manage_follow_ups(rights),
    )
    yield row(
        "Menyimpan kemajuan dan bukti",
        "carry_out",
        lambda rights, it: it.status == FollowUp.Status.OPEN and permissions.can_carry_out(rights, it),
    )
    for move in FOLLOW_UP_MOVES:
        yield row(move.label, move.name, _makes(move.name))


def _makes(name: str) -> Callable[[Rights, FollowUp], bool]:
    return lambda rights, follow_up: name in follow_up_actions(rights, follow_up)


def _follow_up_states(rights: Rights, allowed: Callable[[Rights, FollowUp], bool]) -> str:
    """The labels of the states in which `allowed`; it was reported by somebody else."""
    labels = [
        status.label
        for status in FollowUp.Status
        if allowed(rights, FollowUp(agency_id=OWN, status=status, reported_by_id=2))
    ]
    return ALL if len(labels) == len(FollowUp.Status) else ", ".join(labels) or NONE


def _agency_row(row: tuple[str, Callable[[Rights, int], bool]]) -> list[str]:
    title, function = row
    return [title, _name(function), *("ya" if function(rights, OWN) else NONE for _, rights in ROLES)]


def _report_rows() -> Iterable[list[str]]:
    def job(kind: str, requested_by: int) -> ReportJob:
        return ReportJob(kind=kind, requested_by_id=requested_by)

    yield ["Meminta", _name(reports.can_request_period), *_period_states(reports.can_request_period)]
    yield ["Berita Acara", _name(reports.can_request_minutes), *_period_states(reports.can_request_minutes)]
    yield ["Paket nasional", _name(reports.can_request_package), *_period_states(reports.can_request_package)]
    for title, kind, requested_by in (
        ("Mengunduh laporan Pemda, siapa pun pemintanya", ReportJob.Kind.PEMDA, 2),
        ("Mengunduh kumpulan yang diminta sendiri", ReportJob.Kind.BATCH, 1),
        ("Mengunduh kumpulan yang diminta orang lain", ReportJob.Kind.BATCH, 2),
        ("Mengunduh paket nasional, siapa pun pemintanya", ReportJob.Kind.PACKAGE, 2),
    ):
        wanted = job(kind, requested_by)
        yield [title, _name(reports.can_open), *("ya" if reports.can_open(who, wanted) else NONE for _, who in ROLES)]
    for title, requested_by in (("yang diminta sendiri", 1), ("yang diminta orang lain", 2)):
        wanted = job(ReportJob.Kind.PEMDA, requested_by)
        cells = ("ya" if reports.can_cancel(rights, wanted) else NONE for _, rights in ROLES)
        yield [f"Menghentikan {title}", _name(reports.can_cancel), *cells]


def _period_states(allowed: Callable[[Rights, Period], bool]) -> list[str]:
    """For each role the labels of the states of a period in which `allowed`."""
    cells = []
    for _, rights in ROLES:
        labels = [status.label for status in Period.Status if allowed(rights, Period(pk=1, status=status))]
        cells.append(f"periode {', '.join(labels)}" if labels else NONE)
    return cells


def _finalise_row() -> list[str]:
    return ["Memfinalkan periode", _name(permissions.can_finalise), *_period_states(permissions.can_finalise)]


def _removal_row() -> list[str]:
    cells = []
    for _, rights in ROLES:
        period = Period(pk=1, status=Period.Status.FINAL, is_imported=True, created_by_id=rights.user_id)
        cells.append("riwayat yang diimpornya" if permissions.can_remove_imported(rights, period) else NONE)
    return ["Menghapus riwayat impor", _name(permissions.can_remove_imported), *cells]


def _password_rows() -> Iterable[list[str]]:
    for title, person in (
        ("Membuat tautan sandi bagi pengguna", User(pk=2)),
        ("Membuat tautan sandi bagi admin", User(pk=2, is_superuser=True)),
    ):
        cells = ("ya" if can_reset_password_of(rights, person) else NONE for _, rights in ROLES)
        yield [title, _name(can_reset_password_of), *cells]


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


class Command(BaseCommand):
    help = "Menulis docs/permissions.md dari fungsi izin."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="hanya memeriksa; gagal bila berkas tidak mutakhir")

    def handle(self, *args: Any, **options: Any) -> None:
        text = render()
        if options["check"]:
            if not PATH.exists() or PATH.read_text(encoding="utf-8") != text:
                raise CommandError("docs/permissions.md tidak mutakhir. Jalankan script/manage list_permissions.")
            return
        PATH.write_text(text, encoding="utf-8")
        self.stdout.write(f"{PATH.relative_to(settings.BASE_DIR)} ditulis.")
