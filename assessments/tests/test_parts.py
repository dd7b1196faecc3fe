"""Files that arrive in parts: offsets, whose they are, what becomes of them, and what is left behind."""

import hashlib
import io
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.errors import Invalid, Refused, Stale
from assessments.models import Document, DocumentVersion, Evidence, Upload
from assessments.parts import path_of
from assessments.services import evidence as evidence_services
from assessments.services import uploads as services
from assessments.tasks import sweep_uploads
from assessments.tests.files import pdf
from conftest import together

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


@pytest.fixture(autouse=True)
def _separate_parts(settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path / "uploads"


def begin(city, content: bytes, name: str = "Laporan.pdf", user=None) -> Upload:
    return services.begin(user=user or city.operator, agency_id=city.dinkes.pk, name=name, size=len(content))


def send(upload: Upload, content: bytes, offset: int = 0, user=None) -> Upload:
    return services.add_part(key=upload.key, user=user or upload.user, offset=offset, part=content)


def whole(city, content: bytes, name: str = "Laporan.pdf") -> Upload:
    return send(begin(city, content, name), content)


def on_disk(settings) -> list[str]:
    folder = Path(settings.UPLOAD_DIR)
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


class TestParts:
    def test_parts_in_order_make_the_file(self, city):
        content = pdf(2)
        upload = begin(city, content)
        assert upload.received == 0
        assert send(upload, content[:100]).received == 100
        assert send(upload, content[100:], 100).received == len(content)
        assert path_of(upload).read_bytes() == content
        assert oct(path_of(upload).stat().st_mode & 0o777) == "0o600"

    def test_a_part_that_comes_twice_changes_nothing(self, city):
        content = pdf(2)
        upload = begin(city, content)
        send(upload, content[:100])
        send(upload, content[100:200], 100)
        assert send(upload, content[:100]).received == 200
        assert send(upload, content[100:200], 100).received == 200
        assert path_of(upload).read_bytes() == content[:200]

    @pytest.mark.parametrize("offset", [0, 50, 150])
    def test_a_part_for_another_place_is_told_where_to_go_on(self, city, offset):
        content = b"a" * 100 + b"b" * 300
        upload = begin(city, content)
        send(upload, content[:100])
        with pytest.raises(Stale) as refusal:
            send(upload, b"c" * 80, offset)
        assert refusal.value.current.received == 100
        assert path_of(upload).read_bytes() == content[:100]

    def test_what_a_failed_write_left_is_cut_off(self, city):
        content = pdf(2)
        upload = begin(city, content)
        send(upload, content[:100])
        with path_of(upload).open("ab") as file:
            file.write(b"left over" * 40)
        send(upload, content[100:200], 100)
        assert path_of(upload).read_bytes() == content[:200]

    def test_what_the_disk_lost_is_asked_for_again(self, city):
        content = pdf(2)
        upload = begin(city, content)
        send(upload, content[:200])
        os.truncate(path_of(upload), 50)
        with pytest.raises(Stale) as refusal:
            send(upload, content[200:], 200)
        assert refusal.value.current.received == 50
        assert Upload.objects.get().received == 50
        assert send(upload, content[50:], 50).received == len(content)

    def test_more_than_announced_is_refused(self, city):
        upload = begin(city, b"x" * 100)
        with pytest.raises(Invalid, match="lebih besar daripada yang disebut di awal"):
            send(upload, b"x" * 101)
        assert Upload.objects.get().received == 0

    @pytest.mark.parametrize("part", [b"", b"x" * (services.PART_MAX_BYTES + 1)], ids=["empty", "large"])
    def test_a_part_has_a_size(self, city, settings, part):
        upload = begin(city, b"x" * services.PART_MAX_BYTES * 2)
        with pytest.raises(Invalid, match="kosong atau terlalu besar"):
            send(upload, part)
        assert on_disk(settings) == []

    def test_another_persons_is_not_there(self, city):
        upload = begin(city, pdf())
        for act in (
            lambda: send(upload, b"x", user=city.operator2),
            lambda: services.find(key=upload.key, user=city.operator2),
            lambda: services.give_up(key=upload.key, user=city.coordinator),
        ):
            with pytest.raises(Upload.DoesNotExist):
                act()
        assert Upload.objects.get().received == 0


class TestBeginning:
    @pytest.mark.parametrize(
        ("name", "size", "text"),
        [
            ("foto.heic", 10, "jenis .heic tidak termasuk yang diterima"),
            ("tanpa-akhiran", 10, "tanpa akhiran jenis"),
            ("kosong.pdf", 0, "kosong"),
            ("besar.pdf", 26 * 1024 * 1024, "terlalu besar"),
        ],
    )
    def test_what_would_be_refused_is_refused_before_it_is_sent(self, city, name, size, text):
        with pytest.raises(Invalid, match=text):
            services.begin(user=city.operator, agency_id=city.dinkes.pk, name=name, size=size)
        assert not Upload.objects.exists()

    @pytest.mark.parametrize("who", ["other_operator", "verifier", "leader", "outsider", "admin"])
    def test_only_for_ones_own_agency(self, city, who):
        with pytest.raises(PermissionDenied):
            begin(city, pdf(), user=getattr(city, who))

    def test_a_coordinator_may_for_any(self, city):
        assert begin(city, pdf(), user=city.coordinator).agency == city.dinkes

    def test_a_path_in_the_name_goes(self, city, settings):
        upload = begin(city, pdf(), "../../etc/Laporan\u202e.pdf")
        assert upload.name == "Laporan.pdf"
        send(upload, b"x")
        assert on_disk(settings) == [f"{upload.key.hex}.part"]

    def test_few_are_open_at_once_and_a_resting_one_gives_way(self, city, settings):
        uploads = [begin(city, pdf()) for _ in range(services.OPEN_PER_PERSON)]
        send(uploads[2], b"x")
        with pytest.raises(Refused, match="Masih ada 5 berkas"):
            begin(city, pdf())
        Upload.objects.filter(pk=uploads[2].pk).update(changed_at=timezone.now() - timedelta(minutes=11))
        begin(city, pdf())
        assert not Upload.objects.filter(pk=uploads[2].pk).exists()
        assert Upload.objects.count() == services.OPEN_PER_PERSON
        begin(city, pdf(), user=city.operator2)

    def test_a_full_disk_is_said(self, city, monkeypatch):
        monkeypatch.setattr(services, "SPARE_BYTES", 10**18)
        with pytest.raises(Refused, match="Ruang simpan server hampir penuh"):
            begin(city, pdf())


class TestTaking:
    def test_a_whole_file_becomes_evidence_and_nothing_is_left(
        self, login, assessment, city, settings, django_capture_on_commit_callbacks
    ):
        content = pdf(3)
        upload = whole(city, content, "SK Tim SPBE.pdf")
        with django_capture_on_commit_callbacks(execute=True):
            answer = login(city.operator).post(
                reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": str(upload.key)}, headers=SCRIPT
            )
        assert (answer.status_code, answer.json()["added"]) == (201, ["“SK Tim SPBE” dilampirkan."])
        version = DocumentVersion.objects.get()
        assert (version.sha256, version.size) == (hashlib.sha256(content).hexdigest(), len(content))
        assert version.file.open().read() == content
        assert Evidence.objects.get().version == version
        assert not Upload.objects.exists()
        assert on_disk(settings) == []

    def test_content_that_is_refused_leaves_nothing(
        self, login, assessment, city, settings, django_capture_on_commit_callbacks
    ):
        upload = whole(city, b"MZ" * 50)
        with django_capture_on_commit_callbacks(execute=True):
            answer = login(city.operator).post(
                reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": str(upload.key)}, headers=SCRIPT
            )
        assert answer.status_code == 400
        assert "isinya bukan PDF" in answer.json()["detail"]
        assert (Upload.objects.count(), Document.objects.count(), on_disk(settings)) == (0, 0, [])

    def test_half_a_file_is_not_taken_and_stays(self, login, assessment, city, settings):
        content = pdf()
        upload = begin(city, content)
        send(upload, content[:100])
        answer = login(city.operator).post(
            reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": str(upload.key)}, headers=SCRIPT
        )
        assert (answer.status_code, answer.json()["detail"]) == (
            400,
            "Berkas “Laporan.pdf” belum terunggah seluruhnya. Lanjutkan pengunggahannya.",
        )
        assert Upload.objects.get().received == 100
        assert len(on_disk(settings)) == 1

    def test_a_file_the_disk_lost_is_not_taken(self, city, django_capture_on_commit_callbacks):
        upload = whole(city, pdf())
        os.truncate(path_of(upload), 10)
        with (
            django_capture_on_commit_callbacks(execute=True),
            pytest.raises(Invalid, match="tidak sampai dengan utuh"),
            services.take(key=upload.key, user=city.operator, agency_id=city.dinkes.pk),
        ):
            raise AssertionError("taken")
        assert not Upload.objects.exists()

    def test_a_locked_answer_keeps_it_to_be_taken_later(self, login, assessment, city):
        upload = whole(city, pdf())
        workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Salah periode.")
        answer = login(city.operator).post(
            reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": str(upload.key)}, headers=SCRIPT
        )
        assert answer.status_code == 409
        assert Upload.objects.get() == upload

    @pytest.mark.parametrize("who", ["operator2", "coordinator"])
    def test_another_persons_is_not_taken(self, login, assessment, city, who):
        upload = whole(city, pdf())
        answer = login(getattr(city, who)).post(
            reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": str(upload.key)}, headers=SCRIPT
        )
        assert (answer.status_code, answer.json()["detail"]) == (410, services.GONE)
        assert (Upload.objects.get(), Evidence.objects.count()) == (upload, 0)

    def test_nor_one_for_another_agency(self, city):
        upload = whole(city, pdf())
        for agency in (city.dinsos, city.diskominfo):
            with (
                pytest.raises(Upload.DoesNotExist),
                services.take(key=upload.key, user=city.operator, agency_id=agency.pk),
            ):
                raise AssertionError("taken")

    @pytest.mark.parametrize("key", ["", "x", "../../etc/passwd", "3b61e215-93d3-471e-a85e-ad5d781642e3"])
    def test_a_key_that_is_none(self, login, assessment, city, key):
        answer = login(city.operator).post(
            reverse("evidence_add", args=[assessment.pk, "1"]), {"upload": key}, headers=SCRIPT
        )
        assert answer.status_code == 410


class TestSweeping:
    def test_what_nobody_continued_for_a_day_goes_with_its_file(
        self, city, settings, django_capture_on_commit_callbacks
    ):
        old, fresh = whole(city, pdf()), whole(city, pdf())
        Upload.objects.filter(pk=old.pk).update(changed_at=timezone.now() - timedelta(hours=25))
        orphan, young = (Path(settings.UPLOAD_DIR) / f"{uuid.uuid4().hex}.part" for _ in range(2))
        stray = Path(settings.UPLOAD_DIR) / "bukan-uuid.part"
        for path in (orphan, young):
            path.write_bytes(b"x")
        day_ago = timezone.now().timestamp() - 25 * 3600
        os.utime(orphan, (day_ago, day_ago))
        os.utime(path_of(fresh), (day_ago, day_ago))
        stray.write_bytes(b"x")
        os.utime(stray, (day_ago, day_ago))
        with django_capture_on_commit_callbacks(execute=True):
            sweep_uploads()
        assert list(Upload.objects.all()) == [fresh]
        assert on_disk(settings) == sorted([path_of(fresh).name, young.name])

    def test_giving_up_removes_the_file(self, city, settings, django_capture_on_commit_callbacks):
        upload = whole(city, pdf())
        with django_capture_on_commit_callbacks(execute=True):
            services.give_up(key=upload.key, user=city.operator)
        assert (Upload.objects.count(), on_disk(settings)) == (0, [])


class TestAddresses:
    def begun(self, client, assessment, **fields):
        return client.post(
            reverse("upload_begin"),
            {"assessment": assessment.pk, "code": "1", "name": "Laporan.pdf", "size": "400", **fields},
            headers=SCRIPT,
        )

    def test_begin_send_ask_and_give_up(self, login, assessment, city):
        client = login(city.operator)
        answer = self.begun(client, assessment)
        state = answer.json()
        assert (answer.status_code, state["received"], state["size"], state["part_size"]) == (201, 0, 400, 1024 * 1024)
        sent = client.post(f"{state['url']}?offset=0", b"x" * 150, content_type="application/octet-stream")
        assert (sent.status_code, sent.json()["received"]) == (200, 150)
        again = client.post(f"{state['url']}?offset=300", b"x" * 100, content_type="application/octet-stream")
        assert (again.status_code, again.json()["received"], again.json()["code"]) == (409, 150, "offset")
        assert client.get(state["url"]).json()["received"] == 150
        assert client.post(reverse("upload_cancel", args=[state["key"]])).status_code == 204
        assert client.get(state["url"]).status_code == 404

    def test_another_person_finds_nothing(self, login, assessment, city):
        state = self.begun(login(city.operator), assessment).json()
        client = login(city.operator2)
        assert client.get(state["url"]).status_code == 404
        sent = client.post(f"{state['url']}?offset=0", b"x", content_type="application/octet-stream")
        assert (sent.status_code, sent.json()["code"]) == (404, "gone")
        assert client.post(reverse("upload_cancel", args=[state["key"]])).status_code == 404

    @pytest.mark.parametrize(
        ("who", "status"),
        [("operator2", 201), ("coordinator", 201), ("other_operator", 404), ("verifier", 404), ("leader", 404)],
    )
    def test_who_may_begin_for_an_answer(self, login, assessment, city, who, status):
        assert self.begun(login(getattr(city, who)), assessment).status_code == status

    @pytest.mark.parametrize(("who", "status"), [("operator", 201), ("other_operator", 404), ("leader", 404)])
    def test_who_may_begin_for_a_library(self, login, city, who, status):
        fields = {"agency": city.dinkes.pk, "name": "Laporan.pdf", "size": "400"}
        answer = login(getattr(city, who)).post(reverse("upload_begin"), fields, headers=SCRIPT)
        assert answer.status_code == status

    def test_what_cannot_be_attached_is_said_before_it_is_sent(self, login, assessment, city, monkeypatch):
        client = login(city.operator)
        monkeypatch.setattr(evidence_services, "MAX_PER_ANSWER", 0)
        full = self.begun(client, assessment)
        assert (full.status_code, "batasnya" in full.json()["detail"]) == (400, True)
        workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Salah periode.")
        assert self.begun(client, assessment).status_code == 409
        assert not Upload.objects.exists()

    def test_an_indicator_that_is_not_assigned_is_not_found(self, login, assessment, city):
        assert self.begun(login(city.operator), assessment, code="99").status_code == 404

    @pytest.mark.parametrize("offset", ["", "-1", "x", "1e3", "9" * 20])
    def test_an_offset_that_is_none(self, login, assessment, city, offset):
        client = login(city.operator)
        state = self.begun(client, assessment).json()
        sent = client.post(f"{state['url']}?offset={offset}", b"x", content_type="application/octet-stream")
        assert sent.status_code == 400

    def test_a_part_over_the_limit_is_not_read(self, login, assessment, city):
        client = login(city.operator)
        state = self.begun(client, assessment).json()
        large = b"x" * (services.PART_MAX_BYTES + 1)
        sent = client.post(f"{state['url']}?offset=0", large, content_type="application/octet-stream")
        assert sent.status_code == 413
        assert Upload.objects.get().received == 0

    def test_a_part_that_was_cut_short_is_not_kept(self, login, assessment, city):
        client = login(city.operator)
        state = self.begun(client, assessment).json()
        cut = {"CONTENT_LENGTH": "9000", "wsgi.input": io.BytesIO(b"x" * 10)}
        sent = client.post(f"{state['url']}?offset=0", b"", content_type="application/octet-stream", **cut)
        assert sent.status_code == 400
        assert Upload.objects.get().received == 0

    def test_whoever_logged_in_since_in_this_browser_is_not_the_sender(self, login, assessment, city):
        client = login(city.operator)
        state = self.begun(client, assessment).json()
        sent = client.post(
            f"{state['url']}?offset=0",
            b"x",
            content_type="application/octet-stream",
            headers={"X-Portal-User": str(city.operator2.pk)},
        )
        assert (sent.status_code, sent.json()["code"]) == (401, "other_user")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_tabs_sending_the_same_part_store_it_once(self, city):
        content = os.urandom(400_000)
        upload = begin(city, content)
        for offset in range(0, 400_000, 100_000):
            part = content[offset : offset + 100_000]
            outcomes = together(*[lambda part=part, offset=offset: send(upload, part, offset)] * 3)
            assert [outcome.received for outcome in outcomes] == [offset + 100_000] * 3
        assert path_of(upload).read_bytes() == content

    def test_two_different_parts_for_one_place_leave_one_whole(self, city):
        upload = begin(city, b"x" * 300_000)
        outcomes = together(
            lambda: send(upload, b"a" * 100_000),
            lambda: send(upload, b"b" * 150_000),
        )
        kept = path_of(upload).read_bytes()
        assert kept in (b"a" * 100_000, b"b" * 150_000)
        assert sum(isinstance(outcome, Stale) for outcome in outcomes) == 1
        assert Upload.objects.get().received == len(kept)

    def test_beginning_at_once_keeps_to_the_limit(self, city):
        for _ in range(services.OPEN_PER_PERSON - 1):
            begin(city, pdf())
        outcomes = together(*[lambda: begin(city, pdf())] * 4)
        assert sum(isinstance(outcome, Upload) for outcome in outcomes) == 1
        assert Upload.objects.count() == services.OPEN_PER_PERSON

    def test_taken_twice_at_once_is_attached_once(self, assessment, city):
        upload = whole(city, pdf())

        def attach():
            with services.take(key=upload.key, user=city.operator, agency_id=city.dinkes.pk) as file:
                return evidence_services.add_file(
                    assessment_id=assessment.pk, code="1", user=city.operator, file=file.file, name=file.name
                )

        def attempt():
            try:
                return attach()
            except Upload.DoesNotExist:
                return None

        together(attempt, attempt)
        assert (Evidence.objects.count(), DocumentVersion.objects.count(), Upload.objects.count()) == (1, 1, 0)
