"""Sentences of the reports, composed from facts alone: each states figures or criteria. Pure.

A function that has nothing to say gives no sentence.
"""

from fractions import Fraction

from reports.documents.government import Government, GroupRow, LevelRow, Way
from reports.documents.pemda import PemdaReport
from spbe_portal.formatting import decimal_id, level_id, weight_id


def summary(report: Government) -> tuple[str, ...]:
    """The index, where it comes from and what it is compared with."""
    return (
        *_index(report),
        *_compared(report.index.value, report),
        *gap(report),
        *_external(report),
    )


def _index(report: Government) -> tuple[str, ...]:
    if report.index.value is None:
        return (f"{report.government} belum mempunyai indeks {report.topic} tahun {report.year}.",)
    kind = "Indeks sementara" if report.is_draft else "Indeks"
    predicate = "" if report.undetermined else f" dengan predikat {report.index.predicate}"
    sentences = [
        f"{kind} {report.topic} {report.government} tahun {report.year} adalah {decimal_id(report.index.value)}"
        f"{predicate}, dihitung dari {report.determined} dari {report.total} indikator yang ditetapkan."
    ]
    if report.undetermined:
        sentences.append(
            f"{report.undetermined} indikator belum ditetapkan dan dihitung sebagai level "
            f"{level_id(report.scale_min)}. Indeks sementara bukan hasil penilaian."
        )
        if report.suggested_index.value is not None and report.suggested_index.value != report.index.value:
            sentences.append(
                "Bila yang belum ditetapkan mengikuti usulan yang ada, indeksnya "
                f"{decimal_id(report.suggested_index.value)}."
            )
    return tuple(sentences)


def _compared(value: Fraction | None, report: Government) -> tuple[str, ...]:
    last = report.last_index.value
    if report.last_year is None or last is None or value is None:
        return ()
    if not report.last_comparable:
        return (
            f"Indeks tahun {report.last_year}, {decimal_id(last)}, berasal dari instrumen lain sehingga tidak "
            "dibandingkan.",
        )
    if report.change is None:
        return (f"Indeks tahun {report.last_year} adalah {decimal_id(last)} ({report.last_index.predicate}).",)
    return (
        f"Dibandingkan dengan tahun {report.last_year} ({decimal_id(last)}, {report.last_index.predicate}), indeks "
        f"{moved(report.change)}.",
    )


def moved(change: Fraction) -> str:
    """ "naik 0,12", "turun 0,12" or "tetap"."""
    if not change:
        return "tetap"
    return f"{'naik' if change > 0 else 'turun'} {decimal_id(abs(change))}"


def _target(report: Government) -> tuple[str, ...]:
    if report.gap is None or report.target is None:
        return ()
    if report.gap > 0:
        return (
            f"Jarak ke target {decimal_id(report.target)} ({report.target_predicate}) masih {decimal_id(report.gap)}.",
        )
    if report.gap == 0:
        return (f"Target {decimal_id(report.target)} tercapai.",)
    return (f"Target {decimal_id(report.target)} tercapai dan terlampaui {decimal_id(-report.gap)}.",)


def _next_band(report: Government) -> tuple[str, ...]:
    band = report.next_band
    if band is None or report.index.value is None or report.undetermined:
        return ()
    return (
        f"Predikat berikutnya, {band.name}, mulai dari {decimal_id(band.minimum)}: masih kurang "
        f"{decimal_id(band.minimum - report.index.value)}.",
    )


def gap(report: Government) -> tuple[str, ...]:
    """How far the target and the next predikat are."""
    return (*_target(report), *_next_band(report))


def _external(report: Government) -> tuple[str, ...]:
    value = report.external_index.value
    if value is None or report.index.value is None:
        return ()
    if report.undetermined:
        return (f"Nilai eksternal adalah {decimal_id(value)} ({report.external_index.predicate}).",)
    difference = value - report.index.value
    told = "sama dengan" if not difference else f"{decimal_id(abs(difference))} {_above(difference)}"
    return (f"Nilai eksternal adalah {decimal_id(value)} ({report.external_index.predicate}), {told} nilai Pemda.",)


def _above(difference: Fraction) -> str:
    return "di atas" if difference > 0 else "di bawah"


