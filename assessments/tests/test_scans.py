"""Scanning: the protocol against a small clamd of our own, and what becomes of a file while it waits and after."""

import io
import socket
import threading
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Notification
from assessments import previews, scanner, scans, tasks, workflow
from assessments.errors import Invalid, NotReady
from assessments.models import DocumentVersion, Evidence, PagePreview
from assessments.services import evidence as services
from assessments.services import library
from assessments.tests.files import pdf
from audit.models import Event
from conftest import attach, fill

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + rb"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """Speaks as much of clamd's protocol as the portal does. `says` overrides the verdict; `limit` in bytes."""

    def __init__(self, family: int = socket.AF_INET, path: str = ""):
        self.server = socket.socket(family, socket.SOCK_STREAM)
        self.server.bind(path if path else ("127.0.0.1", 0))
        self.server.listen()
        self.address = f"unix://{path}" if path else f"tcp://127.0.0.1:{self.server.getsockname()[1]}"
        self.says: bytes | None = None
        self.limit = 10_000_000
        self.scanned: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                self._answer(line)

    def _read(self, line: socket.socket, length: int) -> bytes:
        found = b""
        while len(found) < length and (block := line.recv(length - len(found))):
            found += block
        return found

    def _answer(self, line: socket.socket) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self._read(line, 1) or b"\0"
        if command == b"zPING\0":
            line.sendall(b"PONG\0")
        elif command == b"zVERSION\0":
            line.sendall(b"ClamAV 1.0.0/1/uji\0")
        elif command == b"zINSTREAM\0":
            content = b""
            while length := int.from_bytes(self._read(line, 4), "big"):
                content += self._read(line, length)
                if len(content) > self.limit:
                    line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.scanned.append(content)
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            line.sendall(found if self.says is None else self.says)

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(5)


@pytest.fixture
def clamd(settings):
    running = Clamd()
    settings.CLAMD = running.address
    yield running
    running.close()


