"""The PDFs of the government are made and read back: figures, marks, structure, and the page that is always one."""

import re
from dataclasses import replace
from functools import cache
from io import BytesIO

import pikepdf
import pypdf
import pypdfium2
import pytest

from reports.government_pdf import render_brief, render_minutes, render_pemda_report
from reports.tests.sample_government import brief, draft_pemda, final_pemda, minutes
from reports.tests.test_pdf import elements, fonts_of, grey_shares, words
from spbe_portal.formatting import decimal_id

pytestmark = pytest.mark.usefixtures("fonts")

LONG = "Badan Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk, dan Keluarga Berencana Kabupaten"
KINDS = ("pemda", "brief", "minutes")
TITLES = {
    "pemda": "Laporan Konsolidasi SPBE Pemerintah Kota Arunika 2025",
    "brief": "Ringkasan SPBE untuk Pimpinan Pemerintah Kota Arunika 2025",
    "minutes": "Berita Acara Verifikasi Penilaian Mandiri SPBE Pemerintah Kota Arunika 2025",
}


@cache
def made(kind, draft=False):
    report = draft_pemda() if draft else final_pemda()
    if kind == "pemda":
        return render_pemda_report(report)
    return render_brief(brief(report)) if kind == "brief" else render_minutes(minutes(report))


@cache
def pages(pdf):
    return [words(page.extract_text()) for page in pypdf.PdfReader(BytesIO(pdf)).pages]


def text_of(pdf):
    return " ".join(pages(pdf))