def parts(groups: tuple[GroupRow, ...], what: str) -> tuple[str, ...]:
    """Which of the domains or aspects stand highest and lowest."""
    valued = [(group.value, group.name) for group in groups if group.value is not None and group.determined]
    if len(valued) < 2:
        return ()
    highest, lowest = max(value for value, _ in valued), min(value for value, _ in valued)
    if highest == lowest:
        return (f"Semua {what} bernilai {decimal_id(highest)}.",)
    named = {end: listed([name for value, name in valued if value == end]) for end in (highest, lowest)}
    return (
        f"Nilai {what} tertinggi {decimal_id(highest)} ({named[highest]}) dan terendah {decimal_id(lowest)} "
        f"({named[lowest]}).",
    )


def levels(report: Government) -> tuple[str, ...]:
    """How many indicators stand high, between and low."""
    if not report.determined:
        return ()
    high, low = len(report.strengths), len(report.weaknesses)
    between = report.determined - high - low
    told = [
        f"{count} {text}"
        for count, text in (
            (high, f"pada level {report.high_levels}"),
            (between, f"pada level {_between(report)}"),
            (low, f"pada level {report.low_levels}"),
        )
        if count
    ]
    return (f"Dari {report.determined} indikator yang ditetapkan, {listed(told)}.",)


def _between(report: Government) -> str:
    low, high = report.scale_min + 1, report.scale_max - 1
    only = level_id(low + 1)
    return only if low + 2 == high and not report.has_fractions else f"di antara {level_id(low)} dan {level_id(high)}"


def agencies(report: Government) -> tuple[str, ...]:
    """How far the agencies are. None are named."""
    taking_part = [line for line in report.agencies if line.state != "cancelled"]
    if not taking_part:
        return ()
    count = len(taking_part)
    told = [
        f"{number} {text}"
        for number, text in (
            (report.agencies_approved, "disetujui"),
            (report.agencies_in("submitted"), "menunggu verifikasi"),
            (report.agencies_in("returned"), "dikembalikan untuk diperbaiki"),
            (report.agencies_in("draft"), "belum diajukan"),
            (report.agencies_in("unfinished"), "dibekukan sebagai tidak selesai"),
        )
        if number
    ]
    sentences = [f"Dari {count} penilaian OPD, {listed(told)}."]
    cancelled = report.agencies_in("cancelled")
    if cancelled:
        sentences.append(f"{cancelled} penilaian OPD dibatalkan dan tidak ikut dihitung.")
    return tuple(sentences)


def distribution(report: Government) -> tuple[str, ...]:
    """How the agencies' internal indices are spread: by predikat, and the middle. None are named."""
    values = sorted(line.index.value for line in report.scored_agencies if line.index.value is not None)
    if not values:
        return ("Belum ada OPD yang mempunyai nilai verifikasi.",) if report.agencies else ()
    told = [f"{count} {band.name}" for band, count in report.band_counts if count]
    sentences = [f"{len(values)} OPD mempunyai nilai verifikasi: {listed(told)}."]
    if len(values) >= 3:
        sentences.append(
            f"Nilai tengahnya {decimal_id(median(values))}; yang terendah {decimal_id(values[0])}, yang tertinggi "
            f"{decimal_id(values[-1])}."
        )
    missing = len([line for line in report.agencies if line.state != "cancelled"]) - len(values)
    if missing:
        sentences.append(f"{missing} OPD tidak mempunyai nilai verifikasi dan tidak ikut dalam sebaran.")
    return tuple(sentences)


def median(values: list[Fraction]) -> Fraction:
    """The middle of sorted values."""
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def trend(report: PemdaReport) -> tuple[str, ...]:
    """From the first to the last final index by the same instrument, and where the instrument changed."""
    rows = report.trend
    if not rows:
        return ("Belum ada indeks Pemda yang final.",)
    sentences = []
    since = max((i for i, row in enumerate(rows) if row.instrument_changed), default=0)
    first, last = rows[since], rows[-1]
    if first is not last and first.index.value is not None and last.index.value is not None:
        sentences.append(
            f"Indeks final {moved(last.index.value - first.index.value)} dari {decimal_id(first.index.value)} pada "
            f"tahun {first.year} menjadi {decimal_id(last.index.value)} pada tahun {last.year}."
        )
    changed = [str(row.year) for row in rows if row.instrument_changed]
    if changed:
        sentences.append(
            f"Instrumen berganti pada tahun {listed(changed)}; nilai sebelum dan sesudahnya tidak dibandingkan."
        )
    return tuple(sentences)


