"""The national package: what is in it, what it lacks, who may have it, and that it arrives whole."""

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Role
from assessments import workflow
from assessments.errors import WrongState
from assessments.models import Answer, Document, DocumentVersion, Evidence, Period
from assessments.past import plan as past_plan
from assessments.past import sheet as past_sheet
from assessments.past import write as past_write
from assessments.services import determination
from assessments.services.assignments import set_assignments
from assessments.tests.files import pdf
from assessments.uploads.names import TYPES
from audit.models import Event
from conftest import accept_all, fill, make_person
from reports import holding, making, services
from reports.models import ReportJob
from reports.package import writing
from reports.queries import package as queries
from spbe_portal.tests.api import client_of

pytestmark = pytest.mark.django_db


def add(answer: Answer, user, title: str, content=b"", *, kind="pdf", url="", **facts) -> Evidence:
    """A piece of evidence with this very content."""
    document = Document.objects.create(agency=answer.assessment.agency, title=title, created_by=user)
    version = DocumentVersion(document=document, uploaded_by=user, url=url, **facts)
    if not url:
        version.original_name, version.content_type = f"{title}.{kind}", TYPES[kind]
        version.size, version.sha256 = len(content), hashlib.sha256(content).hexdigest()
        version.file.save(f"evidence/{document.pk}.{kind}", ContentFile(content), save=False)
    version.save()
    return Evidence.objects.create(answer=answer, version=version, added_by=user, pages="3-5")


@pytest.fixture
def led(assessment, period, city):
    """Dinkes is PIC of everything and has answered; indicator 12 has three files and a link, 13 one DOCX."""
    codes = list(period.instrument.indicators.values_list("code", flat=True))
    changes = [(city.dinkes.pk, code, "pic") for code in codes]
    set_assignments(period_id=period.pk, user=city.coordinator, changes=changes, reason="SK.")
    fill(assessment, city.operator)
    shared = Evidence.objects.filter(answer__assessment=assessment).first().version
    DocumentVersion.objects.filter(pk=shared.pk).update(sha256=hashlib.sha256(b"%PDF-1.4\n").hexdigest())
    answers = {answer.indicator.code: answer for answer in assessment.answers.select_related("indicator")}
    Evidence.objects.filter(answer__in=[answers["12"], answers["13"]]).delete()
    add(answers["12"], city.operator, "Peta rencana", pdf(2))
    add(answers["12"], city.operator, "Peta rencana", pdf(3))
    add(answers["12"], city.operator, "Notula rapat", b"PK docx", kind="docx")
    add(answers["12"], city.operator, "Situs", url="https://spbe.example/peta")
    add(answers["13"], city.operator, "Anggaran", b"PK lain", kind="docx")
    return answers


@pytest.fixture
def complete(led, assessment, period, city):
    """Approved, determined, final: nothing is missing."""
    workflow.submit(assessment_id=assessment.pk, user=city.operator)
    assessment.refresh_from_db()
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Selesai.")
    determination.determine_suggested(period_id=period.pk, user=city.coordinator)
    workflow.finalise_pemda(period_id=period.pk, user=city.coordinator)
    return led


@pytest.fixture
def ask(sent, django_capture_on_commit_callbacks):
    def _ask(period, user):
        with django_capture_on_commit_callbacks(execute=True):
            return services.request_report(kind="package", user=user, period_id=period.pk)

    return _ask


def made(job: ReportJob) -> ReportJob:
    making.make(str(job.pk))
    return ReportJob.objects.get(pk=job.pk)


def archive_of(job: ReportJob) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(job.file.read()))


def gaps_of(period, code: str) -> list[str]:
    item = next(item for item in queries.sources(period.pk).items if item.given.code == code)
    return [gap.kind for gap in item.gaps]


