"""PDFs are made and read back: figures, marks, fonts, tags."""

import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from io import BytesIO

import pikepdf
import pypdf
import pypdfium2
import pytest
from django.core.management import call_command
from PIL import Image

from reports.documents import Index
from reports.pdf import OwnFiles, RenderError, _Refused, make_pdf, render_agency_report
from reports.rows import DocumentRow, EvidenceUse
from reports.tests.sample import empty_report, final_report, revised_report, submitted_report, unfinished_report
from spbe_portal.formatting import decimal_id


@pytest.fixture(scope="module", autouse=True)
def fonts():
    call_command("build_fonts", verbosity=0)


@pytest.fixture(scope="module")
def final():
    return render_agency_report(final_report())


@pytest.fixture(scope="module")
def submitted():
    return render_agency_report(submitted_report())


@cache
def pages(pdf):
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]


def words(text):
    return " ".join(text.split())


def elements(pdf, kind):
    """All structure elements of `kind` with the kind of their table section."""
    found = []
    with pikepdf.open(BytesIO(pdf)) as document:
        stack = [(document.Root.StructTreeRoot, "")]
        while stack:
            element, section = stack.pop()
            name = str(element.get("/S", ""))
            if name in {"/THead", "/TBody"}:
                section = name
            if name == kind:
                found.append(
                    {
                        "alt": str(element.get("/Alt", "")),
                        "scope": str(element.get("/A", {}).get("/Scope", "")),
                        "section": section,
                    }
                )
            kids = element.get("/K")
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                if isinstance(kid, pikepdf.Dictionary):
                    stack.append((kid, section))
    return found


def grey_shares(pdf):
    """How much of each page has exactly the grey of the draft mark."""
    shares = []
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=0.5).to_pil().convert("RGB")
        shares.append(
            sum(pixel == (0xEC, 0xEE, 0xF1) for pixel in picture.get_flattened_data()) / picture.width / picture.height
        )
    return shares


def fonts_of(pdf):
    names, embedded = set(), []
    with pikepdf.open(BytesIO(pdf)) as document:
        for entry in document.objects:
            if isinstance(entry, pikepdf.Dictionary) and entry.get("/Type") == "/FontDescriptor":
                names.add(str(entry.FontName).lstrip("/").split("+")[-1])
                embedded.append(any(key in entry for key in ("/FontFile", "/FontFile2", "/FontFile3")))
    return names, embedded


def test_the_cover_says_who_when_and_which_index(final):
    report = final_report()
    cover = words(pages(final)[0])
    for text in (
        "PEMERINTAH KOTA ARUNIKA",
        "Dinas Kesehatan",
        "Penilaian Mandiri SPBE 2025",
        "Indeks internal OPD, nilai verifikasi",
        f"{decimal_id(report.verified_index.value)} {report.verified_index.predicate}",
        "47 dari 47 indikator terisi",
        "Evaluasi SPBE: 47 indikator dalam 7 aspek",
        "PermenPANRB Nomor 59 Tahun 2020",
        "LPO-2025-7KQ4-M2XD",
        "12 Januari 2026 pukul 09.14 WIB",
    ):
        assert text in cover


def test_every_aspect_and_domain_stands_with_its_figures(final):
    report = final_report()
    text = words("\n".join(pages(final)[1:3]))
    for part in (*report.aspects, *report.domains):
        figures = " ".join(
            decimal_id(value) for value in (part.weight, part.self_value, part.verified_value, part.last_value)
        )
        assert f"{part.name} {figures}" in text


def test_all_47_indicators_stand_with_weight_and_levels(final):
    text = words("\n".join(pages(final)))
    for row in final_report().indicators:
        levels = " ".join("–" if level is None else str(level) for level in (row.self_shown, row.verified_level))
        assert f"{row.code} {row.short_name} {decimal_id(row.weight)} {levels}" in text


def test_notes_replies_recommendations_and_hashes_are_there(final):
    report = final_report()
    text = words("\n".join(pages(final)))
    assert "Notula rapat pembahasan tanggal 14 Oktober telah diunggah" in text
    assert text.count("Nilai disesuaikan.") == report.decisions.adjusted
    for item in report.recommendations:
        assert f"{item.code}. {item.short_name}" in text
        assert f"+{decimal_id(item.gain, 4)}" in text
    for document in report.documents:
        assert (document.sha256[:32] in text, document.sha256[32:] in text) == (True, True)


def test_every_page_has_its_number_and_the_code(final):
    texts = pages(final)
    for number, text in enumerate(texts, start=1):
        assert f"Halaman {number} dari {len(texts)}" in text
        assert "Kode dokumen LPO-2025-7KQ4-M2XD" in text


@pytest.mark.parametrize("build", [submitted_report, empty_report])
def test_every_page_of_a_draft_says_so_in_words_and_in_the_background(build):
    pdf = render_agency_report(build())
    assert [bool(re.search(r"\bDRAF\b", text)) for text in pages(pdf)] == [True] * len(pages(pdf))
    assert [share > 0.02 for share in grey_shares(pdf)] == [True] * len(pages(pdf))


