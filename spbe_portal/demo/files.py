"""Small real files for the demo's evidence: PDFs and pictures of made-up application screens."""

import io
import textwrap
import zlib

from PIL import Image, ImageDraw, ImageFont

A4 = (595, 842)  # points


def pdf(title: str, number: str, issuer: str, date: str, pages: int) -> bytes:
    """A valid PDF of `pages` A4 pages: heading, number, issuer and filler articles."""
    streams = [_page(title, number, issuer, date, page, pages) for page in range(1, pages + 1)]
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (id) >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (5 + 2 * index) for index in range(pages)), pages),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for index, stream in enumerate(streams):
        packed = zlib.compress(stream)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
            b"/Resources << /Font << /R 3 0 R /B 4 0 R >> >> >>" % (*A4, 6 + 2 * index)
        )
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for position, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (position, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def _page(title: str, number: str, issuer: str, date: str, page: int, pages: int) -> bytes:
    lines: list[tuple[str, int, int, str]] = []  # font, size, y, text
    y = 770
    if page == 1:
        for part in textwrap.wrap(issuer.upper(), 48):
            lines.append(("B", 13, y, part))
            y -= 18
        y -= 24
        for part in textwrap.wrap(title.upper(), 52):
            lines.append(("B", 14, y, part))
            y -= 20
        y -= 4
        lines.append(("R", 12, y, number or "Tanpa nomor"))
        y -= 18
        lines.append(("R", 12, y, f"Ditetapkan {date}"))
        y -= 40
    for article in range(1, 5):
        head = f"Bagian {(page - 1) * 4 + article}"
        lines.append(("B", 12, y, head))
        y -= 18
        text = (
            f"Contoh isi dokumen {title} untuk keperluan peragaan. Bagian ini memuat ruang lingkup, pelaksana, "
            "tahapan kegiatan, hasil yang dicapai, permasalahan, dan rekomendasi tindak lanjut. Dokumen ini "
            "fiktif dan tidak mempunyai kekuatan hukum."
        )
        for part in textwrap.wrap(text, 84):
            lines.append(("R", 11, y, part))
            y -= 15
        y -= 12
    if page == pages:
        lines.append(("R", 11, y - 10, "Ditandatangani secara elektronik (contoh)"))
    lines.append(("R", 9, 40, f"Halaman {page} dari {pages}"))
    body = b"BT\n"
    for font, size, top, text in lines:
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252", "replace")
        body += b"/%s %d Tf 1 0 0 1 72 %d Tm (%s) Tj\n" % (font.encode(), size, top, safe)
    return body + b"ET\n"


def screenshot(title: str, subtitle: str, kind: str) -> bytes:
    """A picture of a made-up application screen; `kind` is "PNG" or "JPEG"."""
    width, height = 1200, 750
    picture = Image.new("RGB", (width, height), "#f4f5f7")
    draw = ImageDraw.Draw(picture)
    big, small = ImageFont.load_default(26), ImageFont.load_default(17)
    draw.rectangle((0, 0, width, 64), fill="#24476b")
    draw.text((28, 18), title[:70], fill="white", font=big)
    draw.rectangle((0, 64, 230, height), fill="#e3e8ee")
    for row, label in enumerate(("Beranda", "Usulan", "Persetujuan", "Laporan", "Arsip", "Pengaturan")):
        draw.text((28, 92 + row * 44), label, fill="#24476b", font=small)
    draw.text((260, 88), subtitle[:90], fill="#1f1f1f", font=small)
    for row in range(11):
        top = 130 + row * 52
        draw.rectangle((260, top, width - 30, top + 44), fill="white", outline="#cfd5dc")
        draw.text((276, top + 12), f"Data {row + 1:02d}", fill="#1f1f1f", font=small)
        draw.text((520, top + 12), f"2026-{row + 1:02d}", fill="#5c5f66", font=small)
        draw.text((900, top + 12), ("Selesai", "Diproses", "Diterima")[row % 3], fill="#288034", font=small)
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 72} if kind == "JPEG" else {"optimize": False}))
    return out.getvalue()
