"""Anybody who holds a document can see whether it is genuine, and no more than that."""

import io
from datetime import timedelta

import pypdf
import pypdfium2
import pytest
import segno
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from audit.models import Event
from conftest import accept_all
from reports import making, services
from reports.kinds import agency
from reports.models import ReportJob
from reports.pdf import QR_SIZE, render_agency_report
from reports.queries import verify as queries
from reports.tests.sample import final_report
from reports.views import verify as views
from spbe_portal.formatting import datetime_id

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quick")]


@pytest.fixture
def quick(monkeypatch):
    def render(report):
        out = io.BytesIO()
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        writer.add_metadata({"/Title": f"{report.code} {report.generated_at}"})
        writer.write(out)
        return out.getvalue()

    monkeypatch.setattr(agency, "render_pdf", render)
    cache.clear()


def made(assessment, user):
    job = services.request_agency_report(assessment.pk, user)
    making.make(str(job.pk))
    job.refresh_from_db()
    assert job.status == "done"
    return job


def page_of(client, code):
    return client.get(reverse("verify_code", args=[code]))


def words(response):
    return " ".join(response.content.decode().split())


def upload(client, content, **fields):
    file = SimpleUploadedFile("laporan.pdf", content, content_type="application/pdf")
    return client.post(reverse("verify"), {"berkas": file, **fields})


def test_a_final_report_is_genuine_and_current(client, final, city):
    job = made(final, city.leader)
    response = page_of(client, job.code)
    page = words(response)
    assert response.status_code == 200
    for text in ("Asli dan berlaku", job.code, "Dinas Kesehatan", "Penilaian 2026", "3,00 (Baik), nilai verifikasi",
                 job.sha256, "PDF, 1 halaman"):  # fmt: skip
        assert (text, text in page) == (text, True)


def test_the_page_says_nothing_but_that(client, final, city):
    job = made(final, city.leader)
    page = words(page_of(client, job.code))
    private = [city.leader.name, city.operator.name, str(job.pk), "unduh", reverse("report_list")]
    assert [text for text in private if text.lower() in page.lower()] == []


def test_a_replaced_result_makes_its_report_superseded(client, final, period, city):
    job = made(final, city.leader)
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Keliru.")
    assert "Asli, tetapi sudah digantikan" in words(page_of(client, job.code))
    final.refresh_from_db()
    accept_all(final, city.verifier)
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Sudah diperbaiki.")
    assert "Asli, tetapi sudah digantikan" in words(page_of(client, job.code))
    assert "Asli dan berlaku" in words(page_of(client, made(final, city.leader).code))


def test_a_draft_is_genuine_and_never_the_final_outcome(client, approved, period, city):
    job = made(approved, city.leader)
    page = words(page_of(client, job.code))
    assert "Asli, tetapi draf" in page
    assert "bukan hasil final" in page
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Selesai.")
    assert "Hasil final sudah ada sejak itu" in words(page_of(client, job.code))


def test_an_unfinished_assessment_is_said_to_be_one(client, submitted, period, city):
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Tidak diverifikasi.")
    job = made(submitted, city.leader)
    assert "penilaian yang tidak selesai" in words(page_of(client, job.code))


@pytest.mark.parametrize("code", ["LPO-2026-AAAA-AAAA", "x", "' OR 1=1", "LPO-2026", "%00", "A" * 300])
def test_an_unknown_code_is_not_found_in_a_friendly_way(client, code):
    response = page_of(client, code)
    assert response.status_code == 404
    assert "Tidak dikenal" in words(response)
    assert reverse("verify") in words(response)


def test_a_code_may_be_typed_as_one_likes(client, final, city):
    job = made(final, city.leader)
    for typed in (job.code.lower(), job.code.replace("-", " "), job.code.replace("-", ""), f"  {job.code} "):
        response = client.get(reverse("verify"), {"kode": typed})
        assert (response.status_code, response.url) == (302, reverse("verify_code", args=[job.code]))
        assert page_of(client, typed.strip()).status_code == 200
    nonsense = client.get(reverse("verify"), {"kode": "LPO-12 <b>"})
    assert nonsense.status_code == 404
    assert "LPO-12 &lt;b&gt;" in words(nonsense)