def fulfilment(report: Government, aspect: GroupRow, rows: tuple[LevelRow, ...]) -> tuple[str, ...]:
    """One aspect: its weight, value, change and how many indicators stand where."""
    if not rows:
        return ()
    sentences = [f"Aspek ini berbobot {weight_id(aspect.weight)} dari indeks dan memuat {len(rows)} indikator."]
    missing = [row.code for row in rows if row.level is None]
    if len(missing) == len(rows):
        return (*sentences, "Belum satu pun ditetapkan.")
    if aspect.value is not None:
        change = aspect.change if report.shows_change else None
        compared = (
            f", {moved(change)} dari tahun {report.last_year} ({decimal_id(aspect.last_value)})"
            if change is not None
            else ""
        )
        sentences.append(f"Nilainya {decimal_id(aspect.value)}{compared}.")
    second = report.scale_min + 1
    above = sum(row.level is not None and row.level >= second for row in rows)
    told = f"{above} dari {len(rows)} indikator memenuhi kriteria level {level_id(second)} atau lebih"
    if report.target_level is not None:
        reached = sum(row.level is not None and row.level >= report.target_level for row in rows)
        told += f" dan {reached or 'belum ada yang'} mencapai level {level_id(report.target_level)}"
        told += " yang ditargetkan instrumen"
    sentences.append(f"{told}.")
    if missing:
        sentences.append(
            f"Indikator {listed(missing)} belum ditetapkan dan dihitung sebagai level {level_id(report.scale_min)}."
        )
    return tuple(sentences)


def way(report: Government) -> tuple[str, ...]:
    """The way to the target, or to the next predikat once that is met, in figures."""
    way = report.way
    if way is None:
        if report.undetermined:
            return ("Jalan termurah menuju target belum dihitung: belum semua indikator mempunyai nilai.",)
        return (f"Predikat {report.index.predicate} adalah yang tertinggi.",) if report.index.predicate else ()
    if way.plan:
        return _plan(report, way)
    aim = f"predikat {way.aim} ({decimal_id(way.target)})" if way.aim else f"target {decimal_id(way.target)}"
    start = f"{way.start_name} ({decimal_id(way.start)})"
    if way.index is None:
        return (f"Dari {start}, {aim} tidak dapat dicapai walau semua indikator naik ke level tertinggi.",)
    return (
        f"Dari {start}, {aim} tercapai dengan upaya terkecil bila {len(way.rises)} indikator naik; indeksnya menjadi "
        f"{decimal_id(way.index)} ({way.predicate}).",
    )


def _plan(report: Government, way: Way) -> tuple[str, ...]:
    result = f" menjadi {decimal_id(way.index)} ({way.predicate})" if way.index is not None else ""
    sentences = [
        f"Peta jalan yang berlaku, “{way.plan}”, menaikkan {len(way.rises)} indikator untuk target "
        f"{decimal_id(way.target)}, dari indeks {decimal_id(way.start)}{result}."
    ]
    if way.rises and not way.open_rises:
        sentences.append(f"Semua {len(way.rises)} kenaikan tercapai menurut nilai Pemda.")
    elif way.rises and way.start != report.index.value:
        sentences.append(f"{way.reached} dari {len(way.rises)} kenaikan tercapai menurut nilai Pemda.")
    return tuple(sentences)


def follow_ups(report: Government) -> tuple[str, ...]:
    if not report.follow_ups:
        return ("Belum ada tindak lanjut yang dicatat untuk periode ini.",)
    closed = len(report.follow_ups) - report.open_follow_ups
    parts = [f"{count} {text}" for count, text in ((report.open_follow_ups, "terbuka"), (closed, "ditutup")) if count]
    late = (f"{report.late_follow_ups} melewati tenggat.",) if report.late_follow_ups else ()
    return f"{len(report.follow_ups)} tindak lanjut dicatat: {listed(parts)}.", *late


def listed(items: list[str]) -> str:
    """ "a", "a dan b", "a, b, dan c"."""
    if len(items) < 3:
        return " dan ".join(items)
    return f"{', '.join(items[:-1])}, dan {items[-1]}"
