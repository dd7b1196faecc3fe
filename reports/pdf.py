"""From a document to the bytes of a tagged PDF. No query is made and nothing but our own files is opened."""

import hashlib
from io import BytesIO
from pathlib import Path

import pikepdf
import segno
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from reports import charts
from reports.documents import AgencyReport, Part
from spbe_portal.formatting import decimal_id

FONT_FILES = ("inter-400.woff2", "inter-600.woff2", "inter-700.woff2")
LOGO_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
#: Width of the QR code at the foot of every page, in mm.
QR_SIZE = 16
CONTENT_WIDTH = 642  # CSS pixels: A4 less two margins of 20 mm

#: The large grey word behind every page of a draft; the margin says the same in small black letters.
DRAFT_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="520" height="520" viewBox="0 0 520 520">'
    '<g transform="rotate(-45 260 260)" fill="#eceef1">'
    # The letters D R A F as shapes: a picture needs no font.
    '<path d="M32 180h52c52 0 84 30 84 80s-32 80-84 80h-52zM70 212v96h12c30 0 48-16 48-48s-18-48-48-48z"/>'
    '<path d="M190 180h66c38 0 60 20 60 52 0 22-10 38-28 46l34 62h-42l-30-56h-22v56h-38zM228 210v46h24c17 0 26-8 '
    '26-23s-9-23-26-23z"/>'
    '<path d="M372 180h42l54 160h-40l-11-35h-50l-11 35h-38zM392 222l-16 53h33z"/>'
    '<path d="M484 180h100v32h-62v34h54v32h-54v62h-38z"/>'
    "</g></svg>"
)


#: The same of what froze as "tidak selesai": two rows of letters, drawn as strokes.
UNFINISHED_MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="620" height="620" viewBox="0 0 620 620">'
    '<g transform="rotate(-45 310 310)" fill="none" stroke="#eceef1" stroke-width="24">'
    # T I D A K
    '<path d="M110 190h80M150 190v100M220 178v112M262 190v88h22q42 0 42 -44t-42 -44zM352 290l38 -102l38 102M368 254h44'
    'M462 178v112M524 180l-54 58M484 226l44 64"/>'
    # S E L E S A I
    '<path d="M124 348Q114 334 94 334Q60 334 60 358Q60 378 94 384Q130 390 130 414Q130 438 94 438Q66 438 56 420'
    "M232 334h-58v104h58M174 386h50M268 322v116h54M412 334h-58v104h58M354 386h50"
    "M510 348Q500 334 480 334Q446 334 446 358Q446 378 480 384Q516 390 516 414Q516 438 480 438Q452 438 442 420"
    'M538 450l38 -114l38 114M556 412h40M646 322v128" transform="translate(-20 0)"/>'
    "</g></svg>"
)


class RenderError(Exception):
    """A PDF could not be made."""


class _Refused(FatalURLFetchingError):
    """A document asked for something that is not ours. (Fatal: WeasyPrint swallows other errors.)"""


class OwnFiles(URLFetcher):
    """Serves exactly the files it was given, by name; everything else stops the rendering."""

    def __init__(self, files: dict[str, tuple[Path | bytes, str]]):
        super().__init__()
        self._files = files

    def fetch(self, url, headers=None):
        if url not in self._files:
            raise _Refused(f"A report may not open {url[:200]!r}.")
        source, content_type = self._files[url]
        try:
            body = source if isinstance(source, bytes) else source.read_bytes()
        except OSError as error:
            raise _Refused(f"{url}: {error}") from None
        return URLFetcherResponse(url, body, {"Content-Type": content_type})


def render_agency_report(report: AgencyReport) -> bytes:
    """The PDF of a "Laporan penilaian OPD".

    Tagged as PDF/UA-1, Inter embedded, every page marked where it is a draft or unfinished. The same document
    gives the same bytes. Raises `RenderError` when a font is missing or the template asks for a file that is not
    ours.
    """
    html = render_to_string("reports/agency_report.html", agency_report_context(report))
    css = render_to_string("reports/agency_report.css", {"report": report})
    return make_pdf(html, css, logo=report.logo, check_url=report.check_url)


def agency_report_context(report: AgencyReport) -> dict[str, object]:
    """The variables of the template: the document and its charts."""
    return {
        "report": report,
        "logo_url": "report:logo" if report.logo else "",
        "aspect_chart": _aspect_chart(report),
        "domain_chart": _bars(report.domains, "domain", report) if report.domains else "",
    }


