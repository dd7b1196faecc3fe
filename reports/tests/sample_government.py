"""The documents of a whole government made of the shipped instrument and seeded levels, without a database."""

import hashlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from indicators import scoring
from reports.documents import Band, Index
from reports.documents.brief import Brief
from reports.documents.government import (
    AgencyLine,
    FollowUpLine,
    Government,
    GroupRow,
    LevelRow,
    RiseRow,
    StepRow,
    TrendRow,
    Way,
)
from reports.documents.minutes import Minutes, Trail
from reports.documents.pemda import PemdaReport
from reports.tests.sample import _fixture, spec

AGENCIES = (
    "Badan Kepegawaian dan Pengembangan Sumber Daya Manusia", "Badan Kesatuan Bangsa dan Politik",
    "Badan Penanggulangan Bencana Daerah", "Badan Pendapatan Daerah", "Badan Pengelolaan Keuangan dan Aset Daerah",
    "Badan Perencanaan Pembangunan Daerah", "Bagian Hukum", "Bagian Organisasi",
    "Bagian Pengadaan Barang dan Jasa", "Dinas Kebudayaan dan Pariwisata",
    "Dinas Kependudukan dan Pencatatan Sipil", "Dinas Kesehatan", "Dinas Komunikasi dan Informatika",
    "Dinas Lingkungan Hidup", "Dinas Pekerjaan Umum dan Penataan Ruang",
    "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu", "Dinas Pendidikan", "Dinas Perhubungan",
    "Dinas Perpustakaan dan Kearsipan", "Dinas Sosial", "Inspektorat", "Kecamatan Arunika Barat",
    "Kecamatan Arunika Tengah", "Satuan Polisi Pamong Praja",
)  # fmt: skip
PICS = ("Diskominfo", "Bappeda", "Inspektorat", "BPKAD", "BKPSDM", "Bag. Organisasi", "Bag. Hukum")
REASON = "Bukti Inspektorat menunjukkan cakupan baru sebagian perangkat daerah; kriteria meminta seluruhnya."


def levels(seed: int = 11) -> dict[str, int]:
    rng = random.Random(seed)
    means = {"1": 3.6, "2": 3.1, "3": 2.2, "4": 3.7}
    return {item.code: min(5, max(1, round(rng.gauss(means[item.domain or "1"], 0.9)))) for item in spec().indicators}


def final_pemda() -> PemdaReport:
    """Everything determined and final, a plan in force, four years of which the first was by another instrument."""
    return PemdaReport(**_facts(levels()), trend=_trend(), steps=_steps(levels()))


def draft_pemda() -> PemdaReport:
    """Nine indicators not yet determined, two of them without a suggestion; no plan, the way is computed."""
    open_codes = {str(number) for number in range(6, 15)}
    fixed = {code: level for code, level in levels().items() if code not in open_codes}
    report = PemdaReport(**_facts(fixed, suggested=levels()), trend=_trend()[:-1], steps=_steps(fixed))
    return replace(report, **_draft_fields(report))


def _draft_fields(report: Government) -> dict[str, Any]:
    assert report.way is not None
    return {
        "is_draft": True,
        "draft_reason": f"{report.undetermined} dari 47 indikator belum ditetapkan; angka masih dapat berubah.",
        "finalised_at": None,
        "revision": None,
        "digest": "",
        "agencies": tuple(
            replace(line, state="draft", was_handed_in=False, index=Index(), is_late=True) if place % 9 == 2 else line
            for place, line in enumerate(report.agencies)
        ),
        "way": replace(report.way, plan="", start_name="hasil Pemda 2024"),
    }


def _of(kind: type, report: PemdaReport) -> Any:
    shared = {name: getattr(report, name) for name in Government.__dataclass_fields__}
    return kind(**shared)


def brief(report: PemdaReport | None = None) -> Brief:
    return _of(Brief, report or final_pemda())


def minutes(report: PemdaReport | None = None) -> Minutes:
    trail = Trail(_heads(), _sha("semua"), date(2026, 11, 21), _sha("jangkar"))
    return replace(_of(Minutes, report or final_pemda()), trail=trail)