@pytest.fixture
def nobody(settings):
    """An address where no clamd is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CLAMD = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        yield


@pytest.fixture
def asked(monkeypatch):
    """The tasks that were queued, as (name, id)."""
    found: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.scan_version, "delay", lambda pk: found.append(("scan", pk)))
    monkeypatch.setattr(tasks.make_previews, "delay", lambda pk: found.append(("pictures", pk)))
    return found


def uploaded(assessment, city, content: bytes = b"", name: str = "sk.pdf", code: str = "1") -> DocumentVersion:
    file = ContentFile(content or pdf(), name=name)
    added = services.add_file(assessment_id=assessment.pk, code=code, user=city.operator, file=file, name=name)
    return added.evidence.version


class TestProtocol:
    def test_ping_and_version(self, clamd):
        assert scanner.is_alive()
        assert scanner.version() == "ClamAV 1.0.0/1/uji"

    @pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 1_000_000])
    def test_the_whole_content_arrives_in_blocks(self, clamd, size):
        content = bytes(range(256)) * (size // 256 + 1)
        assert scanner.scan(io.BytesIO(content[:size])) == ""
        assert clamd.scanned == [content[:size]]

    def test_what_is_found_is_named(self, clamd):
        assert scanner.scan(io.BytesIO(b"x" * 100_000 + EICAR)) == "Eicar-Test-Signature"

    def test_a_socket_in_the_file_system(self, settings, tmp_path):
        running = Clamd(socket.AF_UNIX, str(tmp_path / "clamd.ctl"))
        settings.CLAMD = running.address
        assert scanner.is_alive()
        assert scanner.scan(io.BytesIO(EICAR)) == "Eicar-Test-Signature"
        running.close()

    def test_more_than_it_takes_is_said_even_where_it_hangs_up(self, clamd):
        clamd.limit = 100_000
        with pytest.raises(scanner.TooLarge):
            scanner.scan(io.BytesIO(b"x" * 150_000))

    @pytest.mark.parametrize(
        "says", [b"", b"\0", b"UNKNOWN COMMAND\0", b"stream: Broken ERROR\0", b"stream: OK FOUNDX"]
    )
    def test_an_answer_that_is_none_clears_nothing(self, clamd, says):
        clamd.says = says
        with pytest.raises(scanner.Unavailable):
            scanner.scan(io.BytesIO(b"x"))

    def test_nobody_there(self, nobody):
        assert not scanner.is_alive()
        with pytest.raises(scanner.Unavailable):
            scanner.scan(io.BytesIO(b"x"))

    def test_one_who_never_answers_is_waited_for_only_so_long(self, settings, monkeypatch):
        monkeypatch.setattr(scanner, "QUICK_SECONDS", 0.2)
        monkeypatch.setattr(scanner, "ANSWER_SECONDS", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            settings.CLAMD = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
            assert not scanner.is_alive()
            with pytest.raises(scanner.Unavailable):
                scanner.scan(io.BytesIO(b"x"))


class TestFiles:
    def test_without_a_scanner_a_file_is_open_at_once(
        self, assessment, city, asked, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            version = uploaded(assessment, city)
        assert (version.scan, version.is_open) == ("none", True)
        assert asked == [("pictures", version.pk)]

    def test_with_one_it_waits_and_nothing_opens_it(
        self, assessment, city, clamd, asked, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            version = uploaded(assessment, city)
        assert (version.scan, version.is_open) == ("pending", False)
        assert asked == [("scan", version.pk)]
        previews.make(version.pk)
        version.refresh_from_db()
        assert (version.preview, version.pages.count()) == ("pending", 0)

    def test_what_is_clean_is_opened_and_pictured(self, assessment, city, clamd, asked):
        version = uploaded(assessment, city)
        asked.clear()
        tasks.scan_version(version.pk)
        version.refresh_from_db()
        assert (version.scan, version.finding, version.scanned_at is not None) == ("clean", "", True)
        assert asked == [("pictures", version.pk)]
        previews.make(version.pk)
        assert version.pages.count() == 1
        event = Event.objects.get(action="document.scan")
        assert event.stream == f"library:{city.dinkes.pk}"
        assert (event.actor, event.after["scan"]) == (None, "clean")

    def test_what_is_infected_stays_shut_is_told_and_is_said_once(self, assessment, city, clamd, asked):
        version = uploaded(assessment, city)
        clamd.says = b"stream: Eicar-Test-Signature FOUND\0"
        PagePreview.objects.create(version=version, page=1, file="previews/x.png", width=1, height=1)
        asked.clear()
        for _ in range(2):
            tasks.scan_version(version.pk)
        version.refresh_from_db()
        assert (version.scan, version.finding, version.preview) == ("infected", "Eicar-Test-Signature", "none")
        assert (version.pages.count(), asked) == (0, [])
        assert version.file.storage.exists(version.file.name)
        told = Notification.objects.filter(key=f"scan:{version.pk}")
        assert {each.user.username for each in told} == {city.operator.username, city.coordinator.username}
        assert Event.objects.filter(action="document.scan").count() == 1

    def test_the_same_infected_content_is_not_taken_again(self, assessment, city, clamd):
        version = uploaded(assessment, city)
        DocumentVersion.objects.filter(pk=version.pk).update(scan="infected", finding="Uji")
        with pytest.raises(Invalid) as refused:
            uploaded(assessment, city, code="2")
        assert refused.value.message == library.INFECTED

    @pytest.mark.parametrize("where", ["evidence_download", "document_download"])
    @pytest.mark.parametrize("state, said", [("pending", "sedang diperiksa"), ("infected", "berbahaya")])
    def test_nobody_gets_what_is_not_clean(self, login, submitted, city, where, state, said):
        evidence = Evidence.objects.filter(answer__assessment=submitted).select_related("version").first()
        DocumentVersion.objects.filter(pk=evidence.version_id).update(scan=state)
        url = reverse(where, args=[evidence.pk if where == "evidence_download" else evidence.version_id])
        before = Event.objects.count()
        people = (
            ("operator", "coordinator") if where == "document_download" else ("operator", "coordinator", "verifier")
        )
        for who in people:
            answer = login(getattr(city, who)).get(url)
            assert (who, answer.status_code) == (who, 409)
            assert said in answer.content.decode()
        assert login(city.other_operator).get(url).status_code == 404
        assert Event.objects.count() == before

    def test_pictures_of_what_is_not_clean_are_not_shown_either(self, login, submitted, city):
        evidence = Evidence.objects.filter(answer__assessment=submitted).first()
        PagePreview.objects.create(version=evidence.version, page=1, file="previews/x.png", width=1, height=1)
        for state in ("pending", "infected"):
            DocumentVersion.objects.filter(pk=evidence.version_id).update(scan=state)
            assert login(city.verifier).get(reverse("evidence_page", args=[evidence.pk, 1])).status_code == 409


class TestWaiting:
    def age(self, version, **minutes) -> None:
        then = {name: timezone.now() - timedelta(minutes=past) for name, past in minutes.items()}
        DocumentVersion.objects.filter(pk=version.pk).update(**then)

    def test_while_clamd_is_down_uploads_work_and_wait(self, assessment, city, nobody, asked):
        version = uploaded(assessment, city)
        tasks.scan_version(version.pk)
        self.age(version, uploaded_at=10)
        asked.clear()
        tasks.take_up_scans()
        version.refresh_from_db()
        assert (version.scan, asked) == ("pending", [])

    def test_what_was_lost_is_asked_for_again_but_not_at_every_round(self, assessment, city, clamd, asked):
        version = uploaded(assessment, city)
        asked.clear()
        tasks.take_up_scans()
        assert asked == []  # too early
        self.age(version, uploaded_at=10)
        tasks.take_up_scans()
        tasks.take_up_scans()
        assert asked == [("scan", version.pk)]
        self.age(version, queued_at=6)
        tasks.take_up_scans()
        assert asked == [("scan", version.pk)] * 2

    def test_a_broker_that_is_down_does_not_undo_the_upload(
        self, assessment, city, clamd, monkeypatch, django_capture_on_commit_callbacks
    ):
        def down(pk):
            raise OperationalError

        monkeypatch.setattr(tasks.scan_version, "delay", down)
        with django_capture_on_commit_callbacks(execute=True):
            version = uploaded(assessment, city)
        assert DocumentVersion.objects.get(pk=version.pk).scan == "pending"

    def test_a_file_larger_than_clamd_takes_stays_shut_and_says_why(self, login, assessment, city, clamd):
        version = uploaded(assessment, city)
        clamd.limit = 10
        tasks.scan_version(version.pk)
        version.refresh_from_db()
        assert (version.scan, version.finding) == ("pending", scans.TOO_LARGE)
        page = login(city.operator).get(reverse("answer", args=[assessment.pk, "1"])).content.decode()
        assert "Belum dapat diperiksa" in page

    def test_a_file_that_is_gone_stays_shut(self, assessment, city, clamd):
        version = uploaded(assessment, city)
        version.file.storage.delete(version.file.name)
        tasks.scan_version(version.pk)
        version.refresh_from_db()
        assert (version.scan, version.finding) == ("pending", scans.MISSING)


class TestPages:
    def test_the_page_says_whether_files_are_scanned(self, login, assessment, city, settings):
        url = reverse("answer", args=[assessment.pk, "1"])
        assert "Portal ini tidak memeriksa berkas terhadap virus." in login(city.operator).get(url).content.decode()
        settings.CLAMD = "tcp://127.0.0.1:3310"
        page = login(city.operator).get(url).content.decode()
        assert "Berkas baru diperiksa terhadap virus" in page
        assert "tidak memeriksa berkas" not in page

    @pytest.mark.parametrize(
        "state, said",
        [("pending", "Sedang diperiksa"), ("infected", "Berkas ini berbahaya."), ("clean", ": bersih, ")],
    )
    def test_the_answer_and_the_review_page_show_the_state(self, login, submitted, city, state, said):
        evidence = Evidence.objects.filter(answer__assessment=submitted, answer__indicator__code="1").get()
        DocumentVersion.objects.filter(pk=evidence.version_id).update(
            scan=state, scanned_at=timezone.now(), finding="" if state == "pending" else "X"
        )
        download = reverse("evidence_download", args=[evidence.pk])
        for who, name in (("operator", "answer"), ("verifier", "review")):
            page = login(getattr(city, who)).get(reverse(name, args=[submitted.pk, "1"])).content.decode()
            assert said in page
            assert (download in page) == (state == "clean")

    def test_infected_evidence_stands_in_the_way_and_waiting_evidence_does_not(self, login, assessment, city):
        fill(assessment, city.operator)
        evidence = Evidence.objects.filter(answer__assessment=assessment, answer__indicator__code="7").get()
        versions = DocumentVersion.objects.filter(pk=evidence.version_id)
        # One document serves every indicator in `fill`: a version of its own, so that one of them alone is meant.
        own = attach(evidence.answer, city.operator, "Lain")
        evidence.delete()
        versions = DocumentVersion.objects.filter(pk=own.version_id)
        versions.update(scan="infected")
        with pytest.raises(NotReady) as refused:
            workflow.submit(assessment_id=assessment.pk, user=city.operator)
        assert [(problem.code, problem.indicator) for problem in refused.value.problems] == [("infected", "7")]
        page = login(city.operator).get(reverse("submit", args=[assessment.pk])).content.decode()
        assert f"{reverse('answer', args=[assessment.pk, '7'])}#bukti" in page
        versions.update(scan="pending")
        page = login(city.operator).get(reverse("submit", args=[assessment.pk])).content.decode()
        assert "Peringatan, tidak menghalangi" in page
        assert "masih diperiksa terhadap virus" in page
        workflow.submit(assessment_id=assessment.pk, user=city.operator)


class TestCommand:
    def test_what_was_never_scanned_is_queued(self, assessment, city, asked, settings, capsys):
        version = uploaded(assessment, city)
        asked.clear()
        with pytest.raises(CommandError, match="CLAMD is not set"):
            call_command("scan_evidence")
        running = Clamd()
        settings.CLAMD = running.address
        call_command("scan_evidence")
        call_command("scan_evidence")  # nothing is left to queue
        running.close()
        version.refresh_from_db()
        assert (version.scan, asked) == ("pending", [("scan", version.pk)])
        with pytest.raises(CommandError, match="clamd does not answer"):
            call_command("scan_evidence")
        with pytest.raises(CommandError, match="CLAMD is set"):
            call_command("scan_evidence", release=True)
        settings.CLAMD = ""
        call_command("scan_evidence", release=True)
        version.refresh_from_db()
        assert version.scan == "none"
