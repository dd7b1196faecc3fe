"""A whole report made of the shipped instrument and seeded levels, without a database."""

import hashlib
import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path

from indicators import scoring
from reports.documents import AgencyReport, Band, Decisions, Index, Part, Replaced
from reports.rows import DocumentRow, EvidenceUse, IndicatorRow, Recommendation, ReviewNote

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "spbe-47-7aspek.json"

TITLES = (
    ("Peraturan Wali Kota tentang Penyelenggaraan SPBE", "Peraturan Wali Kota Nomor 18 Tahun 2023", "Peraturan"),
    ("Peraturan Wali Kota tentang Arsitektur SPBE", "Peraturan Wali Kota Nomor 7 Tahun 2024", "Peraturan"),
    ("Laporan Reviu Kebijakan Internal SPBE", "Laporan Nomor 41/LAP/2025", "Laporan"),
    ("Rencana Kerja Dinas Kesehatan 2025", "Dokumen Nomor 12/DOK/2025", "Dokumen teknis"),
    ("Daftar Inventaris Perangkat TIK dan Lisensi Perangkat Lunak", "", "Daftar"),
    ("Tangkapan layar aplikasi e-Puskesmas: pendaftaran, rekam medis, dan rujukan", "", "Tangkapan layar"),
    ("SOP Penanganan Gangguan Layanan TIK", "SOP Nomor 800/112/2025", "SOP"),
    ("Keputusan Kepala Dinas tentang Tim Pengelola Data", "Keputusan Nomor 188.4/27/2025", "Keputusan"),
    ("Berita Acara Uji Pemulihan Cadangan Data", "BA Nomor 9/BA/2025", "Berita acara"),
    ("Laporan Evaluasi Pengelolaan Layanan Pengaduan Masyarakat SP4N-LAPOR!", "Laporan Nomor 77/LAP/2025", "Laporan"),
)
RETURN_NOTE = (
    "Isi berkas hanya undangan dan daftar hadir. Diperlukan notula atau laporan yang memuat hasil pembahasan."
)
ADJUST_NOTE = (
    "Pelaksanaan terbukti, tetapi cakupannya baru sebagian unit kerja dan tindak lanjut hasil evaluasi belum "
    "ditunjukkan. Nilai disesuaikan."
)


@cache
def _fixture() -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {}
    for row in json.loads(FIXTURE.read_text()):
        rows.setdefault(row["model"].removeprefix("indicators."), []).append(row["fields"])
    return rows


def _weight(fields: dict) -> Fraction:
    return Fraction(fields["weight_numerator"], fields["weight_denominator"])


@cache
def spec() -> scoring.InstrumentSpec:
    rows = _fixture()
    return scoring.InstrumentSpec(
        code=rows["instrument"][0]["code"],
        name=rows["instrument"][0]["name"],
        version=1,
        scale_min=Fraction(1),
        scale_max=Fraction(5),
        is_fractional=False,
        domains=tuple(scoring.GroupSpec(row["code"], row["name"], _weight(row)) for row in rows["domain"]),
        aspects=tuple(
            scoring.GroupSpec(row["code"], row["name"], _weight(row), row["domain"][1]) for row in rows["aspect"]
        ),
        indicators=tuple(
            scoring.IndicatorSpec(row["code"], _weight(row), row["aspect"][1], _domain_of(row["aspect"][1]))
            for row in rows["indicator"]
        ),
        bands=tuple(scoring.BandSpec(row["name"], Fraction(row["minimum"])) for row in rows["predicateband"]),
    )


def _domain_of(aspect: str) -> str:
    return next(row["domain"][1] for row in _fixture()["aspect"] if row["code"] == aspect)