# --- All of them ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_tagged_named_and_set_in_inter(kind):
    pdf = made(kind)
    with pikepdf.open(BytesIO(pdf)) as document:
        root = document.Root
        assert "/StructTreeRoot" in root
        assert (str(root.Lang), bool(root.MarkInfo.Marked)) == ("id", True)
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        assert str(document.docinfo["/Title"]) == TITLES[kind]
        with document.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
    names, embedded = fonts_of(pdf)
    assert {name.split("-")[0] for name in names} == {"Inter"}
    assert all(embedded)


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_has_the_code_and_where_to_check_it(kind):
    for page in pages(made(kind)):
        assert "Kode dokumen LKP-2025-7KQ4-M2XD" in page
        assert "Periksa keaslian: https://spbe.arunika.example/cek/LKP-2025-7KQ4-M2XD/" in page
    assert all(re.search(r"Halaman \d+ dari \d+", page) for page in pages(made(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_marked_on_every_page_and_a_final_one_on_none(kind):
    assert all(re.search(r"\bDRAF\b", page) for page in pages(made(kind, draft=True)))
    assert all(share > 0.005 for share in grey_shares(made(kind, draft=True)))
    assert not any(re.search(r"\bDRAF\b", page) for page in pages(made(kind)))
    assert all(share < 0.001 for share in grey_shares(made(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_header_has_the_scope_of_its_place(kind):
    headers = elements(made(kind), "/TH")
    assert headers
    assert {(header["section"], header["scope"]) for header in headers} == {("/THead", "/Column"), ("/TBody", "/Row")}


@pytest.mark.parametrize("kind", ["pemda", "brief"])
def test_every_figure_says_its_numbers(kind):
    spoken = " ".join(figure["alt"] for figure in elements(made(kind), "/Figure"))
    for part in (*final_pemda().aspects, *final_pemda().domains):
        assert f"{part.name}: 2025 {decimal_id(part.value)}, 2024 {decimal_id(part.last_value)}." in spoken


def test_a_draft_says_first_how_many_are_determined_and_no_predikat():
    report = draft_pemda()
    said = text_of(made("minutes", draft=True))
    assert ("bukan hasil penilaian" in said, f"predikat {report.index.predicate}" in said) == (True, False)
    for kind in ("pemda", "brief"):
        text = text_of(made(kind, draft=True))
        assert text.index(f"{report.determined} dari {report.total}") < text.index(decimal_id(report.index.value))
        assert "bukan hasil penilaian" in text
        assert "Kurang 0," not in text
        spoken = " ".join(figure["alt"] for figure in elements(made(kind, draft=True), "/Figure"))
        assert "belum semua ditetapkan" in spoken


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_stands_in_words_and_figures(kind):
    report = final_pemda()
    text = text_of(made(kind))
    assert decimal_id(report.index.value) in text
    assert report.index.predicate in text
    for part in report.domains:
        assert part.name in text


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_typed_is_text_and_never_markup(kind):
    report = replace(final_pemda(), steps=(), way=None, agencies=(), government='Kota <b>"X"</b> & \\Rekan')
    render = {"pemda": render_pemda_report, "brief": lambda r: render_brief(brief(r)),
              "minutes": lambda r: render_minutes(minutes(r))}[kind]  # fmt: skip
    assert 'Kota <b>"X"</b> & \\Rekan' in pages(render(report))[0]


def test_nothing_reaches_into_the_margin_with_long_names():
    report = final_pemda()
    rows = tuple(
        replace(row, short_name=f"{row.short_name} {LONG}", pics=(LONG, LONG)) if int(row.code) % 9 == 3 else row
        for row in report.indicators
    )
    lines = tuple(replace(line, name=LONG * 2) for line in report.agencies[:3])
    report = replace(report, government=LONG, indicators=rows, agencies=lines, steps=report.steps[:6])
    for pdf in (render_pemda_report(report), render_minutes(minutes(report))):
        for page in pypdfium2.PdfDocument(pdf):
            picture = page.render(scale=1).to_pil().convert("L")
            margin = picture.crop((int(picture.width * (210 - 19) / 210), 0, picture.width, picture.height))
            assert margin.point(lambda grey: 255 if grey < 128 else 0).getbbox() is None


def test_the_same_document_gives_the_same_bytes():
    assert render_brief(brief()) == made("brief")


@pytest.mark.once
def test_rendering_makes_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        render_brief(brief())
        render_minutes(minutes())
        render_pemda_report(final_pemda())


@pytest.mark.parametrize("aspects", [2, 7])
def test_an_instrument_without_domains_can_be_shown(aspects):
    report = replace(final_pemda(), domains=(), aspects=final_pemda().aspects[:aspects], steps=(), way=None)
    report = replace(report, indicators=tuple(row for row in report.indicators if int(row.aspect) <= aspects))
    for pdf in (render_pemda_report(report), render_brief(brief(report)), render_minutes(minutes(report))):
        assert "Nilai per domain" not in text_of(pdf)
        assert report.aspects[0].name in text_of(pdf)


# --- The report ----------------------------------------------------------------------------------------------


def test_the_report_has_the_sections_of_an_lhe():
    outline = [item.title for item in pypdf.PdfReader(BytesIO(made("pemda"))).outline if not isinstance(item, list)]
    assert outline == [
        "Ringkasan eksekutif", "Dasar hukum", "Metodologi", "Hasil", "Sebaran OPD", "Tren",
        "Kekuatan dan kelemahan", "Jarak ke target dan jalan termurah", "Rekomendasi", "Tindak lanjut",
        "Lampiran: perolehan nilai 47 indikator", "Tentang dokumen ini",
    ]  # fmt: skip


def test_the_appendix_has_every_indicator_with_its_level():
    report = final_pemda()
    text = text_of(made("pemda"))
    appendix = text[text.rindex("Lampiran: perolehan nilai 47 indikator") :]
    for row in report.indicators:
        mark = r" \*" if row.differs else r"(?: \*)?"
        name = re.escape(row.short_name).replace("/", "/ ?")  # a line may break there
        assert re.search(rf"\b{row.code} {name} \d,\d\d {row.level}{mark}", appendix), row.code
    assert all(row.reason in appendix for row in report.reasons)


def test_each_aspect_has_its_letter_strengths_and_weaknesses():
    report = final_pemda()
    text = text_of(made("pemda"))
    for letter, (aspect, rows) in zip("ABCDEFG", report.groups, strict=True):
        assert f"{letter}. {aspect.name}" in text
        for row in report.strong(rows):
            assert row.criterion in text
        for row in report.weak(rows):
            assert f"Level {row.next_level}, {row.next_level_name}. {row.next_criterion}" in text


def test_no_agency_is_named_for_its_index():
    report = final_pemda()
    text = text_of(made("pemda"))
    follow_ups = {line.agency for line in report.follow_ups}
    named = [line.name for line in report.agencies if line.name in text and line.name not in follow_ups]
    # "Inspektorat" is also a PIC and "Bagian Hukum" may stand in a criterion: only figures beside a name matter.
    for name in named:
        assert not re.search(rf"{re.escape(name)}\W+\d,\d\d", text), name


def test_a_draft_says_what_is_missing_and_names_no_result():
    text = text_of(made("pemda", draft=True))
    assert "9 dari 47 indikator belum ditetapkan; angka masih dapat berubah." in text
    assert "Sidik hasil" not in text
    assert "Difinalkan" not in text


def test_external_and_last_years_columns_are_left_out_where_there_are_none():
    report = final_pemda()
    bare = replace(
        report, last_year=None, last_comparable=False, last_index=type(report.index)(),
        external_index=type(report.index)(), trend=(), steps=(), follow_ups=(), way=None, agencies=(), target=None,
    )  # fmt: skip
    text = text_of(render_pemda_report(bare))
    assert "Selisih" not in text
    assert "Belum ada tindak lanjut yang dicatat untuk periode ini." in text
    assert "Belum ada indeks Pemda yang final." in text


def test_criteria_that_are_not_available_are_said_to_be_so():
    report = final_pemda()
    rows = tuple(replace(row, criterion="", next_criterion="") for row in report.indicators)
    text = text_of(render_pemda_report(replace(report, indicators=rows)))
    assert text.count("Kriteria belum tersedia.") == len(report.strengths) + len(report.weaknesses)


# --- One page ------------------------------------------------------------------------------------------------


def long_page(report, times):
    """Everything that people typed `times` as long as it usually is at the longest."""
    name = " ".join([LONG] * times)
    rows = tuple(replace(row, short_name=name, pics=(LONG,) * times) for row in report.indicators)
    rises = tuple(replace(rise, short_name=name, pics=(LONG,) * times) for rise in report.way.rises)
    parts = tuple(replace(part, name=f"{part.name} {LONG}") for part in report.aspects)
    return replace(
        report, government=name, period=name, instrument=name, regulation=name, indicators=rows, aspects=parts,
        domains=tuple(replace(part, name=name) for part in report.domains),
        agencies=tuple(replace(line, short_name=LONG, is_late=True) for line in report.agencies),
        way=replace(report.way, rises=rises, plan=name[:120]),
    )  # fmt: skip


def test_the_page_is_one_page():
    assert [len(pages(made("brief", draft))) for draft in (False, True)] == [1, 1]


@pytest.mark.parametrize("times", [1, 3])
def test_the_page_is_one_page_whatever_the_names(times):
    assert len(pages(render_brief(brief(long_page(draft_pemda(), times))))) == 1


def test_the_page_names_the_heaviest_and_the_next_steps():
    page = brief()
    text = text_of(made("brief"))
    for row in (*page.heaviest_strengths, *page.heaviest_weaknesses):
        assert f"{row.code}. {row.short_name}" in text
    for rise in page.next_steps:
        assert rise.short_name in text
    assert "4 tindak lanjut dicatat: 3 terbuka dan 1 ditutup." in text


def test_the_page_of_a_draft_names_late_agencies_by_their_short_names():
    text = text_of(made("brief", draft=True))
    late = [line.short_name for line in brief(draft_pemda()).late_agencies]
    assert f"OPD terlambat {', '.join(late)}" in text
    assert "OPD terlambat" not in text_of(made("brief"))


# --- Berita Acara --------------------------------------------------------------------------------------------


def test_the_minutes_state_counts_levels_and_agencies():
    document = minutes()
    text = text_of(made("minutes"))
    for told in (
        "OPD yang mendapat penilaian pada periode ini 24",
        "OPD yang mengajukan penilaiannya 21",
        "Penilaian OPD yang dibekukan sebagai tidak selesai 2",
        "Penilaian OPD yang dibatalkan 1",
        "berbeda dari usulan, dengan alasan 1",
        "Nilai Pemda final sejak 19 Desember 2025 pukul 10.00 WIB sebagai revisi 1.",
        document.digest,
    ):
        assert told in text
    for row in document.indicators:
        assert f"{row.level} {row.code} {row.short_name}" in text
    for line in document.agencies:
        assert re.search(rf"{re.escape(line.name)} {line.state_name} {line.answered}/{line.assigned}", text)


def test_the_minutes_leave_blank_what_people_fill_in():
    text = text_of(made("minutes"))
    assert "Nomor: ...." in text
    roles = ("Koordinator SPBE", "Penanggung Jawab", "Ketua Tim Asesor Internal")
    assert text.count("NIP:") == len(roles)
    assert "menyetujui tidak menyetujui" in text
    for role in roles:
        assert role in text


def test_a_draft_of_the_minutes_cannot_be_taken_for_signed_ones():
    text = text_of(made("minutes", draft=True))
    assert "RANCANGAN BERITA ACARA" in text
    assert "Naskah ini belum dapat ditandatangani dan bukan kesimpulan penilaian." in text
    assert "Nilai Pemda belum final." in text
    assert "Belum untuk ditandatangani." in text
    of_signed_ones = ("NIP:", "Nomor:", "kami yang bertanda tangan", "3. Hasil", "menyetujui")
    assert [word for word in of_signed_ones if word in text] == []