def test_every_indicator_has_its_file_its_text_and_its_row(complete, period, city, ask):
    job = made(ask(period, city.coordinator))
    assert (job.status, job.progress, job.is_draft, job.result_revision) == ("done", 100, False, 1)
    archive = archive_of(job)
    names = [name for name in archive.namelist() if name.startswith("berkas/")]
    assert len(names) == 47
    assert names[0] == "berkas/01-Kebijakan-Arsitektur-SPBE.pdf"
    assert names[11] == "berkas/12-Peta-Rencana-SPBE.zip"
    assert archive.read(names[0]) == b"%PDF-1.4\n"
    inner = zipfile.ZipFile(io.BytesIO(archive.read(names[11])))
    assert inner.namelist() == ["12a-Peta-rencana.pdf", "12b-Peta-rencana.pdf", "12c-Notula-rapat.docx"]
    assert (inner.read("12b-Peta-rencana.pdf"), inner.read("12c-Notula-rapat.docx")) == (pdf(3), b"PK docx")
    assert inner.testzip() is None
    assert archive.read("teks/01.txt").decode() == (
        "Indikator 1. Tingkat Kematangan Kebijakan Internal Arsitektur SPBE Instansi Pusat/Pemerintah Daerah\r\n\r\n"
        "Level: 3 (ditetapkan)\r\n\r\nFAKTA\r\nAda.\r\n\r\nANALISIS\r\nMemenuhi.\r\n"
    )
    assert archive.read("teks/12.txt").decode().endswith("TAUTAN\r\nSitus: https://spbe.example/peta\r\n")
    sheet = load_workbook(io.BytesIO(archive.read("indeks.xlsx")))["Indeks"]
    head, first, *rows = list(sheet.iter_rows(values_only=True))
    row = dict(zip(head, first, strict=True))
    assert (row["No."], row["Level"], row["Asal level"], row["PIC"]) == ("1", 3, "ditetapkan", "Dinas Kesehatan")
    assert (row["Berkas"], row["Ukuran (byte)"]) == ("01-Kebijakan-Arsitektur-SPBE.pdf", 9)
    assert row["SHA-256"] == hashlib.sha256(b"%PDF-1.4\n").hexdigest()
    twelfth = dict(zip(head, rows[10], strict=True))
    assert twelfth["Tautan"] == "https://spbe.example/peta"
    assert twelfth["Halaman yang dirujuk"].splitlines()[0] == "12a-Peta-rencana.pdf: 3-5"


