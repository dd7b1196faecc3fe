"""Warnings about evidence: which, when, and where they are shown."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Document, DocumentVersion, Evidence
from assessments.quality import Facts, Span, beyond, cautions
from assessments.queries.quality import doubts_of
from conftest import attach, fill

SPAN = Span(year=2026, starts_on=date(2026, 1, 5), due_on=date(2026, 11, 30))
PDF = "application/pdf"


def codes(span: Span = SPAN, **facts) -> list[str]:
    return [caution.code for caution in cautions(Facts(**{"content_type": PDF, "kind": "laporan", **facts}), span)]


@pytest.mark.parametrize(
    "facts, found",
    [
        ({}, []),
        ({"has_text": True, "page_count": 3, "pages": "1-3"}, []),
        ({"has_text": False, "page_count": 3}, ["no_text"]),
        ({"has_text": None, "page_count": 3}, []),
        ({"has_text": False, "content_type": "image/png"}, []),
        ({"is_encrypted": True}, ["locked"]),
        ({"is_encrypted": True, "page_count": 3, "has_text": True}, ["restricted"]),
        ({"page_count": 3, "pages": "2-4"}, ["beyond"]),
        ({"page_count": None, "pages": "2-4"}, []),
        ({"valid_until": date(2026, 1, 4)}, ["expired"]),
        ({"valid_until": date(2026, 1, 5), "dated": date(2020, 1, 1)}, []),
        ({"dated": date(2026, 11, 30)}, []),
        ({"dated": date(2026, 12, 1)}, ["too_new"]),
        ({"dated": date(2025, 1, 1)}, []),
        ({"dated": date(2024, 12, 31)}, ["old"]),
        ({"dated": date(2010, 1, 1), "kind": "peraturan"}, []),
        ({"dated": date(2010, 1, 1), "kind": "sop"}, []),
        ({"dated": date(2010, 1, 1), "kind": "peraturan", "valid_until": date(2025, 12, 31)}, ["expired"]),
        ({"also_for": ["3"], "page_count": 9}, ["no_pages"]),
        ({"also_for": ["3"], "pages": "2"}, []),
        ({"also_for": ["3"], "page_count": 1}, []),
        ({"also_for": ["3"], "content_type": "image/jpeg"}, []),
        (
            {"has_text": False, "dated": date(2020, 1, 1), "page_count": 2, "pages": "7", "also_for": ["3"]},
            ["no_text", "old", "beyond"],
        ),
    ],
)
def test_what_is_warned_of(facts, found):
    assert codes(**facts) == found


def test_the_coordinator_says_how_old_is_too_old():
    span = Span(2026, date(2026, 1, 5), date(2026, 11, 30), earliest=date(2026, 1, 1))
    assert codes(span, dated=date(2025, 12, 31)) == ["old"]
    assert codes(span, dated=date(2026, 1, 1)) == []


def test_a_later_version_brings_an_old_document_up_to_date():
    assert codes(dated=date(2020, 1, 1), renewed_on=date(2025, 1, 1)) == []
    assert codes(dated=date(2020, 1, 1), renewed_on=date(2024, 12, 31)) == ["old"]


def test_each_warning_says_what_to_do():
    worst = Facts(PDF, "laporan", 2, False, True, "9", date(2020, 1, 1), None, ["3", "4", "5", "6", "7", "8"])
    assert [caution.text for caution in cautions(worst, SPAN)] == [
        "PDF ini terenkripsi: dapat dibuka, tetapi mungkin tidak dapat dicetak atau digabungkan. Bila dapat, simpan "
        "ulang tanpa pembatasan.",
        "PDF ini tidak memuat teks, hanya gambar pindaian, jadi isinya tidak dapat dicari. Bila ada, unggah berkas "
        "aslinya, atau pindai ulang dengan pengenalan teks (OCR).",
        "Tanggal dokumen 1 Januari 2020 lebih lama daripada yang diharapkan periode ini (sejak 1 Januari 2025). "
        "Lampirkan yang lebih baru, unggah versi barunya di pustaka, atau jelaskan dalam analisis mengapa masih "
        "berlaku.",
        "Berkas ini hanya 2 halaman, jadi halaman 9 tidak ada. Periksa halamannya.",
    ]
    (repeated,) = cautions(Facts(PDF, "laporan", 9, also_for=["3", "4", "5", "6", "7", "8"]), SPAN)
    assert repeated.text == (
        "Dokumen yang sama juga menjadi bukti indikator 3, 4, 5, 6, dan 2 lainnya. Isi halaman yang mendukung "
        "indikator ini."
    )


@pytest.mark.parametrize(
    "pages, count, found",
    [("3-5, 8", 5, [8]), ("1-3", 3, []), ("lampiran", 3, []), ("9", None, []), ("hal. 12", 3, [12])],
)
def test_pages_beyond_the_document(pages, count, found):
    assert beyond(pages, count) == found


@pytest.fixture
def doubtful(assessment, city) -> Evidence:
    evidence = attach(assessment.answers.get(indicator__code="1"), city.operator, "Laporan lama")
    DocumentVersion.objects.filter(pk=evidence.version_id).update(has_text=False, content_type=PDF, page_count=4)
    Document.objects.filter(pk=evidence.version.document_id).update(date=date(2019, 1, 1), kind="laporan")
    return evidence


def test_the_operator_sees_them_at_once_before_handing_in_and_so_does_the_reviewer(login, doubtful, assessment, city):
    client = login(city.operator)
    for name, args in (("answer", [assessment.pk, "1"]), ("submit", [assessment.pk])):
        page = client.get(reverse(name, args=args)).content.decode()
        assert ("tidak memuat teks" in page, "1 Januari 2019" in page) == (True, True)
    fill(assessment, city.operator)
    assert client.post(reverse("submit", args=[assessment.pk])).status_code == 302  # no warning stands in the way
    page = login(city.verifier).get(reverse("review", args=[assessment.pk, "1"])).content.decode()
    assert "tidak memuat teks" in page


def test_one_document_for_several_indicators_wants_pages_where_it_has_none(doubtful, assessment, city):
    other = assessment.answers.get(indicator__code="2")
    second = Evidence.objects.create(answer=other, version=doubtful.version, pages="2", added_by=city.operator)
    found = {
        doubt.code: [text for text in doubt.texts if "Dokumen yang sama" in text] for doubt in doubts_of(assessment)
    }
    assert found == {
        "1": [
            "Dokumen yang sama juga menjadi bukti indikator 2. Isi halaman yang mendukung indikator ini.",
        ],
        "2": [],
    }
    assert second.pages == "2"


def test_the_number_of_queries_does_not_grow(doubtful, assessment, city):
    assert assessment.period.year == 2026  # read before
    with CaptureQueriesContext(connection) as few:
        assert len(doubts_of(assessment)) == 1
    for code in ("2", "3", "4", "5"):
        Evidence.objects.create(
            answer=assessment.answers.get(indicator__code=code), version=doubtful.version, added_by=city.operator
        )
    with CaptureQueriesContext(connection) as many:
        assert len(doubts_of(assessment)) == 5
    assert (len(few), len(many)) == (1, 1)