def final_report(seed: int = 7, *, agency: str = "Dinas Kesehatan") -> AgencyReport:
    """A final report: all 47 answered, some adjusted, a few returned earlier, one accepted as not relevant."""
    rows, rule = _fixture(), spec()
    rng = random.Random(seed)
    own: dict[str, int | None] = {}
    verified: dict[str, int | None] = {}
    last: dict[str, int | None] = {}
    decisions: dict[str, str] = {}
    for item in rule.indicators:
        mean = {"1": 3.5, "2": 3.1, "3": 2.4, "4": 3.6}[item.domain]
        level = min(5, max(1, round(rng.gauss(mean, 0.9))))
        own[item.code] = level
        decisions[item.code] = "adjust" if level > 1 and rng.random() < 0.17 else "accept"
        verified[item.code] = level - 1 if decisions[item.code] == "adjust" else level
        last[item.code] = min(5, max(1, level - rng.choice((0, 0, 1))))
    own["44"] = verified["44"] = last["44"] = None
    decisions["44"] = "accept"
    # Said to be not relevant it counts as lowest in the self index; accepted, it is left out of the verified one.
    scores = {
        name: scoring.score(rule, levels)
        for name, levels in (("own", own | {"44": 1}), ("ver", verified), ("last", last))
    }
    names = {(row["capability"], row["level"]): row["name"] for row in rows["levelname"]}
    short = {row["code"]: row["short_name"] for row in rows["indicator"]}
    capability = {row["code"]: row["capability"] for row in rows["indicator"]}
    documents = _documents(rng, {code: level for code, level in own.items() if level and level > 1})
    labels: dict[str, tuple[str, ...]] = {}
    for document in documents:
        for use in document.uses:
            labels[use.code] = (*labels.get(use.code, ()), document.label)

    indicators = tuple(
        IndicatorRow(
            code=item.code,
            short_name=short[item.code],
            aspect=item.aspect,
            weight=item.weight,
            self_level=own[item.code],
            verified_level=verified[item.code],
            last_level=last[item.code],
            level_name=names.get((capability[item.code], verified[item.code]), ""),
            decision=decisions[item.code],
            not_relevant=own[item.code] is None,
            not_relevant_reason="" if own[item.code] else "Pengelolaan JDIH berada pada Bagian Hukum.",
            documents=labels.get(item.code, ()),
            counts_as=1 if own[item.code] is None else None,
        )
        for item in rule.indicators
    )
    adjusted = tuple(row for row in indicators if row.decision == "adjust")
    returned = indicators[20]
    notes = (
        ReviewNote(
            returned.code,
            returned.short_name,
            "return",
            returned.self_level,
            None,
            RETURN_NOTE,
            "Dokumen tidak sesuai",
            "Notula rapat pembahasan tanggal 14 Oktober telah diunggah sebagai pengganti undangan.",
        ),
        *(
            ReviewNote(
                row.code, row.short_name, "adjust", row.self_level, row.verified_level, ADJUST_NOTE,
                reply="Kami menerima penyesuaian ini." if index == 1 else "", round=2,
            )
            for index, row in enumerate(adjusted)
        ),
    )  # fmt: skip
    return AgencyReport(
        code="LPO-2025-7KQ4-M2XD",
        check_url="https://spbe.arunika.example/cek/LPO-2025-7KQ4-M2XD/",
        generated_at=datetime(2026, 1, 12, 2, 14, tzinfo=UTC),
        government="Pemerintah Kota Arunika",
        letterhead=(
            "PEMERINTAH KOTA ARUNIKA",
            "DINAS KOMUNIKASI DAN INFORMATIKA",
            "Jalan Gandaria Raya Nomor 1, Arunika Tengah, Kota Arunika 00000",
            "Laman diskominfo.kota-arunika.example, pos-el diskominfo@kota-arunika.example",
        ),
        logo="",
        agency=agency,
        agency_kind="Dinas",
        period="Penilaian Mandiri SPBE 2025",
        year=2025,
        instrument=rule.name,
        instrument_code=rule.code,
        instrument_version=1,
        regulation=rows["instrument"][0]["regulation"],
        regulation_note=rows["instrument"][0]["regulation_note"],
        instrument_help=rows["instrument"][0]["help_text"],
        formula_version=scoring.FORMULA_VERSION,
        scale_min=1,
        scale_max=5,
        bands=tuple(Band(band.name, band.minimum) for band in rule.bands),
        status="Final",
        is_draft=False,
        draft_reason="",
        is_complete=True,
        incomplete_reason="",
        submitted_at=datetime(2025, 11, 24, 13, 41, tzinfo=UTC),
        approved_at=datetime(2025, 12, 9, 7, 5, tzinfo=UTC),
        finalised_at=datetime(2025, 12, 19, 3, 0, tzinfo=UTC),
        revision=1,
        digest=hashlib.sha256(b"hasil").hexdigest(),
        self_index=Index(scores["own"].index, scores["own"].predicate or ""),
        verified_index=Index(scores["ver"].index, scores["ver"].predicate or ""),
        last_index=Index(scores["last"].index, scores["last"].predicate or ""),
        last_year=2024,
        target=Fraction("3.60"),
        answered=scores["own"].answered,
        assigned=scores["own"].assigned,
        decisions=Decisions(accepted=46 - len(adjusted), adjusted=len(adjusted), not_relevant=1),
        domains=tuple(
            Part(
                group.code, group.name, group.weight,
                scores["own"].domains[group.code], scores["ver"].domains[group.code],
                scores["last"].domains[group.code], *scores["own"].domain_coverage[group.code],
            )
            for group in rule.domains
        ),
        aspects=tuple(
            Part(
                group.code, group.name, group.weight,
                scores["own"].aspects[group.code], scores["ver"].aspects[group.code],
                scores["last"].aspects[group.code], *scores["own"].aspect_coverage[group.code],
                domain=group.domain or "",
            )
            for group in rule.aspects
        ),
        indicators=indicators,
        review_notes=notes,
        recommendations=recommendations(indicators),
        documents=documents,
    )  # fmt: skip


