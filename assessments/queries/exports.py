"""Tables of a whole period, and of one assessment, that leave the portal as files. Fixed numbers of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db.models import QuerySet
from django.utils import timezone

from accounts.permissions import Rights
from assessments.levels import NOT_RELEVANT, number, unpack
from assessments.models import Assessment, Document, DocumentVersion, Evidence, Period, Status
from assessments.queries.results import ResultRow, result_rows
from indicators.models import Indicator
from indicators.scoring import exact_text
from spbe_portal.books import Cell, Column
from spbe_portal.formatting import decimal_id, level_id

RESULT_COLUMNS = (
    Column("OPD", 46),
    Column("Nama singkat", 16),
    Column("Jenis", 16),
    Column("Status", 18),
    Column("Terisi", 8, "count"),
    Column("Ditugaskan", 11, "count"),
    Column("Indeks mandiri", 10, "index"),
    Column("Indeks mandiri, tepat", 20),
    Column("Indeks verifikasi", 10, "index"),
    Column("Indeks verifikasi, tepat", 20),
    Column("Predikat", 16),
    Column("Diajukan", 20, "moment"),
    Column("Disetujui", 20, "moment"),
    Column("Revisi hasil", 8, "count"),
    Column("Sidik hasil (SHA-256)", 66),
)
_LEVEL_COLUMNS = (Column("OPD", 46), Column("Nilai", 12))
EVIDENCE_COLUMNS = (
    Column("OPD", 40),
    Column("Nomor", 8),
    Column("Indikator", 36),
    Column("Judul bukti", 46, "wrap"),
    Column("Nomor dokumen", 24),
    Column("Tanggal dokumen", 16, "date"),
    Column("Jenis", 18),
    Column("Halaman", 12),
    Column("Mendukung level", 11, "level"),
    Column("Nama berkas", 36),
    Column("Tautan", 40),
    Column("Ukuran (byte)", 12, "count"),
    Column("SHA-256", 66),
    Column("Pemeriksaan virus", 17),
    Column("Versi dokumen", 9, "count"),
    Column("Dipakai juga pada indikator", 24),
    Column("Dilampirkan", 20, "moment"),
)
#: What stands in a cell that holds no level.
NOT_RELEVANT_TEXT, UNANSWERED_TEXT = "tidak relevan", "belum terisi"


@dataclass(frozen=True)
class PeriodResults:
    """All that the person may see of a period's agencies, by name: never a ranking."""

    period: Period
    rows: tuple[ResultRow, ...]
    codes: tuple[str, ...]

    @property
    def level_columns(self) -> tuple[Column, ...]:
        return (*_LEVEL_COLUMNS, *(Column(code, 7, "level") for code in self.codes))


def period_results(period: Period, rights: Rights) -> PeriodResults:
    """At most eight queries."""
    codes = Indicator.objects.filter(instrument=period.instrument_id).order_by("order").values_list("code", flat=True)
    return PeriodResults(period, tuple(result_rows(period, rights)), tuple(codes))


def result_lines(found: PeriodResults) -> Iterator[tuple[Cell, ...]]:
    """One line an agency, as `RESULT_COLUMNS`. The figures are internal to the agency."""
    labels = dict([*Status.choices, ("unfinished", "Tidak selesai")])
    for row in found.rows:
        one, in_force = row.assessment, next((each for each in row.revisions if each.superseded_at is None), None)
        is_handed_in = one.was_handed_in
        yield (
            one.agency.name,
            one.agency.short_name,
            one.agency.get_kind_display(),
            str(labels[row.status]),
            one.answered_count,
            one.assigned_count,
            row.self_index,
            _exact(row.self_index),
            row.verified_index,
            _exact(row.verified_index),
            row.predicate,
            one.submitted_at if is_handed_in else None,
            one.approved_at if row.verified_index is not None else None,
            in_force.number if in_force else None,
            in_force.digest if in_force else "",
        )


def level_lines(found: PeriodResults) -> Iterator[tuple[Cell, ...]]:
    """Two lines an agency, *mandiri* and, where it is approved, *verifikasi*: a level for each indicator.

    What is not assigned is an empty cell.
    """
    for row in found.rows:
        one = row.assessment
        yield (one.agency.name, "Mandiri", *_cells(one.self_levels, found.codes))
        if row.verified_index is not None:
            yield (one.agency.name, "Verifikasi", *_cells(one.verified_levels, found.codes))


def _cells(packed: str, codes: Iterable[str]) -> list[Cell]:
    levels = unpack(packed)
    return [_cell(levels.get(code)) for code in codes]


def _cell(level: str | None) -> Cell:
    if level is None:
        return None
    if level == NOT_RELEVANT:
        return NOT_RELEVANT_TEXT
    return UNANSWERED_TEXT if level == "" else number(level)


def _exact(index: Fraction | None) -> str:
    return "" if index is None else exact_text(index)


def evidence_of_period(period: Period) -> QuerySet[Evidence]:
    """All evidence of a period but of what was cancelled."""
    return Evidence.objects.filter(answer__assessment__period=period).exclude(
        answer__assessment__status=Status.CANCELLED
    )


def evidence_of(assessment: Assessment) -> QuerySet[Evidence]:
    return Evidence.objects.filter(answer__assessment=assessment)


def evidence_lines(evidence: QuerySet[Evidence]) -> Iterator[tuple[Cell, ...]]:
    """One line for each piece, by agency and indicator, as `EVIDENCE_COLUMNS`. Two queries, read as they are used."""
    used: dict[tuple[int, int], list[str]] = defaultdict(list)
    places = evidence.order_by("answer__indicator__order", "pk")
    for assessment, document, code in places.values_list(
        "answer__assessment", "version__document", "answer__indicator__code"
    ):
        used[assessment, document].append(code)
    kinds, scans = dict(Document.Kind.choices), dict(DocumentVersion.Scan.choices)
    rows = evidence.order_by(
        "answer__assessment__agency__name", "answer__assessment", "answer__indicator__order", "pk"
    )
    for row in rows.values_list(*_EVIDENCE).iterator(chunk_size=1000):
        assessment, document, agency, code, name, title, document_number, day, kind, pages, level = row[:11]
        file, url, size, digest, scan, version, added_at = row[11:]
        others = [each for each in dict.fromkeys(used[assessment, document]) if each != code]
        yield (
            agency,
            code,
            name,
            title,
            document_number,
            day,
            str(kinds[kind]),
            pages,
            level,
            "" if url else file,
            url,
            None if url else size,
            digest,
            "" if url else str(scans[scan]),
            version,
            ", ".join(others),
            added_at,
        )


_EVIDENCE = (
    "answer__assessment",
    "version__document",
    "answer__assessment__agency__name",
    "answer__indicator__code",
    "answer__indicator__short_name",
    "version__document__title",
    "version__document__number",
    "version__document__date",
    "version__document__kind",
    "pages",
    "level",
    "version__original_name",
    "version__url",
    "version__size",
    "version__sha256",
    "version__scan",
    "version__number",
    "added_at",
)


def plain(cell: Cell) -> str:
    """A cell as a CSV file says it: decimal commas, days and moments that sort."""
    match cell:
        case None:
            return ""
        case bool():
            return "ya" if cell else "tidak"
        case Fraction():
            return decimal_id(cell)
        case datetime():
            return f"{timezone.localtime(cell):%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{cell:%Y-%m-%d}"
        case str():
            return cell
        case _:
            return level_id(cell)
