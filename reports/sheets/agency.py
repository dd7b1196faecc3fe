"""Laporan penilaian OPD as a workbook: the same figures as the PDF, to reckon with."""

from collections.abc import Iterator
from fractions import Fraction

from reports.documents import AgencyReport
from reports.rows import IndicatorRow, Level
from reports.sheets import Book, Cell, Column
from spbe_portal.formatting import decimal_id, level_id


def write_agency_report(report: AgencyReport) -> bytes:
    """The sheets Ringkasan, Aspek dan domain, Indikator, Verifikasi, Rekomendasi, Bukti dukung and Tentang.

    In "Indikator", the sum of "Level x bobot" divided by the sum of "Bobot dihitung" is the index of "Ringkasan".
    """
    book = Book(
        title=report.title, author=report.government, created=report.generated_at, code=report.code, mark=report.mark
    )
    book.facts("Ringkasan", _summary(report))
    _parts(book, report)
    _indicators(book, report)
    _review(book, report)
    _recommendations(book, report)
    if not report.evidence_withheld:
        _evidence(book, report)
    book.facts("Tentang", _about(report))
    return book.close()


def _summary(report: AgencyReport) -> Iterator[tuple[str, Cell, str]]:
    yield "Perangkat daerah", report.agency, "text"
    yield "Periode", report.period, "text"
    yield "Tahun", report.year, "level"
    yield "Keadaan", report.mark or report.status, "text"
    if report.draft_reason or report.incomplete_reason:
        yield "Keterangan", report.draft_reason or report.incomplete_reason, "text"
    yield "Indeks mandiri (internal OPD)", report.self_index.value, "index"
    yield "Predikat mandiri", report.self_index.predicate, "text"
    yield "Indeks verifikasi (internal OPD)", report.verified_index.value, "index"
    yield "Predikat verifikasi", report.verified_index.predicate, "text"
    if report.band_note:
        yield "Catatan predikat", report.band_note, "text"
    if report.last_year:
        yield f"Indeks {report.last_name.lower()}", report.last_index.value, "index"
        yield f"Predikat {report.last_name.lower()}", report.last_index.predicate, "text"
    if report.shows_change:
        yield "Selisih", report.change, "change"
    yield "Target", report.target, "index"
    yield "Indikator terisi", report.answered, "count"
    yield "Indikator ditugaskan", report.assigned, "count"
    for label, number in (
        ("Diterima", report.decisions.accepted),
        ("Disesuaikan", report.decisions.adjusted),
        ("Dikembalikan", report.decisions.returned),
        ("Tidak relevan, diterima", report.decisions.not_relevant),
        ("Belum diverifikasi", report.decisions.undecided),
    ):
        yield label, number, "count"


def _parts(book: Book, report: AgencyReport) -> None:
    columns = [
        Column("Kode", 7),
        Column("Nama", 46),
        Column("Bagian", 9),
        Column("Domain", 8),
        Column("Bobot", 9, "weight"),
        Column("Mandiri", 9, "index"),
        Column("Verifikasi", 10, "index"),
        *([Column(report.last_name, 15, "index")] if report.last_year else []),
        *([Column("Selisih", 9, "change")] if report.shows_change else []),
        Column("Terisi", 8, "count"),
        Column("Ditugaskan", 11, "count"),
    ]
    rows: list[list[Cell]] = []
    for what, parts in (("Domain", report.domains), ("Aspek", report.aspects)):
        for part in parts:
            row: list[Cell] = [part.code, part.name, what, part.domain, part.weight]
            row += [part.self_value, part.verified_value]
            row += [part.last_value] if report.last_year else []
            row += [part.change] if report.shows_change else []
            rows.append([*row, part.answered, part.assigned])
    book.table("Aspek dan domain", columns, rows)


def _indicators(book: Book, report: AgencyReport) -> None:
    columns = [
        Column("No.", 6, "level"),
        Column("Indikator", 44),
        Column("Aspek", 40),
        Column("Bobot", 8, "weight"),
        Column("Mandiri", 9, "level"),
        Column("Verifikasi", 10, "level"),
        *([Column(report.last_name, 15, "level")] if report.last_year else []),
        Column("Level dihitung", 9, "level"),
        Column("Bobot dihitung", 9, "weight"),
        Column("Level x bobot", 9, "weight"),
        Column("Keterangan", 30),
        Column("Diisi atas nama OPD", 10),
        Column("Diisi oleh", 24),
        *(
            []
            if report.evidence_withheld
            else [Column("Bukti", 16), Column("Bukti dilampirkan atas nama OPD oleh", 24)]
        ),
    ]
    aspects = {part.code: part.name for part in report.aspects}
    rows: list[list[Cell]] = []
    for item in report.indicators:
        counted = counted_level(report, item)
        row: list[Cell] = [_number(item.code), item.short_name, aspects.get(item.aspect, ""), item.weight]
        row += [item.self_shown, item.verified_level]
        row += [item.last_level] if report.last_year else []
        row += [counted, None if counted is None else item.weight]
        row += [None if counted is None else Fraction(counted) * item.weight, item.state, item.on_behalf]
        row += [item.filled_by]
        own = [] if report.evidence_withheld else [", ".join(item.documents), ", ".join(item.attached_by)]
        rows.append([*row, *own])
    book.table("Indikator", columns, rows)