def test_the_sums_are_those_of_all_files(complete, period, city, ask):
    archive = archive_of(made(ask(period, city.coordinator)))
    lines = dict(reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert sorted(lines) == sorted(set(archive.namelist()) - {"SHA256SUMS"})
    for name, digest in lines.items():
        assert (name, hashlib.sha256(archive.read(name)).hexdigest()) == (name, digest)
    assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_same_data_gives_the_same_bytes(complete, period, city, ask):
    first = made(ask(period, city.coordinator))
    assert ask(period, city.coordinator) == first
    ReportJob.objects.filter(pk=first.pk).update(key="another")
    again = made(ask(period, city.coordinator))
    assert again != first
    assert again.sha256 == first.sha256


def test_a_change_makes_another_package(led, period, city, ask):
    first = ask(period, city.coordinator)
    Answer.objects.filter(pk=led["7"].pk).update(fact="Lain.")
    assert ask(period, city.coordinator) != first


def test_what_is_not_final_is_a_draft_and_says_so(led, period, city, ask):
    job = made(ask(period, city.coordinator))
    assert (job.status, job.is_draft) == ("done", True)
    sheet = load_workbook(io.BytesIO(archive_of(job).read("indeks.xlsx")))["Indeks"]
    assert sheet["A1"].value == "DRAF: nilai Pemda belum final"
    assert gaps_of(period, "7") == ["undetermined", "not_approved"]


def test_the_planned_sizes_are_the_real_ones(led, period, city, ask):
    planned = {f"berkas/{file.name}": file.size for item in queries.sources(period.pk).items for file in item.files}
    archive = archive_of(made(ask(period, city.coordinator)))
    assert {entry.filename: entry.file_size for entry in archive.infolist() if entry.filename in planned} == planned


def test_what_is_too_large_is_divided_or_left_out_and_named(complete, period, city, ask, settings):
    sizes = [len(pdf(2)), len(pdf(3))]
    settings.PACKAGE_FILE_MAX_BYTES = max(sizes) + 210
    add(complete["13"], city.operator, "Besar sekali", b"%PDF" + b"x" * settings.PACKAGE_FILE_MAX_BYTES)
    items = {item.given.code: item for item in queries.sources(period.pk).items}
    twelfth, thirteenth = items["12"], items["13"]
    assert [file.name for file in twelfth.files] == [
        "12-Peta-Rencana-SPBE-bagian-1.zip",
        "12-Peta-Rencana-SPBE-bagian-2.zip",
    ]
    assert [gap.kind for gap in twelfth.gaps] == ["too_large", "same_name"]
    assert "unggah 12-Peta-Rencana-SPBE-bagian-1.zip, dan tulis tautan" in twelfth.gaps[0].text
    assert ([piece.title for piece in thirteenth.left_out], thirteenth.gaps[0].kind) == (["Besar sekali"], "too_large")
    archive = archive_of(made(ask(period, city.coordinator)))
    sizes_made = [entry.file_size for entry in archive.infolist() if entry.filename.startswith("berkas/")]
    assert max(sizes_made) <= settings.PACKAGE_FILE_MAX_BYTES
    second = zipfile.ZipFile(io.BytesIO(archive.read("berkas/12-Peta-Rencana-SPBE-bagian-2.zip")))
    assert second.read("12b-Peta-rencana.pdf") == pdf(3)


@pytest.mark.parametrize(
    ("facts", "gap", "is_in"),
    [
        ({"scan": "infected"}, "infected", False),
        ({"scan": "pending"}, "not_scanned", False),
        ({"is_encrypted": True, "page_count": None}, "locked", True),
        ({"preview": "failed"}, "unreadable", True),
    ],
)
def test_a_file_that_cannot_be_read_is_a_gap(complete, period, city, facts, gap, is_in):
    evidence = add(complete["20"], city.operator, "Rusak", b"%PDF-1.7 x", **facts)
    item = next(item for item in queries.sources(period.pk).items if item.given.code == "20")
    assert [each.kind for each in item.gaps] == [gap]
    assert queries.url_of(item.gaps[0]) == reverse("document", args=[evidence.version.document_id])
    inside = [one.piece.title for file in item.files for one in file.inside]
    assert ("Rusak" in inside) == is_in


def test_missing_answers_explanations_and_evidence_are_gaps(led, assessment, period, city):
    assert gaps_of(period, "1") == ["undetermined", "not_approved"]
    Answer.objects.filter(pk=led["1"].pk).update(analysis=" ")
    Evidence.objects.filter(answer=led["2"]).delete()
    Evidence.objects.filter(answer=led["3"]).delete()
    add(led["3"], city.operator, "Situs", url="https://spbe.example/")
    Answer.objects.filter(pk=led["4"].pk).update(self_level=None)
    set_assignments(
        period_id=period.pk, user=city.coordinator, changes=[(city.dinkes.pk, "5", "support")], reason="SK."
    )
    before = ["undetermined", "not_approved"]
    assert gaps_of(period, "1") == [*before, "no_explanation"]
    assert gaps_of(period, "2") == [*before, "no_evidence"]
    assert gaps_of(period, "3") == [*before, "links_only"]
    assert gaps_of(period, "4") == [*before, "unanswered"]
    assert gaps_of(period, "5") == ["no_pic", "undetermined"]


def test_a_lost_file_is_a_gap_and_the_package_is_made_without_it(complete, period, city, ask):
    version = Evidence.objects.filter(answer=complete["13"]).get().version
    default_storage.delete(version.file.name)
    assert gaps_of(period, "13") == ["lost"]
    archive = archive_of(made(ask(period, city.coordinator)))
    assert not [name for name in archive.namelist() if name.startswith("berkas/13-")]
    rows = load_workbook(io.BytesIO(archive.read("indeks.xlsx")))["Kekurangan"].iter_rows(values_only=True, min_row=2)
    assert ("13", "Berkas hilang") in [(row[0], row[2]) for row in rows]


def test_a_file_that_goes_while_it_is_packed_is_left_out(complete, period, city, ask, monkeypatch):
    version = Evidence.objects.filter(answer=complete["13"]).get().version
    job = ask(period, city.coordinator)
    real = writing._read

    def read_then_lose(job):
        rows = real(job)
        default_storage.delete(version.file.name)
        return rows

    monkeypatch.setattr(writing, "_read", read_then_lose)
    job = made(job)
    assert (job.status, job.attempts) == ("done", 1)
    assert not [name for name in archive_of(job).namelist() if name.startswith("berkas/13-")]


def test_a_file_that_is_not_what_was_uploaded_is_named(complete, period, city, ask):
    version = Evidence.objects.filter(answer=complete["13"]).get().version
    with default_storage.open(version.file.name, "wb") as stored:
        stored.write(b"PK lama")
    archive = archive_of(made(ask(period, city.coordinator)))
    rows = load_workbook(io.BytesIO(archive.read("indeks.xlsx")))["Kekurangan"].iter_rows(values_only=True, min_row=2)
    assert ("13", "Berkas berubah") in [(row[0], row[2]) for row in rows]


def test_nothing_typed_becomes_a_formula(led, period, city, ask):
    Answer.objects.filter(pk=led["1"].pk).update(fact='=HYPERLINK("http://x")')
    book = load_workbook(io.BytesIO(archive_of(made(ask(period, city.coordinator))).read("indeks.xlsx")))
    cells = [cell for row in book["Indeks"].iter_rows() for cell in row if cell.value == '=HYPERLINK("http://x")']
    assert [cell.data_type for cell in cells] == ["s"]


# --- Who may -----------------------------------------------------------------------------------------


def test_only_coordinators_ask_for_it_and_know_of_it(led, period, city, ask, login):
    for person in (city.operator, city.verifier, city.leader, city.admin, city.outsider):
        with pytest.raises(PermissionDenied):
            services.request_report(kind="package", user=person, period_id=period.pk)
    job = made(ask(period, city.coordinator))
    second = make_person("koordinator2", (Role.COORDINATOR, city.dinsos))
    for person, status in ((city.operator, 404), (city.verifier, 404), (city.leader, 404), (second, 200)):
        assert login(person).get(reverse("report_download", args=[job.pk])).status_code == status
    assert Event.objects.filter(action="report.download", actor=second).count() == 1


def test_a_period_in_preparation_has_none(period, city, login):
    Period.objects.filter(pk=period.pk).update(status="draft")
    assert login(city.coordinator).get(reverse("package", args=[period.pk])).status_code == 404
    Period.objects.filter(pk=period.pk).update(status="cancelled")
    assert login(city.coordinator).get(reverse("package", args=[period.pk])).status_code == 403


# --- The page ----------------------------------------------------------------------------------------


def test_the_page_names_what_is_missing_and_where_it_is_mended(led, period, city, login):
    Evidence.objects.filter(answer=led["2"]).delete()
    page = login(city.coordinator).get(reverse("package", args=[period.pk]), {"jenis": "no_evidence"})
    text = page.content.decode()
    assert "Buat paket DRAF" in text
    assert "Tidak ada bukti dukung." in text
    assert reverse("answer", args=[led["2"].assessment_id, "2"]) in text
    assert "3. Kebijakan Manajemen Data" not in text
    assert page.context["lacking"] == 47


def test_asking_leads_to_the_job(led, period, city, login, sent):
    answer = login(city.coordinator).post(reverse("package", args=[period.pk]))
    job = ReportJob.objects.get(kind="package")
    assert answer.url == reverse("report", args=[job.pk])
    assert Event.objects.filter(action="report.request", actor=city.coordinator).count() == 1
    page = login(city.coordinator).get(answer.url).content.decode()
    assert "Paket nasional" in page
    assert "Hentikan" in page


def test_the_queries_do_not_grow_with_the_evidence(led, period, city, login):
    client = login(city.coordinator)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("package", args=[period.pk]))
        counts.append(len(asked))
        for number, answer in enumerate(led.values()):
            add(answer, city.operator, f"Lagi {number}", b"PK %d" % number, kind="docx")
    assert counts[0] == counts[1]
    assert counts[0] <= 20