def test_no_page_of_a_final_report_says_draft(final):
    assert [text for text in pages(final) if "DRAF" in text] == []
    assert grey_shares(final) == [0] * len(pages(final))


def test_an_unfinished_assessment_says_so_on_every_page_and_shows_no_verified_index():
    report = unfinished_report()
    texts = pages(render_agency_report(report))
    assert [text for text in texts if "tidak selesai" not in text.lower()] == []
    assert "Tidak diajukan sampai periode ditutup." in words(texts[0])
    cover = words(texts[0])
    assert "Penilaian Mandiri SPBE 2025 Tidak selesai" in cover
    assert (
        f"{report.answered} dari {report.assigned} indikator terisi. Tidak diajukan sampai periode "
        f"ditutup. Indeks mandiri {decimal_id(report.self_index.value)}; yang belum terisi dihitung sebagai level 1."
    ) in cover
    assert report.self_index.predicate not in cover
    assert f"{report.unanswered} indikator belum terisi dan dihitung sebagai level 1." in words("\n".join(texts))
    assert [share > 0.01 for share in grey_shares(render_agency_report(report))] == [True] * len(texts)


def test_a_second_revision_says_which_one_it_replaces():
    texts = pages(render_agency_report(revised_report()))
    assert "Menggantikan revisi 1 (3,22)" in words(texts[0])
    assert "sebagai revisi 2, menggantikan revisi 1 (3,22)" in words(texts[-1])


def test_what_was_filled_in_for_the_agency_is_said_in_the_history_and_beside_the_indicator():
    report = final_report()
    some = tuple(replace(row, on_behalf=row.code in {"3", "7"}) for row in report.indicators)
    text = words("\n".join(pages(render_agency_report(replace(report, indicators=some)))))
    assert "Indikator 3, 7 diisi oleh Koordinator Penilaian, atas nama Dinas Kesehatan." in text
    assert text.count("diisi atas nama OPD") == 2
    every = tuple(replace(row, on_behalf=True) for row in report.indicators)
    text = words("\n".join(pages(render_agency_report(replace(report, indicators=every)))))
    assert "Semua indikator diisi oleh Koordinator Penilaian, atas nama Dinas Kesehatan." in text
    assert text.count("diisi atas nama OPD") == 0


def test_last_years_value_is_named_by_its_kind(final, submitted):
    for pdf, name in ((final, "Verifikasi 2024"), (submitted, "Mandiri 2024")):
        assert set(re.findall(r"(?:Verifikasi|Mandiri) 2024", words("\n".join(pages(pdf)[1:])))) == {name}


def test_an_unfinished_assessment_speaks_of_no_change():
    text = words("\n".join(pages(render_agency_report(unfinished_report()))))
    assert [word for word in ("Selisih", " naik 0", " turun ", "Indeks naik") if word in text] == []


def test_a_draft_shows_no_verified_figures(submitted):
    text = words("\n".join(pages(submitted)))
    assert "Nilai verifikasi" in text
    assert decimal_id(final_report().verified_index.value) not in words(pages(submitted)[0])


def test_under_review_no_file_is_named_and_it_says_why(submitted):
    text = words("\n".join(pages(submitted)))
    assert "Daftar bukti dukung disertakan dalam laporan sejak penilaian disetujui." in text
    shown = [row.file_name for row in final_report().documents if row.file_name and row.file_name in text]
    assert (shown, "SHA-256" in text) == ([], False)
    outline = [item.title for item in pypdf.PdfReader(BytesIO(submitted)).outline if not isinstance(item, list)]
    assert "Daftar bukti dukung" not in outline


def test_the_index_is_called_internal(final):
    text = words("\n".join(pages(final)))
    assert "Peraturan hanya mengenal indeks pemerintah daerah secara keseluruhan" in text
    assert "Pengelompokan tujuh aspek ini pilihan pemerintah daerah" in text


def test_a_figure_that_seems_to_disagree_with_its_predikat_is_explained():
    report = replace(final_report(), verified_index=Index(Fraction("3.4985"), "Baik"))
    text = words(pages(render_agency_report(report))[1])
    assert "Indeks 3,4985 ditulis 3,50; predikat mengikuti nilai sebelum dibulatkan." in text


def test_only_inter_is_used_and_it_is_embedded(final):
    names, embedded = fonts_of(final)
    assert len(names) == 3
    assert {name.split("-")[0] for name in names} == {"Inter"}
    assert all(embedded)


def test_the_pdf_is_tagged_named_and_indonesian(final):
    with pikepdf.open(BytesIO(final)) as document:
        root = document.Root
        assert "/StructTreeRoot" in root
        assert str(root.Lang) == "id"
        assert bool(root.MarkInfo.Marked) is True
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        assert str(document.docinfo["/Title"]) == "Laporan Penilaian SPBE Dinas Kesehatan 2025"
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"