def test_what_was_asked_for_and_never_made_is_unknown(client, final, city):
    job = services.request_agency_report(final.pk, city.leader)
    assert page_of(client, job.code).status_code == 404
    services.cancel(job.pk, city.leader)
    assert page_of(client, job.code).status_code == 404


def test_the_same_file_is_found_by_its_content_alone_and_with_its_code(client, final, city):
    job = made(final, city.leader)
    content = job.file.read()
    for response in (upload(client, content), upload(client, content, kode=job.code.lower())):
        assert response.status_code == 200
        assert "Berkas sama persis" in words(response)
        assert "Asli dan berlaku" in words(response)


def test_a_changed_file_is_different(client, final, city):
    job = made(final, city.leader)
    changed = job.file.read() + b" "
    with_code = upload(client, changed, kode=job.code)
    assert (with_code.status_code, "Berkas berbeda" in words(with_code)) == (200, True)
    assert "Berkas sama persis" not in words(with_code)
    without = upload(client, changed)
    assert (without.status_code, "Tidak dikenal" in words(without)) == (404, True)


def test_another_genuine_file_than_the_codes_is_said_to_be_another(client, final, city):
    job = made(final, city.leader)
    sheet = services.request_report(kind="agency", user=city.leader, assessment_id=final.pk, format="xlsx")
    making.make(str(sheet.pk))
    response = upload(client, ReportJob.objects.get(pk=sheet.pk).file.read(), kode=job.code)
    assert "Berkas ini laporan lain" in words(response)
    assert sheet.code in words(response)


def test_a_copy_of_a_file_that_was_lost_and_made_again_is_still_genuine(client, final, city):
    job = made(final, city.leader)
    old = job.file.read()
    services.mark_lost(job)
    assert "Berkas sama persis" in words(upload(client, old, kode=job.code))
    again = made(final, city.leader)
    assert (again, again.sha256 != job.sha256) == (job, True)
    for content in (old, again.file.read()):
        for fields in ({}, {"kode": job.code}):
            assert "Berkas sama persis" in words(upload(client, content, **fields))


def test_nothing_of_an_upload_is_stored(client, final, city, settings, tmp_path):
    made(final, city.leader)
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    before = sorted(settings.MEDIA_ROOT.rglob("*"))
    events = Event.objects.count()
    upload(client, b"%PDF-1.7" + b"x" * 100_000)
    assert sorted(settings.MEDIA_ROOT.rglob("*")) == before
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    assert Event.objects.count() == events


def test_a_file_that_is_too_large_or_missing_is_said(client, settings):
    settings.EVIDENCE_MAX_BYTES = 1000
    response = upload(client, b"x" * 2000, kode="LPO-2026-AAAA-AAAA")
    assert (response.status_code, "terlalu besar" in words(response)) == (400, True)
    assert "Laporan di dalam ZIP dapat diperiksa satu per satu." in words(response)
    assert 'value="LPO-2026-AAAA-AAAA"' in words(response)
    assert "Pilih berkas" in words(client.post(reverse("verify")))
    response = upload(client, b"")
    assert (response.status_code, "Berkas ini kosong" in words(response)) == (400, True)


@pytest.mark.parametrize("query, said", [({"kode": " "}, True), ({}, False)])
def test_a_code_that_was_not_typed_is_asked_for(client, query, said):
    response = client.get(reverse("verify"), query)
    assert (response.status_code, "Ketik kode dokumennya." in words(response)) == (200, said)


def test_the_time_is_the_one_the_document_bears(client, final, city, monkeypatch):
    borne, render = [], agency.render_pdf
    monkeypatch.setattr(agency, "render_pdf", lambda report: borne.append(report.generated_at) or render(report))
    job = made(final, city.leader)
    three = timedelta(minutes=3)
    ReportJob.objects.update(created_at=job.created_at - three, finished_at=job.finished_at + three)
    assert f"<dt>Dibuat</dt><dd>{datetime_id(borne[0])}</dd>" in words(page_of(client, job.code))


def test_a_forged_post_is_refused(final):
    from django.test import Client

    response = upload(Client(enforce_csrf_checks=True), b"x")
    assert response.status_code == 403