def _aspect_chart(report: AgencyReport) -> str:
    if len(report.aspects) < 3:
        return _bars(report.aspects, "aspek", report) if report.aspects else ""
    return charts.radar(
        [_chart_score(part, report) for part in report.aspects],
        title=f"Diagram jaring nilai {len(report.aspects)} aspek. {_spoken(report.aspects, '')}",
        scale_min=report.scale_min,
        scale_max=report.scale_max,
        width=376,
        font_size=11,
    )


def _bars(parts: tuple[Part, ...], what: str, report: AgencyReport) -> str:
    return charts.bars(
        [_chart_score(part, report) for part in parts],
        title=f"Diagram batang nilai {len(parts)} {what}. {_spoken(parts, report.last_name)}",
        scale_min=report.scale_min,
        scale_max=report.scale_max,
        width=CONTENT_WIDTH,
        font_size=11,
        last_name=report.last_name or "Tahun lalu",
    )


def _chart_score(part: Part, report: AgencyReport) -> charts.Score:
    return charts.Score(part.name, part.self_value, part.verified_value, part.last_value, report.target)


def _spoken(parts: tuple[Part, ...], last_name: str) -> str:
    """The figures of a chart as a sentence, for those who hear the picture."""
    return " ".join(
        f"{part.name}: mandiri {decimal_id(part.self_value)}"
        + (f", verifikasi {decimal_id(part.verified_value)}" if part.verified_value is not None else "")
        + (f", {last_name.lower()} {decimal_id(part.last_value)}" if last_name and part.last_value is not None else "")
        + "."
        for part in parts
    )


def make_pdf(html: str, css: str, *, logo: str, check_url: str = "") -> bytes:
    """The tagged PDF of any document's page and styles.

    Beside the fonts the styles may use `report:logo`, `report:draft`, `report:unfinished` and `report:qr`: the QR
    code of `check_url` (see `templates/reports/_page.css`, which every kind's styles include). Raises `RenderError`.
    """
    files: dict[str, tuple[Path | bytes, str]] = {
        f"report:{name}": (settings.FONT_DIR / name, "font/woff2") for name in FONT_FILES
    }
    files["report:draft"] = (DRAFT_MARK.encode(), "image/svg+xml")
    files["report:unfinished"] = (UNFINISHED_MARK.encode(), "image/svg+xml")
    files["report:qr"] = (qr_code(check_url), "image/svg+xml")
    if logo:
        path = Path(logo)
        if path.suffix.lower() not in LOGO_TYPES:
            raise RenderError(f"The logo {path.name} is neither PNG nor JPEG.")
        files["report:logo"] = (path, LOGO_TYPES[path.suffix.lower()])
    fetcher = OwnFiles(files)
    fonts = FontConfiguration()
    try:
        return _with_scopes(
            HTML(string=html, base_url="report:", url_fetcher=fetcher).write_pdf(
                stylesheets=[CSS(string=css, base_url="report:", url_fetcher=fetcher, font_config=fonts)],
                font_config=fonts,
                pdf_variant="pdf/ua-1",
                pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
            )
        )
    except _Refused as error:
        raise RenderError(str(error)) from error


def qr_code(text: str) -> bytes:
    """A QR code as SVG, `QR_SIZE` wide; the page around it is its quiet zone."""
    if not text:
        return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    code = segno.make(text, error="m", micro=False)
    size, _ = code.symbol_size(border=0)
    out = BytesIO()
    code.save(out, kind="svg", border=0, scale=round(QR_SIZE / size, 5), unit="mm", dark="#000", xmldecl=False)
    return out.getvalue()


def _with_scopes(pdf: bytes) -> bytes:
    """The same PDF with a `/Scope` on every table header, which PDF/UA-1 asks for and WeasyPrint leaves out."""
    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root.StructTreeRoot
        stack = [(root, "")]
        while stack:
            element, section = stack.pop()
            kind = str(element.get("/S", ""))
            if kind in {"/THead", "/TBody", "/TFoot"}:
                section = kind
            elif kind == "/TH":
                attributes = element.get("/A")
                if attributes is None:
                    attributes = element.A = pikepdf.Dictionary(O=pikepdf.Name.Table)
                attributes.Scope = pikepdf.Name.Column if section == "/THead" else pikepdf.Name.Row
            kids = element.get("/K")
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                if isinstance(kid, pikepdf.Dictionary):
                    stack.append((kid, section))
        out = BytesIO()
        document.save(
            out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True
        )
    return out.getvalue()