def _heads() -> tuple[tuple[str, int, str], ...]:
    return tuple((f"assessment:{number}", 100 + number, _sha(str(number))) for number in range(1, 25))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _facts(fixed: dict[str, int], *, suggested: dict[str, int] | None = None) -> dict[str, Any]:
    rows, rule, rng = _fixture(), spec(), random.Random(5)
    suggested = suggested or fixed
    last = {code: max(1, level - rng.choice((0, 0, 1))) for code, level in suggested.items()}
    external = {code: max(1, level - rng.choice((0, 0, 0, 1))) for code, level in suggested.items()}
    score, before, outside = (scoring.score(rule, values) for values in (fixed, last, external))
    assert score.index is not None
    names = {(row["capability"], row["level"]): row["name"] for row in rows["levelname"]}
    criteria = {(row["indicator"][1], row["level"]): row["text"] for row in rows["levelcriterion"]}
    indicators = []
    for row, item in zip(rows["indicator"], rule.indicators, strict=True):
        level = fixed.get(item.code)
        differs = item.code in ("21", "33")
        following = None if level is None or level == 5 else level + 1
        indicators.append(
            LevelRow(
                code=item.code,
                short_name=row["short_name"],
                aspect=item.aspect,
                weight=item.weight,
                level=level,
                level_name=names.get((row["capability"], level), "") if level else "",
                suggested=None if item.code == "33" else suggested[item.code] + differs,
                obstacle="" if item.code != "33" else "Penilaian BPKAD tidak selesai.",
                reason=REASON if differs and level else "",
                pics=(PICS[len(indicators) % 7],) if int(item.code) % 13 else ("Inspektorat", "Diskominfo"),
                supporters=22,
                supporters_decided=20,
                supporters_at_level=rng.randint(3, 20),
                last_level=last[item.code],
                target_level=4 if item.code in ("11", "22", "25") else 3,
                external_level=external[item.code],
                criterion=criteria.get((item.code, level), "") if level else "",
                next_level=following,
                next_level_name=names[row["capability"], following] if following else "",
                next_criterion=criteria.get((item.code, following), "") if following else "",
            )
        )
    return {
        "code": "LKP-2025-7KQ4-M2XD",
        "generated_at": datetime(2026, 1, 12, 2, 14, tzinfo=UTC),
        "government": "Pemerintah Kota Arunika",
        "letterhead": (
            "PEMERINTAH KOTA ARUNIKA",
            "DINAS KOMUNIKASI DAN INFORMATIKA",
            "Jalan Gandaria Raya Nomor 1, Arunika Tengah, Kota Arunika 00000",
        ),
        "logo": "",
        "check_url": "https://spbe.arunika.example/cek/LKP-2025-7KQ4-M2XD/",
        "period": "Penilaian Mandiri SPBE 2025",
        "year": 2025,
        "instrument": rule.name,
        "instrument_code": rule.code,
        "instrument_version": 1,
        "regulation": rows["instrument"][0]["regulation"],
        "regulation_note": rows["instrument"][0]["regulation_note"],
        "instrument_help": rows["instrument"][0]["help_text"],
        "formula_version": scoring.FORMULA_VERSION,
        "scale_min": 1,
        "scale_max": 5,
        "target_level": 3,
        "target_index": Fraction("2.6"),
        "bands": tuple(Band(band.name, band.minimum) for band in rule.bands),
        "is_draft": False,
        "draft_reason": "",
        "finalised_at": datetime(2025, 12, 19, 3, 0, tzinfo=UTC),
        "revision": 1,
        "digest": hashlib.sha256(b"pemda").hexdigest(),
        "replaced": None,
        "index": Index(score.index, score.predicate or ""),
        "suggested_index": _index(scoring.score(rule, suggested)),
        "external_index": _index(outside),
        "last_index": _index(before),
        "last_year": 2024,
        "last_comparable": True,
        "target": Fraction("3.60"),
        "determined": len(fixed),
        "total": 47,
        "domains": _groups("domains", "domain_coverage", score, before, outside),
        "aspects": _groups("aspects", "aspect_coverage", score, before, outside),
        "indicators": tuple(indicators),
        "agencies": _agencies(),
        "follow_ups": _follow_ups(),
        "way": _way(fixed, score.index, criteria, names),
    }


def _index(score: scoring.Score) -> Index:
    return Index(score.index, score.predicate or "")


def _groups(
    name: str, coverage: str, score: scoring.Score, last: scoring.Score, outside: scoring.Score
) -> tuple[GroupRow, ...]:
    return tuple(
        GroupRow(
            group.code,
            group.name,
            group.weight,
            getattr(score, name)[group.code],
            getattr(last, name)[group.code],
            getattr(outside, name)[group.code],
            *getattr(score, coverage)[group.code],
            domain=group.domain or "",
        )
        for group in getattr(spec(), name)
    )


def _agencies() -> tuple[AgencyLine, ...]:
    rng = random.Random(3)
    lines = []
    for place, name in enumerate(AGENCIES):
        value = Fraction(rng.randint(150, 445), 100)
        short = "".join(word[0] for word in name.split() if word[0].isupper())
        if place in (2, 21):
            lines.append(
                AgencyLine(name, short, "unfinished", False, 12, 47, reason="Tidak diajukan sampai periode ditutup.")
            )
        elif place == 23:
            lines.append(AgencyLine(name, short, "cancelled", False, 0, 47))
        else:
            index = Index(value, scoring.predicate_of(spec(), value) or "")
            lines.append(AgencyLine(name, short, "final", True, 47, 47, index))
    return tuple(lines)