def recommendations(indicators: tuple[IndicatorRow, ...]) -> tuple[Recommendation, ...]:
    rows = _fixture()
    criteria = {(row["indicator"][1], row["level"]): row for row in rows["levelcriterion"]}
    hints: dict[str, list[dict]] = {}
    for row in rows["evidencehint"]:
        hints.setdefault(row["indicator"][1], []).append(row)
    aspects = {row["code"]: row["name"] for row in rows["aspect"]}
    names = {(row["capability"], row["level"]): row["name"] for row in rows["levelname"]}
    capability = {row["code"]: row["capability"] for row in rows["indicator"]}
    total = sum(row.weight for row in indicators if row.level is not None)
    made = []
    for row in indicators:
        if row.level is None or row.level >= 5:
            continue
        following = int(row.level) + 1
        criterion = criteria[row.code, following]
        made.append(
            Recommendation(
                code=row.code,
                short_name=row.short_name,
                aspect_name=aspects[row.aspect],
                level=row.level,
                next_level=following,
                next_level_name=names[capability[row.code], following],
                gain=row.weight / total,
                criterion=criterion["text"],
                criterion_for_agency=criterion["agency_text"],
                evidence=tuple(hint["text"] for hint in hints[row.code] if following in hint["levels"]),
            )
        )
    return tuple(sorted(made, key=lambda item: (item.level, -item.gain)))


def _documents(rng: random.Random, levels: dict[str, int]) -> tuple[DocumentRow, ...]:
    uses: dict[int, list[EvidenceUse]] = {}
    count = 34
    for code, level in levels.items():
        for number in sorted(rng.sample(range(count), rng.choice((1, 1, 2, 3)))):
            pages = rng.choice(("", "3–5", "12", "1, 4, 7–9"))
            uses.setdefault(number, []).append(EvidenceUse(code, pages, level))
    made = []
    for position, number in enumerate(sorted(uses), start=1):
        title, reference, kind = TITLES[number % len(TITLES)]
        is_link = number % 11 == 5
        made.append(
            DocumentRow(
                label=f"B{position}",
                title=title if number < 10 else f"{title} (bagian {number // 10 + 1})",
                number=reference,
                date=date(2025, 1 + number % 12, 1 + number % 28) if number % 9 else None,
                kind=kind,
                uses=tuple(uses[number]),
                file_name="" if is_link else f"{title.lower().replace(' ', '-')[:50]}-{number}.pdf",
                size=None if is_link else 120_000 + 91_337 * number,
                sha256="" if is_link else hashlib.sha256(str(number).encode()).hexdigest(),
                link=f"https://jdih.kota-arunika.example/produk-hukum/peraturan-wali-kota/{number}" if is_link else "",
            )
        )
    return tuple(made)