def test_every_figure_has_a_text_with_its_numbers(final):
    report = final_report()
    figures = elements(final, "/Figure")
    assert len(figures) == 2
    spoken = " ".join(figure["alt"] for figure in figures)
    for part in (*report.aspects, *report.domains):
        figures = f"mandiri {decimal_id(part.self_value)}, verifikasi {decimal_id(part.verified_value)}"
        assert f"{part.name}: {figures}" in spoken
    for part in report.domains:
        assert f", verifikasi 2024 {decimal_id(part.last_value)}." in spoken


def test_every_table_header_has_the_scope_of_its_place(final):
    headers = elements(final, "/TH")
    assert len(headers) > 47
    assert {(header["section"], header["scope"]) for header in headers} == {
        ("/THead", "/Column"),
        ("/TBody", "/Row"),
    }


def test_sections_can_be_jumped_to(final):
    outline = [item.title for item in pypdf.PdfReader(BytesIO(final)).outline if not isinstance(item, list)]
    assert outline == [
        "Ringkasan", "Hasil per domain", "Kekuatan dan kelemahan", "Nilai per indikator", "Catatan verifikasi",
        "Rekomendasi menuju level berikutnya", "Daftar bukti dukung", "Tentang laporan ini",
    ]  # fmt: skip


def test_the_same_document_gives_the_same_bytes(final):
    assert render_agency_report(final_report()) == final


@pytest.mark.once
def test_rendering_makes_no_query(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        render_agency_report(empty_report())


def test_the_configured_logo_is_shown_with_a_text(tmp_path):
    logo = tmp_path / "lambang.png"
    Image.new("RGB", (64, 64), (8, 53, 117)).save(logo)
    pdf = render_agency_report(replace(empty_report(), logo=str(logo)))
    assert "Lambang Pemerintah Kota Arunika" in [figure["alt"] for figure in elements(pdf, "/Figure")]


def test_a_logo_that_is_no_picture_by_name_is_refused():
    with pytest.raises(RenderError, match="PNG"):
        render_agency_report(replace(empty_report(), logo="/etc/passwd"))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x.png",
        "https://example.org/x.png",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
        "report:other",
    ],
)
def test_anything_but_our_own_files_stops_the_rendering(address):
    with pytest.raises(_Refused):
        OwnFiles({}).fetch(address)
    with pytest.raises(RenderError, match="may not open"):
        make_pdf(f'<html lang="id"><title>x</title><img src="{address}" alt="x">', "", logo="", check_url="")


def test_a_missing_font_is_an_error_and_not_another_font(settings, tmp_path):
    settings.FONT_DIR = tmp_path
    with pytest.raises(RenderError, match="inter-400"):
        render_agency_report(empty_report())


def test_what_people_typed_is_text_and_never_markup():
    report = replace(
        empty_report(),
        agency='Dinas <b>"X"</b> & \\Rekan',
        documents=(
            DocumentRow(
                "B1", "<img src=http://evil.example/x.png>", "", None, "Lainnya", (EvidenceUse("1"),),
                link="https://contoh.example/?a=1&b=<script>",
            ),
        ),
    )  # fmt: skip
    text = words("\n".join(pages(render_agency_report(report))))
    assert 'Dinas <b>"X"</b> & \\Rekan · Penilaian Mandiri SPBE 2025' in text
    assert "<img src=http://evil.example/x.png>" in text


def test_names_of_200_characters_and_a_hash_stay_on_the_page():
    long_name = "Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk, dan Keluarga Berencana " * 2
    report = replace(
        empty_report(),
        agency=long_name.strip(),
        documents=(
            DocumentRow(
                "B1", "A" * 200, "N" * 120, None, "Laporan", (EvidenceUse("1", "1, 2", 3),),
                file_name="b" * 255, size=1, sha256="f" * 64,
            ),
        ),
    )  # fmt: skip
    pdf = render_agency_report(report)
    assert "Keluarga Berencana · Penilaian Mandiri SPBE 2025" in words(pages(pdf)[1])
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=1).to_pil().convert("L")
        margin = picture.crop((int(picture.width * (210 - 19) / 210), 0, picture.width, picture.height))
        assert margin.point(lambda grey: 255 if grey < 128 else 0).getbbox() is None


def test_an_instrument_without_domains_has_a_radar_only():
    figures = elements(render_agency_report(replace(empty_report(), domains=())), "/Figure")
    assert [figure["alt"].split(".")[0] for figure in figures] == ["Diagram jaring nilai 7 aspek"]


def test_two_aspects_are_bars_since_a_radar_needs_three():
    report = empty_report()
    figures = elements(render_agency_report(replace(report, domains=(), aspects=report.aspects[:2])), "/Figure")
    assert [figure["alt"].split(".")[0] for figure in figures] == ["Diagram batang nilai 2 aspek"]
