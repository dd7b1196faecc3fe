"""The three documents of the government as PDF: contexts of their templates, and their charts. No query is made."""

from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from string import ascii_uppercase
from typing import Any

import pikepdf
from django.template.loader import render_to_string

from reports import charts, narrative
from reports.documents.brief import Brief
from reports.documents.government import Government, GroupRow
from reports.documents.minutes import Minutes
from reports.documents.pemda import PemdaReport
from reports.pdf import CONTENT_WIDTH, make_pdf
from spbe_portal.formatting import decimal_id

SHOWN_IN_SUMMARY = 3
SHOWN_LATE = 5
BRIEF_WIDTH = 665  # CSS pixels: A4 less two margins of 17 mm
#: How the one page is set: each is closer than the one before, until everything stands on one page. The last ones
#: cut names at so many letters; the report has them in full.
BRIEF_SETTINGS = (("roomy", 0), ("", 0), ("close", 0), ("closer", 90), ("closest", 50))


def render_pemda_report(report: PemdaReport) -> bytes:
    """The PDF of a "Laporan konsolidasi Pemda". See `reports.pdf` for what all PDFs have in common."""
    html = render_to_string("reports/pemda_report.html", pemda_report_context(report))
    css = render_to_string("reports/government.css", {"report": report})
    return make_pdf(html, css, logo=report.logo, check_url=report.check_url)


def render_minutes(report: Minutes) -> bytes:
    """The PDF of a "Berita Acara"."""
    html = render_to_string("reports/minutes.html", minutes_context(report))
    css = render_to_string("reports/minutes.css", {"report": report})
    return make_pdf(html, css, logo=report.logo, check_url=report.check_url)


def render_brief(report: Brief) -> bytes:
    """The PDF of the page for the leadership: always one page, whatever the length of the names."""
    for setting, letters in BRIEF_SETTINGS:
        shown = _cut(report, letters) if letters else report
        html = render_to_string("reports/brief.html", brief_context(shown, setting))
        css = render_to_string("reports/brief.css", {"report": shown, "setting": setting})
        content = make_pdf(html, css, logo=report.logo, check_url=report.check_url)
        with pikepdf.open(BytesIO(content)) as document:
            if len(document.pages) == 1:
                break
    return content


def pemda_report_context(report: PemdaReport) -> dict[str, Any]:
    return {
        **_shared(report),
        "texts": {
            "summary": narrative.summary(report),
            "domains": narrative.parts(report.domains, "domain"),
            "aspects": narrative.parts(report.aspects, "aspek"),
            "levels": narrative.levels(report),
            "agencies": narrative.agencies(report),
            "distribution": narrative.distribution(report),
            "trend": narrative.trend(report),
            "gap": narrative.gap(report),
            "way": narrative.way(report),
            "follow_ups": narrative.follow_ups(report),
        },
        "heaviest_strengths": sorted(report.strengths, key=lambda row: -row.weight)[:SHOWN_IN_SUMMARY],
        "heaviest_weaknesses": sorted(report.weaknesses, key=lambda row: -row.weight)[:SHOWN_IN_SUMMARY],
        "aspects": [
            {
                "letter": ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1),
                "aspect": aspect,
                "sentences": narrative.fulfilment(report, aspect, rows),
                "strengths": report.strong(rows),
                "weaknesses": report.weak(rows),
            }
            for place, (aspect, rows) in enumerate(report.groups)
        ],
        "aspect_chart": _aspects(report, width=390),
        "domain_chart": _bars(report, report.domains, "domain") if report.domains else "",
        "trend_chart": _trend(report),
        "spread_chart": _spread(report),
        "band_rows": [
            (band, count, Fraction(count, len(report.scored_agencies))) for band, count in report.band_counts
        ]
        if report.scored_agencies
        else [],
        "period_has_year": str(report.year) in report.period,
        "target_band": report.predicate_at(report.target_index),
    }


def minutes_context(report: Minutes) -> dict[str, Any]:
    return {
        **_shared(report),
        "unfinished": report.agencies_in("unfinished"),
        "cancelled": report.agencies_in("cancelled"),
    }


def brief_context(report: Brief, setting: str = "") -> dict[str, Any]:
    return {
        **_shared(report),
        "setting": setting,
        "texts": {"way": narrative.way(report), "follow_ups": narrative.follow_ups(report)},
        "active_agencies": len(report.agencies) - report.agencies_in("cancelled"),
        "late_names": _late(report, setting),
        "moved": "" if report.change is None else narrative.moved(report.change),
        "aspect_chart": _aspects(report, width=330, font_size=9.5),
        "domain_chart": _bars(
            report,
            report.domains or report.aspects,
            "domain" if report.domains else "aspek",
            width=BRIEF_WIDTH,
            font_size=9.5,
        ),
    }