# --- The work ----------------------------------------------------------------------------------------


def test_it_is_stopped_while_it_is_packed(led, period, city, ask, monkeypatch):
    job = ask(period, city.coordinator)
    beats = []

    def stop_after_a_while(*about):
        beats.append(about[2])
        if len(beats) == 5:
            services.cancel(job.pk, city.coordinator)
        return holding.beat(*about)

    monkeypatch.setattr(writing, "beat", stop_after_a_while)
    job = made(job)
    assert (job.status, str(job.file), len(beats)) == ("cancelled", "", 5)
    assert beats[1:4] == ["1 dari 47 indikator", "2 dari 47 indikator", "3 dari 47 indikator"]
    with pytest.raises(WrongState):
        services.cancel(job.pk, city.coordinator)


def test_stopped_while_it_is_stored_nothing_stays(led, period, city, ask, monkeypatch):
    job = ask(period, city.coordinator)
    monkeypatch.setattr(writing, "BEAT_AFTER", 1)

    def stop_when_storing(*about):
        if about[1] > 92:
            services.cancel(job.pk, city.coordinator)
        return holding.beat(*about)

    monkeypatch.setattr(writing, "beat", stop_when_storing)
    assert made(job).status == "cancelled"
    assert default_storage.listdir(f"reports/{period.year}")[1] == []