def test_an_address_may_ask_so_often_and_no_more(client, final, city, monkeypatch):
    job = made(final, city.leader)
    monkeypatch.setattr(views, "CHECKS_A_MINUTE", 3)
    now = [1_800_000_000.0]
    monkeypatch.setattr(views.time, "time", lambda: now[0])
    codes = [page_of(client, job.code).status_code, page_of(client, "x").status_code, upload(client, b"x").status_code]
    assert codes == [200, 404, 404]
    refused = page_of(client, job.code)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert "Terlalu banyak permintaan" in words(refused)
    assert (upload(client, b"x").status_code, client.get(reverse("verify"), {"kode": "x"}).status_code) == (429, 429)
    assert client.get(reverse("verify")).status_code == 200
    assert client.get(reverse("verify_code", args=[job.code]), REMOTE_ADDR="10.1.1.1").status_code == 200
    now[0] += 60
    assert page_of(client, job.code).status_code == 200


def test_who_asks_too_often_is_refused_before_an_upload_is_read(client, monkeypatch):
    read = []
    monkeypatch.setattr(views, "CHECKS_A_MINUTE", 1)
    monkeypatch.setattr(views.DigestHandler, "receive_data_chunk", lambda *args: read.append(args))
    assert [upload(client, b"x").status_code for _ in range(3)] == [404, 429, 429]
    assert len(read) == 1


def test_the_answer_takes_one_query(client, final, city, django_assert_num_queries):
    job = made(final, city.leader)
    page_of(client, job.code)
    with django_assert_num_queries(1):
        page_of(client, job.code)


def test_the_answer_is_kept_by_nobody(client, final, city):
    assert "no-store" in page_of(client, made(final, city.leader).code)["Cache-Control"]


def test_minutes_of_no_numbered_result_are_superseded_by_newer_ones(period):
    now = timezone.now()

    def minutes(number, **fields):
        return ReportJob.objects.create(**{
            "code": f"BAV-2026-AAAA-AAA{'3467'[number]}", "kind": "minutes", "period": period, "key": str(number),
            "is_draft": False, "status": "done", "queued_at": now, "finished_at": now + timedelta(days=number),
            "file": "x", "sha256": str(number) * 64, **fields,
        })  # fmt: skip

    old, draft, new = minutes(0), minutes(1, is_draft=True), minutes(2)
    sheet = minutes(3, format="xlsx")
    assert [queries.by_code(each.code).state for each in (old, draft, new, sheet)] == [
        queries.SUPERSEDED, queries.DRAFT, queries.CURRENT, queries.CURRENT,
    ]  # fmt: skip


@pytest.mark.once
def test_the_qr_code_on_every_page_leads_to_the_check(fonts):
    """The squares of the printed code are those of its address."""
    report = final_report()
    expected = [[bool(dot) for dot in line] for line in segno.make(report.check_url, error="m", micro=False).matrix]
    document = pypdfium2.PdfDocument(render_agency_report(report))
    assert len(document) > 2
    for page in document:
        scale = 300 / 72
        picture = page.render(scale=scale).to_pil().convert("L")
        mm = 300 / 25.4
        left, top, dot = 20 * mm, (297 - 27 + 4.5) * mm, QR_SIZE * mm / len(expected)
        seen = [
            [picture.getpixel((int(left + (x + 0.5) * dot), int(top + (y + 0.5) * dot))) < 128
             for x in range(len(expected))]
            for y in range(len(expected))
        ]  # fmt: skip
        assert seen == expected


def test_every_document_is_told_where_it_is_checked(final, city, settings, monkeypatch):
    settings.PUBLIC_URL = "https://spbe.kota.example"
    seen = []
    whole = agency.render_pdf
    monkeypatch.setattr(agency, "render_pdf", lambda report: (seen.append(report.check_url), whole(report))[1])
    job = made(final, city.leader)
    assert seen == [f"https://spbe.kota.example{reverse('verify_code', args=[job.code])}"]
    settings.PUBLIC_URL = "https://lain.example"
    assert services.request_agency_report(final.pk, city.leader) != job