def _follow_ups() -> tuple[FollowUpLine, ...]:
    return (
        FollowUpLine("21", "Menetapkan pedoman manajemen risiko SPBE dan melaksanakannya di seluruh perangkat daerah.",
                     "Inspektorat", date(2026, 3, 31), "Terbuka", True, False, 40, "Peta jalan"),
        FollowUpLine("29", "Menyusun program audit infrastruktur SPBE tahun 2026 beserta anggarannya.",
                     "Inspektorat", date(2025, 12, 31), "Terbuka", True, True, 10, "Catatan verifikasi"),
        FollowUpLine("25", "Menyusun peta kompetensi SDM SPBE.", "Badan Kepegawaian dan Pengembangan SDM",
                     date(2025, 11, 30), "Selesai", False, False, 100, "Catatan verifikasi"),
        FollowUpLine("", "Memperbarui keputusan Tim Koordinasi SPBE.", "Dinas Komunikasi dan Informatika",
                     date(2026, 2, 28), "Menunggu pemeriksaan", True, False, 100, "Rekomendasi lain"),
    )  # fmt: skip


def _way(fixed: dict[str, int], start: Fraction, criteria: dict[Any, str], names: dict[Any, str]) -> Way:
    short = {row["code"]: (row["short_name"], row["capability"]) for row in _fixture()["indicator"]}
    weights = {item.code: item.weight for item in spec().indicators}
    low = sorted((code for code in fixed if fixed[code] < 5), key=lambda code: (fixed[code], -weights[code]))
    rises: list[RiseRow] = []
    for code in low:
        if start + sum(rise.gain for rise in rises) >= Fraction("3.60"):
            break
        begin, end = fixed[code], fixed[code] + 1
        rises.append(
            RiseRow(
                code,
                short[code][0],
                begin,
                end,
                end,
                weights[code] / 100,
                level=end if len(rises) == 3 else begin,
                pics=(PICS[int(code) % 7],),
                criteria=((end, names[short[code][1], end], criteria.get((code, end), "")),),
            )
        )
    index = start + sum((rise.gain for rise in rises), Fraction(0))
    return Way(
        target=Fraction("3.60"),
        start=start,
        index=index,
        predicate=scoring.predicate_of(spec(), index) or "",
        effort=sum(rise.effort for rise in rises),
        rises=tuple(rises),
        plan="Menuju 3,60 pada 2026",
        start_name="nilai Pemda 2025",
    )


def _trend() -> tuple[TrendRow, ...]:
    return (
        TrendRow(2022, "Penilaian SPBE 2022", "SPBE 35", Index(Fraction(231, 100), "Cukup"), None, Fraction(219, 100)),
        TrendRow(2023, "Penilaian SPBE 2023", "SPBE 47", Index(Fraction(264, 100), "Baik"), Fraction("2.6"),
                 Fraction(251, 100), True),
        TrendRow(2024, "Penilaian SPBE 2024", "SPBE 47", Index(Fraction(297, 100), "Baik"), Fraction("3.0"),
                 Fraction(288, 100)),
        TrendRow(2025, "Penilaian Mandiri SPBE 2025", "SPBE 47", Index(Fraction(318, 100), "Baik"), Fraction("3.6")),
    )  # fmt: skip


def _steps(fixed: dict[str, int]) -> tuple[StepRow, ...]:
    rows = _fixture()
    names = {(row["capability"], row["level"]): row["name"] for row in rows["levelname"]}
    criteria = {(row["indicator"][1], row["level"]): row["text"] for row in rows["levelcriterion"]}
    hints: dict[str, list[dict]] = {}
    for row in rows["evidencehint"]:
        hints.setdefault(row["indicator"][1], []).append(row)
    aspects = {row["code"]: row["name"] for row in rows["aspect"]}
    made = []
    for row, item in zip(rows["indicator"], spec().indicators, strict=True):
        level = fixed.get(item.code)
        if level is None or level == 5:
            continue
        made.append(
            StepRow(
                item.code,
                row["short_name"],
                aspects[item.aspect],
                level,
                level + 1,
                names[row["capability"], level + 1],
                item.weight / 100,
                criteria[item.code, level + 1],
                tuple(hint["text"] for hint in hints[item.code] if level + 1 in hint["levels"]),
                (PICS[int(item.code) % 7],),
                in_way=item.code in ("21", "29"),
            )
        )
    return tuple(sorted(made, key=lambda step: (step.level, -step.gain)))