def test_a_killed_worker_is_followed_by_another(led, period, city, ask, sent, monkeypatch):
    job = ask(period, city.coordinator)

    def die(*about):
        # What a worker leaves that dies while it stores.
        default_storage.save(f"reports/{period.year}/{job.pk}-1.zip", ContentFile(b"half"))
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_store", die)
        with pytest.raises(SystemExit):
            making.make(str(job.pk))
    ReportJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - holding.LOST_AFTER - timedelta(seconds=1))
    assert making.take_up_lost() == [str(job.pk)]
    done = made(job)
    assert (done.status, done.attempts) == ("done", 2)
    assert default_storage.listdir(f"reports/{period.year}")[1] == [f"{job.pk}-2.zip"]


def test_a_broken_download_goes_on_where_it_ended(led, period, city, ask, login):
    job = made(ask(period, city.coordinator))
    client, url = login(city.coordinator), reverse("report_download", args=[job.pk])
    whole = b"".join(client.get(url).streaming_content)
    half = len(whole) // 2
    rest = client.get(url, headers={"Range": f"bytes={half}-", "If-Range": f'"{job.sha256}"'})
    assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes {half}-{len(whole) - 1}/{len(whole)}")
    assert whole[:half] + b"".join(rest.streaming_content) == whole
    assert hashlib.sha256(whole).hexdigest() == job.sha256
    assert rest["Content-Disposition"] == 'attachment; filename="paket-nasional-2026-draf.zip"'


class Watched(io.BytesIO):
    """A stored file that says how much of it is asked for at once."""

    asked: ClassVar[list[int]] = []

    def read(self, size=-1):
        self.asked.append(size)
        return super().read(size)


def test_no_evidence_file_is_read_whole(led, period, city, ask, monkeypatch):
    Watched.asked.clear()
    monkeypatch.setattr(writing, "BLOCK", 64)
    real = default_storage.open
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "open", lambda name, mode="rb": Watched(real(name, mode).read()))
        making.make(str(ask(period, city.coordinator).pk))
    assert ReportJob.objects.get().status == "done"
    assert set(Watched.asked) == {64}


# --- For programs ------------------------------------------------------------------------------------


def test_programs_read_the_gaps_and_have_it_made(led, period, city, sent, django_capture_on_commit_callbacks):
    Evidence.objects.filter(answer=led["2"]).delete()
    client, url = client_of(city.coordinator), reverse("api_package", args=[period.pk])
    told = client.get(url).json()
    assert (told["is_draft"], told["complete"], len(told["indicators"])) == (True, 0, 47)
    second = told["indicators"][1]
    assert (second["number"], second["files"], second["level"]) == ("2", [], None)
    assert [gap["kind"] for gap in second["gaps"]] == ["undetermined", "not_approved", "no_evidence"]
    assert second["gaps"][2]["page"] == reverse("answer", args=[led["2"].assessment_id, "2"])
    assert told["indicators"][0]["files"] == [{"name": "01-Kebijakan-Arsitektur-SPBE.pdf", "size": 9}]
    with django_capture_on_commit_callbacks(execute=True):
        asked = client.post(url, {}, format="json")
    assert (asked.status_code, sent) == (202, [asked.json()["id"]])
    assert asked.headers["Location"] == reverse("api_report", args=[asked.json()["id"]])
    for person in (city.verifier, city.leader, city.operator):
        assert client_of(person).post(url, {}, format="json").status_code == 403


def test_a_past_year_that_was_brought_in_is_not_packed_and_has_no_berita_acara(instrument, city, login):
    lines = [
        (1, ["Tahun", "Indikator", "Nilai hasil"]),
        *((code + 1, ["2023", str(code), "3"]) for code in range(1, 48)),
    ]
    found = past_plan.plan(past_sheet.read(lines))
    period = past_write.apply(found, user=city.coordinator, file_name="riwayat.csv").periods[0]
    client, address = login(city.coordinator), reverse("package", args=[period.pk])
    assert client.get(address).status_code == 403
    with pytest.raises(PermissionDenied):
        services.request_report(kind="minutes", user=city.coordinator, period_id=period.pk)
    for page in (
        reverse("period", args=[period.pk]),
        f"{reverse('determination')}?periode={period.pk}",
        f"{reverse('pemda')}?periode={period.pk}",
    ):
        text = client.get(page).content.decode()
        assert address not in text
        assert 'value="minutes"' not in text