def counted_level(report: AgencyReport, row: IndicatorRow) -> Level | None:
    """The level with which an indicator stands in the index of the cover; None where it is left out of it."""
    if not report.is_verified:
        return report.scale_min if row.self_shown is None else row.self_shown
    if row.is_left_out:
        return None
    return report.scale_min if row.verified_level is None else row.verified_level


def _number(code: str) -> Cell:
    """Codes that are numbers sort as numbers."""
    return int(code) if code.isdigit() else code


def _review(book: Book, report: AgencyReport) -> None:
    columns = [
        Column("No.", 6, "level"),
        Column("Indikator", 40),
        Column("Putaran", 8, "count"),
        Column("Keputusan", 13),
        Column("Mandiri", 9, "level"),
        Column("Verifikasi", 10, "level"),
        Column("Alasan", 22, "wrap"),
        Column("Catatan verifikator", 60, "wrap"),
        Column("Tanggapan OPD", 60, "wrap"),
    ]
    book.table(
        "Verifikasi",
        columns,
        (
            [_number(note.code), note.short_name, note.round, note.decision_name, note.self_level, note.verified_level,
             note.reason, note.note, note.reply]
            for note in report.review_notes
        ),
    )  # fmt: skip


def _recommendations(book: Book, report: AgencyReport) -> None:
    columns = [
        Column("No.", 6, "level"),
        Column("Indikator", 40),
        Column("Aspek", 36),
        Column("Level", 7, "level"),
        Column("Level berikutnya", 11, "level"),
        Column("Nama level", 24),
        Column("Tambahan indeks", 10, "gain"),
        Column("Kriteria", 70, "wrap"),
        Column("Artinya bagi OPD", 60, "wrap"),
        Column("Bukti yang lazim", 50, "wrap"),
    ]
    book.table(
        "Rekomendasi",
        columns,
        (
            [_number(item.code), item.short_name, item.aspect_name, item.level, item.next_level, item.next_level_name,
             item.gain, item.criterion or "Kriteria belum tersedia", item.criterion_for_agency,
             "; ".join(item.evidence)]
            for item in report.recommendations
        ),
    )  # fmt: skip


def _evidence(book: Book, report: AgencyReport) -> None:
    columns = [
        Column("Label", 7),
        Column("Judul", 50),
        Column("Nomor", 26),
        Column("Tanggal", 18, "date"),
        Column("Jenis", 18),
        Column("Dipakai pada indikator", 34, "wrap"),
        Column("Berkas", 36),
        Column("Ukuran (byte)", 13, "count"),
        Column("SHA-256", 68),
        Column("Tautan", 40),
    ]
    book.table(
        "Bukti dukung",
        columns,
        (
            [row.label, row.title, row.number, row.date, row.kind, "\n".join(row.use_lines), row.file_name, row.size,
             row.sha256, row.link]
            for row in report.documents
        ),
    )  # fmt: skip


def _about(report: AgencyReport) -> Iterator[tuple[str, Cell, str]]:
    yield "Kode dokumen", report.code, "text"
    yield "Periksa keaslian", report.check_url, "text"
    yield "Dibuat", report.generated_at, "moment"
    yield "Oleh", f"SPBE Portal {report.government}", "text"
    yield "Keadaan", " ".join(part for part in (report.mark or "Final", report.draft_reason) if part), "text"
    if report.revision:
        yield "Revisi hasil", report.revision, "count"
        yield "Sidik hasil (SHA-256)", report.digest, "text"
    for label, moment in (
        ("Diajukan", report.submitted_at),
        ("Disetujui", report.approved_at),
        ("Difinalkan", report.finalised_at),
    ):
        if moment:
            yield label, moment, "moment"
    yield "Instrumen", f"{report.instrument}, versi {report.instrument_version}", "text"
    yield "Dasar hukum", report.regulation, "text"
    if report.regulation_note:
        yield "Keberlakuan", report.regulation_note, "text"
    if report.caution:
        yield "Perhatian", report.caution, "text"
    yield "Versi rumus", report.formula_version, "text"
    yield (
        "Cara menghitung",
        "Indeks = jumlah (level x bobot) dibagi jumlah bobot yang dihitung, pada lembar Indikator. Angka disimpan "
        "lengkap dan ditampilkan dengan dua desimal; predikat mengikuti nilai sebelum dibulatkan. Indikator yang "
        f"belum terisi dihitung sebagai level {level_id(report.scale_min)}; yang diterima sebagai tidak relevan tidak "
        "ikut dihitung.",
        "wrap",
    )
    yield (
        "Indeks internal OPD",
        "Peraturan hanya mengenal indeks pemerintah daerah. Indeks di sini internal untuk satu OPD; OPD dengan "
        "penugasan yang berbeda tidak dibandingkan satu sama lain.",
        "wrap",
    )
    yield "Predikat", "; ".join(f"{band.name} mulai {decimal_id(band.minimum)}" for band in report.bands), "wrap"
    if report.evidence_withheld:
        yield "Bukti dukung", "Daftar bukti dukung disertakan sejak penilaian disetujui.", "text"
