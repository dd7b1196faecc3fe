"""The figures of the documents of the government as workbooks: levels and weights as numbers, to reckon again."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from reports.documents.brief import Brief
from reports.documents.government import Government, GroupRow
from reports.documents.minutes import Minutes
from reports.documents.pemda import PemdaReport
from reports.sheets import Book, Cell, Column
from spbe_portal.formatting import datetime_id, level_id


def write_pemda_report(report: PemdaReport) -> bytes:
    """The workbook of a "Laporan konsolidasi Pemda"."""
    return _written(
        report, _summary, _groups, _indicators, _spread, _agencies, _trend, _steps, _way, _follow_ups, _about
    )


def write_brief(report: Brief) -> bytes:
    """The workbook behind the page for the leadership."""
    return _written(report, _summary, _groups, _indicators, _way, _follow_ups, _about)


def write_minutes(report: Minutes) -> bytes:
    """The workbook behind a Berita Acara."""
    return _written(report, _summary, _groups, _indicators, _agencies, _trail, _about)


def _written(report: Government, *sheets: Callable[[Book, Any], None]) -> bytes:
    """A workbook of these sheets in this order."""
    book = _book(report)
    for sheet in sheets:
        sheet(book, report)
    return book.close()


def _book(report: Government) -> Book:
    title: str = getattr(report, "title")  # noqa: B009 - each of the three documents has one
    return Book(title=title, author=report.government, created=report.generated_at, code=report.code, mark=report.mark)


def _exact(value: Fraction | None) -> str | None:
    """ "1403/400": what a number in a sheet, which holds some 15 digits, cannot always say."""
    return None if value is None else str(value)


def _summary(book: Book, report: Government) -> None:
    def row(name: str, value: Fraction | int | None, note: str = "") -> tuple[Cell, ...]:
        return name, value, _exact(value) if isinstance(value, Fraction) else None, note

    rows = [
        row(
            f"Indeks {report.topic}",
            report.index.value,
            "sementara" if report.undetermined else report.index.predicate,
        ),
        row("Indikator ditetapkan", report.determined, f"dari {report.total}"),
        row("Indeks bila usulan diikuti", report.suggested_index.value),
        row("Indeks tahun lalu", report.last_index.value, _last_note(report)),
        row("Selisih dari tahun lalu", report.change),
        row("Target", report.target, report.target_predicate),
        row("Jarak ke target", report.gap),
        row("Nilai eksternal", report.external_index.value, report.external_index.predicate),
        row("Penilaian OPD", len(report.agencies)),
        row("Penilaian OPD yang diajukan", report.agencies_handed_in),
        row("Penilaian OPD yang disetujui", report.agencies_approved),
        row("Penilaian OPD tidak selesai", report.agencies_in("unfinished")),
        row("Penilaian OPD dibatalkan", report.agencies_in("cancelled")),
        row("Tindak lanjut", len(report.follow_ups), f"{report.open_follow_ups} terbuka"),
    ]
    if report.way:
        way = report.way
        rows += [
            row("Jalan ke target: titik awal", way.start, way.start_name),
            row("Jalan ke target: sasaran", way.target, f"predikat {way.aim}" if way.aim else way.plan),
            row("Jalan ke target: indeks akhir", way.index, way.predicate or "tidak dapat dicapai"),
            row("Jalan ke target: upaya", way.effort),
        ]
    columns = (Column("Besaran", 30), Column("Nilai", 14, "index"), Column("Nilai tepat", 18), _note())
    book.table("Ringkasan", columns, rows)


def _note() -> Column:
    return Column("Keterangan", 60, "wrap")


def _last_note(report: Government) -> str:
    if report.last_year is None:
        return ""
    parts = [str(report.last_year), report.last_index.predicate]
    return ", ".join(parts if report.last_comparable else [*parts, "instrumen lain"])


def _groups(book: Book, report: Government) -> None:
    columns = (
        Column("Jenis", 10),
        Column("Kode", 8),
        Column("Nama", 52),
        Column("Domain", 8),
        Column("Bobot", 10, "weight"),
        Column("Nilai", 10, "index"),
        Column("Nilai tepat", 14),
        Column("Tahun lalu", 12, "index"),
        Column("Selisih", 10, "change"),
        Column("Eksternal", 10, "index"),
        Column("Ditetapkan", 11, "count"),
        Column("Indikator", 10, "count"),
    )
    book.table(
        "Domain dan aspek", columns, [*_group_rows("Domain", report.domains), *_group_rows("Aspek", report.aspects)]
    )


def _group_rows(kind: str, groups: tuple[GroupRow, ...]) -> Iterator[tuple[Cell, ...]]:
    for group in groups:
        yield (
            kind,
            group.code,
            group.name,
            group.domain,
            group.weight,
            group.value,
            _exact(group.value),
            group.last_value,
            group.change,
            group.external_value,
            group.determined,
            group.total,
        )


def _indicators(book: Book, report: Government) -> None:
    columns = (
        Column("No.", 7),
        Column("Indikator", 46),
        Column("Domain", 8),
        Column("Aspek", 8),
        Column("Bobot", 9, "weight"),
        Column("Bobot tepat", 11),
        Column("Nilai Pemda", 9, "level"),
        Column("Level dihitung", 9, "level"),
        Column("Level x bobot", 9, "index"),
        Column("Nama level", 20),
        Column("Usulan", 8, "level"),
        Column("Tahun lalu", 8, "level"),
        Column("Target", 8, "level"),
        Column("Eksternal", 9, "level"),
        Column("PIC", 30),
        Column("OPD pendukung", 11, "count"),
        Column("Pendukung diverifikasi", 12, "count"),
        Column("Pendukung pada level ini atau lebih", 14, "count"),
        Column("Alasan", 60, "wrap"),
    )
    domains = {aspect.code: aspect.domain for aspect in report.aspects}
    rows = []
    for row in report.indicators:
        counted = report.scale_min if row.level is None else row.level
        rows.append(
            (
                row.code,
                row.short_name,
                domains[row.aspect],
                row.aspect,
                row.weight,
                _exact(row.weight),
                row.level,
                counted,
                Fraction(counted) * row.weight,
                row.level_name,
                row.suggested,
                row.last_level,
                row.target_level,
                row.external_level,
                ", ".join(row.pics),
                row.supporters,
                row.supporters_decided,
                row.supporters_at_level,
                row.reason or (row.obstacle if row.suggested is None else ""),
            )
        )
    book.table(f"{report.total} indikator", columns, rows)


def _spread(book: Book, report: Government) -> None:
    columns = (Column("Kelompok", 26), Column("Nama", 30), Column("OPD", 8, "count"))
    rows: list[tuple[Cell, ...]] = [
        ("Predikat indeks internal", band.name, count) for band, count in report.band_counts
    ]
    rows += [("Keadaan penilaian", name, count) for name, count in report.state_counts]
    book.table("Sebaran OPD", columns, rows)


def _agencies(book: Book, report: Government) -> None:
    """By name: never a ranking, since assignments may differ."""
    columns = (
        Column("OPD", 56),
        Column("Keadaan", 28),
        Column("Terisi", 8, "count"),
        Column("Ditugaskan", 11, "count"),
        Column("Indeks internal", 10, "index"),
        Column("Indeks tepat", 14),
        Column("Predikat", 14),
        Column("Keterangan", 60, "wrap"),
    )
    rows = [
        (
            line.name,
            line.state_name,
            line.answered,
            line.assigned,
            line.index.value,
            _exact(line.index.value),
            line.index.predicate,
            line.reason,
        )
        for line in report.agencies
    ]
    book.table("OPD", columns, rows)


def _trend(book: Book, report: PemdaReport) -> None:
    columns = (
        Column("Tahun", 8, "level"),
        Column("Periode", 34),
        Column("Instrumen", 24),
        Column("Indeks", 9, "index"),
        Column("Indeks tepat", 14),
        Column("Predikat", 14),
        Column("Target", 9, "index"),
        Column("Eksternal", 10, "index"),
        Column("Instrumen berganti", 12),
    )
    rows = [
        (
            row.year,
            row.period,
            row.instrument,
            row.index.value,
            _exact(row.index.value),
            row.index.predicate,
            row.target,
            row.external,
            "ya" if row.instrument_changed else "",
        )
        for row in report.trend
    ]
    book.table("Tren", columns, rows)


def _steps(book: Book, report: PemdaReport) -> None:
    columns = (
        Column("No.", 7),
        Column("Indikator", 46),
        Column("Level", 8, "level"),
        Column("Level berikutnya", 11, "level"),
        Column("Tambahan indeks", 11, "gain"),
        Column("PIC", 30),
        Column("Kriteria", 60, "wrap"),
        Column("Bukti yang lazim", 60, "wrap"),
    )
    rows = [
        (
            step.code,
            step.short_name,
            step.level,
            step.next_level,
            step.gain,
            ", ".join(step.pics),
            step.criterion or "Kriteria belum tersedia.",
            "; ".join(step.evidence),
        )
        for step in report.steps
    ]
    book.table("Rekomendasi", columns, rows)


def _way(book: Book, report: Government) -> None:
    columns = (
        Column("No.", 7),
        Column("Indikator", 46),
        Column("Dari level", 8, "level"),
        Column("Ke level", 8, "level"),
        Column("Upaya", 8, "count"),
        Column("Tambahan indeks", 11, "gain"),
        Column("Tercapai", 10),
        Column("PIC", 30),
        Column("Keterangan", 60, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = []
    for rise in report.way.rises if report.way else ():
        rows.append(
            (
                rise.code,
                rise.short_name,
                rise.from_level,
                rise.to_level,
                rise.effort,
                rise.gain,
                "ya" if rise.is_reached else "belum",
                ", ".join(rise.pics),
                "\n".join(text for _, _, text in rise.criteria if text) or "Kriteria belum tersedia.",
            )
        )
    book.table("Peta jalan", columns, rows)


def _follow_ups(book: Book, report: Government) -> None:
    columns = (
        Column("Indikator", 10),
        Column("Rekomendasi", 60, "wrap"),
        Column("Penanggung jawab", 46),
        Column("Asal", 20),
        Column("Tenggat", 12, "date"),
        Column("Keadaan", 22),
        Column("Kemajuan (%)", 11, "count"),
        Column("Lewat tenggat", 10),
    )
    rows = [
        (
            line.code,
            line.text,
            line.agency,
            line.source,
            line.due_on,
            line.state,
            line.progress,
            "ya" if line.is_late else "",
        )
        for line in report.follow_ups
    ]
    book.table("Tindak lanjut", columns, rows)


def _trail(book: Book, report: Minutes) -> None:
    """Each head as `verify_chain --head` takes it."""
    columns = (
        Column("Rantai", 24),
        Column("Kejadian terakhir", 18),
        Column("Sidik", 70),
        Column("Untuk verify_chain --head", 60),
    )
    rows = [(stream, count, head, f"{stream}:{count}:{head[:16]}") for stream, count, head in report.trail.heads]
    book.table("Jejak audit", columns, rows)


def _about(book: Book, report: Government) -> None:
    final = f"Final, {datetime_id(report.finalised_at)}, revisi {report.revision}"
    facts = {
        "Pemerintah daerah": report.government,
        "Periode": f"{report.period}, tahun {report.year}",
        "Keadaan": f"DRAF: {report.draft_reason}" if report.is_draft else final,
        "Instrumen": f"{report.instrument} ({report.instrument_code}), versi {report.instrument_version}",
        "Dasar hukum": report.regulation,
        "Keberlakuan": report.regulation_note,
        **({"Perhatian": report.caution} if report.caution else {}),
        "Rumus": f"versi {report.formula_version}: indeks adalah jumlah level x bobot, dibagi jumlah bobot",
        "Belum ditetapkan": f"dihitung sebagai level {level_id(report.scale_min)}",
        "Sidik hasil (SHA-256)": report.digest,
        "Kode dokumen": report.code,
        "Periksa keaslian": report.check_url,
        "Dibuat": datetime_id(report.generated_at),
    }
    book.facts("Tentang", [(name, text, "wrap") for name, text in facts.items() if text])