def revised_report() -> AgencyReport:
    """Finalised a second time, after a reopening."""
    return replace(final_report(), revision=2, replaced=Replaced(1, Fraction(322, 100)))


def submitted_report() -> AgencyReport:
    """Handed in, not yet decided: a draft without verified figures."""
    report = final_report()
    return replace(
        report,
        status="Menunggu verifikasi",
        is_draft=True,
        draft_reason="Penilaian menunggu verifikasi; angka masih dapat berubah.",
        approved_at=None,
        finalised_at=None,
        revision=None,
        digest="",
        verified_index=Index(),
        decisions=Decisions(undecided=47),
        domains=tuple(replace(part, verified_value=None) for part in report.domains),
        aspects=tuple(replace(part, verified_value=None) for part in report.aspects),
        indicators=tuple(replace(row, verified_level=None, decision="", documents=()) for row in report.indicators),
        review_notes=(),
        recommendations=recommendations(
            tuple(replace(row, verified_level=None, decision="") for row in report.indicators)
        ),
        documents=(),
        evidence_withheld=True,
    )


def unfinished_report() -> AgencyReport:
    """Frozen as "tidak selesai": half answered, nothing verified."""
    cited = {row.code: row.documents for row in final_report().indicators}
    report = submitted_report()
    report = replace(
        report,
        documents=final_report().documents,
        evidence_withheld=False,
        indicators=tuple(replace(row, documents=cited[row.code], is_frozen=True) for row in report.indicators),
    )
    rows = tuple(
        row
        if index % 2
        else replace(row, self_level=None, level_name="", documents=(), not_relevant=False, counts_as=None)
        for index, row in enumerate(report.indicators)
    )
    levels = {
        row.code: row.self_level if not row.not_relevant else 1
        for row in rows
        if row.self_level is not None or row.not_relevant
    }
    score = scoring.score(spec(), levels)

    def part(old: Part, value: Fraction | None, coverage: tuple[int, int]) -> Part:
        return replace(old, self_value=value, answered=coverage[0], assigned=coverage[1])

    return replace(
        report,
        status="Tidak selesai",
        is_draft=False,
        draft_reason="",
        is_complete=False,
        incomplete_reason="Tidak diajukan sampai periode ditutup.",
        submitted_at=None,
        finalised_at=datetime(2025, 12, 19, 3, 0, tzinfo=UTC),
        revision=1,
        digest=hashlib.sha256(b"tidak selesai").hexdigest(),
        self_index=Index(score.index, score.predicate or ""),
        answered=score.answered,
        assigned=score.assigned,
        domains=tuple(part(old, score.domains[old.code], score.domain_coverage[old.code]) for old in report.domains),
        aspects=tuple(part(old, score.aspects[old.code], score.aspect_coverage[old.code]) for old in report.aspects),
        indicators=rows,
        recommendations=recommendations(rows),
        decisions=Decisions(undecided=47),
    )


def empty_report() -> AgencyReport:
    """A draft of an agency that has not begun."""
    report = unfinished_report()
    score = scoring.score(spec(), {})
    return replace(
        report,
        status="Draf",
        is_draft=True,
        draft_reason="Penilaian belum diajukan; angka masih dapat berubah.",
        is_complete=True,
        incomplete_reason="",
        finalised_at=None,
        revision=None,
        digest="",
        self_index=Index(score.index, score.predicate or ""),
        last_index=Index(),
        last_year=None,
        target=None,
        answered=0,
        assigned=47,
        domains=tuple(
            replace(
                old, self_value=Fraction(1), last_value=None, answered=0, assigned=score.domain_coverage[old.code][1]
            )
            for old in report.domains
        ),
        aspects=tuple(
            replace(
                old, self_value=Fraction(1), last_value=None, answered=0, assigned=score.aspect_coverage[old.code][1]
            )
            for old in report.aspects
        ),
        indicators=tuple(
            replace(
                row, self_level=None, last_level=None, level_name="", documents=(), not_relevant=False, counts_as=None
            )
            for row in report.indicators
        ),
        recommendations=(),
        documents=(),
    )
