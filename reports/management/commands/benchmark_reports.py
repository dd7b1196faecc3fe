"""Measures the batch of all agencies' reports with one and with more workers, in a folder of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.utils import timezone

from accounts.models import Role, User
from assessments.models import Answer, Assessment, Document, DocumentVersion, Evidence, Period, Review, Status
from reports import services
from reports.benchmark import BATCH, World
from reports.models import BatchPart, ReportJob

INSIDE = "BENCHMARK_REPORTS_INSIDE"
DOCUMENTS = 12  # an agency
PATIENCE = 3600  # seconds


@dataclass(frozen=True)
class Measure:
    """One run: from the request to the finished ZIP."""

    workers: int
    reports: int
    pages: int
    seconds: float
    megabytes: float

    @property
    def a_second(self) -> float:
        return self.reports / self.seconds


class Command(BaseCommand):
    help = (
        "Measure how long the reports of all agencies take, as one batch, with the numbers of workers given. "
        "Works in a scratch database; the portal's data is neither read nor written."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reports", type=int, default=200, help="agencies, each with one report")
        parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers to measure")

    def handle(self, *args: Any, **options: Any) -> None:
        reports, workers = options["reports"], options["workers"]
        if reports < 1 or min(workers) < 1:
            raise CommandError("Jumlah laporan dan pekerja paling sedikit 1.")
        inside = os.environ.get(INSIDE)
        if inside == "build":
            build(reports)
        elif inside == "run":
            self.stdout.write(json.dumps(run()))
        else:
            self._measure(reports, workers)

    def _measure(self, reports: int, workers: list[int]) -> None:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            self.stderr.write(f"Menyiapkan {reports} penilaian ...")
            scratch = Scratch(Path(folder), reports)
            scratch.command("build")
            found = []
            for number in workers:
                self.stderr.write(f"Membuat {reports} laporan dengan {number} pekerja ...")
                found.append(scratch.measure(number))
        self.stdout.write(table(found))


class Scratch:
    """A portal of its own in a folder that goes afterwards: database, files, queue."""

    def __init__(self, folder: Path, reports: int):
        self.folder, self.reports = folder, reports
        unwanted = {"DATABASE_URL", "REDIS_URL", "DEBUG", "REPORT_SIGNING_CERTIFICATE", "LOG_LEVEL"}
        self.environment = {key: value for key, value in os.environ.items() if key not in unwanted}
        self.environment |= {"VAR_DIR": str(folder), "LOG_LEVEL": "INFO", "PYTHONWARNINGS": "ignore"}

    def command(self, what: str) -> str:
        """What this command says as a process inside; raises `CommandError` where it fails."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark_reports"]
        done = subprocess.run(
            [*command, "--reports", str(self.reports)],
            env={**self.environment, INSIDE: what},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandError("Pengukuran gagal.")
        return done.stdout

    def measure(self, number: int) -> Measure:
        """One batch, made by `number` workers that are ready before it is asked for."""
        logs = [self.folder / f"worker-{number}-{place}.log" for place in range(number)]
        workers = [self._worker(place, log) for place, log in enumerate(logs)]
        try:
            deadline = time.monotonic() + 60
            while not all(" ready" in log.read_text(errors="replace") for log in logs):
                if time.monotonic() > deadline or any(worker.poll() is not None for worker in workers):
                    raise CommandError("Pekerja tidak mau mulai.")
                time.sleep(0.2)
            return Measure(number, **json.loads(self.command("run").splitlines()[-1]))
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                try:
                    worker.wait(30)
                except subprocess.TimeoutExpired:
                    worker.kill()

    def _worker(self, place: int, log: Path) -> subprocess.Popen:
        """As `script/server` starts it: one task at a time."""
        command = [sys.executable, "-m", "celery", "-A", "spbe_portal", "worker", "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--pool", "solo"]
        with log.open("wb") as out:
            return subprocess.Popen(
                [*command, "--hostname", f"ukur{place}@%h"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )


# --- Inside the scratch folder -------------------------------------------------------------------------------


class FullWorld(World):
    """Every assessment of the running year approved, with decisions and evidence: reports as long as real ones."""

    def _assessment(self, period: Period, agency: Any, status: str) -> Assessment:
        return super()._assessment(period, agency, status if status == Status.FINAL else Status.APPROVED)

    def _answer(self, assessments: list[Assessment]) -> None:
        super()._answer(assessments)
        by_agency = {assessment.agency_id: self._versions(assessment.agency_id) for assessment in assessments}
        answers = list(Answer.objects.filter(assessment__in=assessments).select_related("assessment"))
        verifier = self.people[Role.COORDINATOR]
        Review.objects.bulk_create(
            (
                Review(answer=answer, round=1, decision="accept", verified_level=answer.self_level, reviewer=verifier,
                       decided_at=self.now, is_published=True)
                for answer in answers
            ),
            batch_size=BATCH,
        )  # fmt: skip
        Evidence.objects.bulk_create(
            (
                Evidence(answer=answer, version=self._draw.choice(by_agency[answer.assessment.agency_id]),
                         added_by=verifier)
                for answer in answers
            ),
            batch_size=BATCH,
        )  # fmt: skip

    def _versions(self, agency_id: int) -> list[DocumentVersion]:
        person = self.people[Role.OPERATOR]
        documents = Document.objects.bulk_create(
            Document(agency_id=agency_id, title=f"Laporan pelaksanaan kegiatan {number}", number=f"000/{number}/2026",
                     date=timezone.localdate(), created_by=person)
            for number in range(DOCUMENTS)
        )  # fmt: skip
        return DocumentVersion.objects.bulk_create(
            DocumentVersion(document=document, original_name=f"laporan-{document.pk}.pdf",
                            file=f"evidence/{document.pk}.pdf", content_type="application/pdf", size=250_000,
                            sha256=f"{document.pk:064d}", uploaded_by=person)
            for document in documents
        )  # fmt: skip


def build(reports: int) -> None:
    """Fill the database of this process."""
    call_command("build_fonts", verbosity=0)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("load_instruments", stdout=StringIO())
    FullWorld(reports)


def run() -> dict[str, float]:
    """Ask for the batch of the running year and wait for its ZIP. What an earlier run made is forgotten first."""
    BatchPart.objects.all().delete()
    ReportJob.objects.all().delete()
    leader = User.objects.get(username=f"ukur-{Role.LEADER}")
    period = Period.objects.get(status=Period.Status.OPEN)
    start = time.perf_counter()
    job = services.request_report(kind=ReportJob.Kind.BATCH, user=leader, period_id=period.pk)
    while job.is_waiting:
        if time.perf_counter() - start > PATIENCE:
            raise CommandError("Kumpulan laporan tidak selesai.")
        time.sleep(0.2)
        job.refresh_from_db()
    seconds = time.perf_counter() - start
    if job.status != ReportJob.Status.DONE:
        raise CommandError(f"Kumpulan laporan berakhir sebagai {job.status}: {job.error}")
    made = job.parts.filter(status=ReportJob.Status.DONE).count()
    return {"reports": made, "pages": job.pages, "seconds": seconds, "megabytes": job.size / 1_000_000}


def table(found: list[Measure]) -> str:
    """A line a run; the last column says how many times as fast as the first."""
    lines = [f"{'pekerja':>8}{'laporan':>9}{'halaman':>9}{'detik':>9}{'laporan/detik':>15}{'ZIP MB':>8}{'rasio':>7}"]
    lines += [
        f"{each.workers:>8}{each.reports:>9}{each.pages:>9}{each.seconds:>9.1f}{each.a_second:>15.2f}"
        f"{each.megabytes:>8.1f}{each.a_second / found[0].a_second:>7.2f}"
        for each in found
    ]
    return "\n".join(lines)