def _cut(report: Brief, letters: int) -> Brief:
    """The page with all names of at most so many letters."""

    def short(text: str) -> str:
        return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"

    way = report.way
    return replace(
        report,
        government=short(report.government),
        period=short(report.period),
        instrument=short(report.instrument),
        regulation=short(report.regulation),
        domains=tuple(replace(part, name=short(part.name)) for part in report.domains),
        aspects=tuple(replace(part, name=short(part.name)) for part in report.aspects),
        indicators=tuple(replace(row, short_name=short(row.short_name)) for row in report.indicators),
        agencies=tuple(replace(line, short_name=short(line.short_name)) for line in report.agencies),
        way=way
        and replace(
            way,
            plan=short(way.plan),
            start_name=short(way.start_name),
            rises=tuple(
                replace(rise, short_name=short(rise.short_name), pics=(short(", ".join(rise.pics)),))
                for rise in way.rises
            ),
        ),
    )


def _late(report: Brief, setting: str) -> str:
    """The first few agencies that are late, and how many more; where room is short, how many they are."""
    names = [line.short_name for line in report.late_agencies]
    if setting in ("closer", "closest"):
        return f"{len(names)} OPD"
    rest = len(names) - SHOWN_LATE
    return ", ".join(names[:SHOWN_LATE]) + (f", dan {rest} lagi" if rest > 0 else "")


def _shared(report: Government) -> dict[str, Any]:
    return {"report": report, "logo_url": "report:logo" if report.logo else ""}


def _aspects(report: Government, *, width: float, font_size: float = 11) -> str:
    """The radar of aspects: this year's, last year's dashed, the target dotted. Bars where there are too few."""
    if len(report.aspects) < 3:
        return _bars(report, report.aspects, "aspek") if report.aspects else ""
    scores = [
        charts.Score(
            part.name,
            self_value=part.last_value if report.shows_last else None,
            verified_value=_drawn(part),
            target_value=report.target,
        )
        for part in report.aspects
    ]
    return charts.radar(
        scores,
        title=f"Diagram jaring nilai {len(scores)} aspek. {_spoken(report, report.aspects)}",
        scale_min=report.scale_min,
        scale_max=report.scale_max,
        width=width,
        font_size=font_size,
        self_name=f"Nilai Pemda {report.last_year}",
        verified_name=f"Nilai Pemda {report.year}",
    )


def _bars(
    report: Government, parts: tuple[GroupRow, ...], what: str, *, width: float = CONTENT_WIDTH, font_size: float = 11
) -> str:
    scores = [
        charts.Score(
            part.name,
            verified_value=_drawn(part),
            last_value=part.last_value if report.shows_last else None,
            target_value=report.target,
        )
        for part in parts
    ]
    return charts.bars(
        scores,
        title=f"Diagram batang nilai {len(parts)} {what}. {_spoken(report, parts)}",
        scale_min=report.scale_min,
        scale_max=report.scale_max,
        width=width,
        font_size=font_size,
        last_name=f"Nilai Pemda {report.last_year}",
        verified_name=f"Nilai Pemda {report.year}",
    )


def _drawn(part: GroupRow) -> Fraction | None:
    """Nothing before all of it is determined: a part of it would look like a fall."""
    return part.value if part.determined == part.total else None


def _said(part: GroupRow) -> str:
    return "belum semua ditetapkan" if part.determined < part.total else decimal_id(part.value)


def _spoken(report: Government, parts: tuple[GroupRow, ...]) -> str:
    """The figures of a chart as sentences, for those who hear the picture."""
    return " ".join(
        f"{part.name}: {report.year} {_said(part)}"
        + (f", {report.last_year} {decimal_id(part.last_value)}" if report.shows_last and part.last_value else "")
        + "."
        for part in parts
    )


def _trend(report: PemdaReport) -> str:
    if len(report.trend) < 2:
        return ""
    points = [
        charts.YearPoint(str(row.year), row.index.value, row.instrument, row.target, row.external)
        for row in report.trend
    ]
    spoken = " ".join(f"{row.year}: {decimal_id(row.index.value)} ({row.instrument})." for row in report.trend)
    return charts.trend(
        points,
        title=f"Diagram garis indeks Pemda {len(points)} tahun. {spoken}",
        scale_min=report.scale_min,
        scale_max=report.scale_max,
        width=CONTENT_WIDTH,
    )


def _spread(report: Government) -> str:
    if not report.scored_agencies:
        return ""
    bins = [charts.Bin(band.name, count) for band, count in report.band_counts]
    spoken = " ".join(f"{band.name}: {count} OPD." for band, count in report.band_counts)
    return charts.distribution(bins, title=f"Diagram sebaran indeks internal OPD. {spoken}", width=CONTENT_WIDTH / 2)
