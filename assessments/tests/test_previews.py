"""Pictures of evidence."""

import io
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone
from kombu.exceptions import OperationalError
from PIL import Image

from assessments import previews, tasks
from assessments.models import Document, DocumentVersion, PagePreview
from assessments.services import evidence as services
from assessments.tests.files import pdf, picture


@pytest.fixture
def stored(city):
    """`stored(content, type)` gives a version whose preview is pending."""

    def _stored(content: bytes, content_type: str, **fields) -> DocumentVersion:
        document = Document.objects.create(agency=city.dinkes, title="Dokumen", created_by=city.operator)
        version = DocumentVersion(
            document=document,
            content_type=content_type,
            size=len(content),
            sha256="0" * 64,
            preview="pending",
            uploaded_by=city.operator,
            **fields,
        )
        version.file.save(f"evidence/{document.pk}", ContentFile(content), save=True)
        return version

    return _stored


def made(version: DocumentVersion) -> list[PagePreview]:
    tasks.make_previews(version.pk)
    version.refresh_from_db()
    return list(version.pages.order_by("page"))


def test_each_page_of_a_pdf_becomes_a_picture(stored):
    version = stored(pdf(3), "application/pdf", page_count=3)
    pages = made(version)
    assert version.preview == "ready"
    assert [page.page for page in pages] == [1, 2, 3]
    assert {page.width for page in pages} == {1000}
    with pages[0].file.open() as source, Image.open(source) as shown:
        assert (shown.format, shown.size) == ("PNG", (pages[0].width, pages[0].height))


def test_only_the_first_thirty_pages_are_pictured(stored):
    version = stored(pdf(33), "application/pdf", page_count=33)
    assert len(made(version)) == 30


def test_a_very_tall_page_is_kept_small(stored, monkeypatch):
    monkeypatch.setattr(previews, "MAX_HEIGHT", 400)
    (page,) = made(stored(pdf(), "application/pdf", page_count=1))
    assert page.height <= 400


def test_a_photo_is_reduced_and_turned_upright_without_its_metadata(stored):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Kamera"
    (page,) = made(stored(picture("JPEG", (2400, 1200), exif=exif), "image/jpeg"))
    assert (page.width, page.height) == (1000, 2000)
    with page.file.open() as source, Image.open(source) as shown:
        assert (shown.format, dict(shown.getexif())) == ("JPEG", {})


def test_a_small_picture_is_not_blown_up(stored):
    (page,) = made(stored(picture("PNG", (300, 200)), "image/png"))
    assert (page.width, page.height) == (300, 200)


def test_a_transparent_picture_lies_on_white(stored):
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    (page,) = made(stored(out.getvalue(), "image/png"))
    with page.file.open() as source, Image.open(source) as shown:
        assert shown.getpixel((5, 5)) == (255, 255, 255)


def test_a_failure_is_kept_and_the_file_stays(stored):
    version = stored(b"bukan pdf", "application/pdf")
    assert made(version) == []
    assert version.preview == "failed"
    assert default_storage.exists(version.file.name)


def test_making_them_twice_changes_nothing(stored):
    version = stored(pdf(2), "application/pdf", page_count=2)
    first = [page.pk for page in made(version)]
    assert [page.pk for page in made(version)] == first


def test_the_slower_of_two_workers_leaves_no_files_behind(stored, monkeypatch):
    version = stored(pdf(), "application/pdf", page_count=1)
    original = previews._pictures

    def meanwhile(slow, data):
        monkeypatch.setattr(previews, "_pictures", original)
        previews.make(slow.pk)
        return original(slow, data)

    monkeypatch.setattr(previews, "_pictures", meanwhile)
    (page,) = made(version)
    assert default_storage.listdir(f"previews/{version.pk}")[1] == [page.file.name.rsplit("/", 1)[1]]


def test_a_storage_that_does_not_answer_is_no_fault_of_the_file(stored, monkeypatch):
    def fails(*args):
        raise OSError("Input/output error")

    version = stored(pdf(), "application/pdf", page_count=1)
    with monkeypatch.context() as away:
        away.setattr(FileSystemStorage, "_open", fails)
        with pytest.raises(OSError, match="Input/output"):
            previews.make(version.pk)
        version.refresh_from_db()
        assert version.preview == "pending"
    assert len(made(version)) == 1


def test_old_pictures_that_cannot_be_deleted_do_not_cost_the_new_ones(
    stored, monkeypatch, django_capture_on_commit_callbacks
):
    version = stored(pdf(), "application/pdf", page_count=1)
    PagePreview.objects.create(version=version, page=1, file="previews/lama.png", width=1, height=1)
    asked = []

    def fails(storage, name):
        asked.append(name)
        raise OSError("Input/output error")

    monkeypatch.setattr(FileSystemStorage, "delete", fails)
    with django_capture_on_commit_callbacks(execute=True):
        (page,) = made(version)
    assert asked == ["previews/lama.png"]
    assert (version.preview, default_storage.exists(page.file.name)) == ("ready", True)


def test_after_a_while_no_further_page_is_begun(stored, monkeypatch):
    monkeypatch.setattr(previews, "ENOUGH", -1)
    version = stored(pdf(3), "application/pdf", page_count=3)
    assert [page.page for page in made(version)] == [1]
    assert version.preview == "ready"


def test_the_task_has_limits():
    assert (tasks.make_previews.soft_time_limit, tasks.make_previews.time_limit) == (60, 90)


def test_a_file_that_takes_too_long_is_not_tried_for_ever(stored, monkeypatch):
    def slow(*args):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(previews, "_pictures", slow)
    version = stored(pdf(), "application/pdf", page_count=1)
    made(version)
    assert version.preview == "failed"


class TestLostTasks:
    @pytest.fixture
    def asked(self, monkeypatch):
        found = []
        monkeypatch.setattr(services.make_previews, "delay", found.append)
        return found

    def age(self, version, **minutes) -> DocumentVersion:
        """As if its moments were so many minutes ago."""
        then = {name: timezone.now() - timedelta(minutes=past) for name, past in minutes.items()}
        DocumentVersion.objects.filter(pk=version.pk).update(**then)
        version.refresh_from_db()
        return version

    def test_it_is_asked_for_again_but_not_at_every_look(self, stored, asked):
        version = stored(pdf(), "application/pdf")
        services.requeue_stuck([version])
        assert asked == []
        self.age(version, uploaded_at=6)
        services.requeue_stuck([version])
        services.requeue_stuck([version])  # a page that was read before
        version.refresh_from_db()
        services.requeue_stuck([version])
        assert asked == [version.pk]
        self.age(version, queued_at=4)
        services.requeue_stuck([version])
        assert asked == [version.pk]
        self.age(version, queued_at=6)
        services.requeue_stuck([version])
        assert asked == [version.pk, version.pk]

    def test_what_is_ready_or_failed_is_not_asked_for(self, stored, asked):
        for state in ("none", "ready", "failed"):
            version = self.age(stored(pdf(), "application/pdf"), uploaded_at=60)
            DocumentVersion.objects.filter(pk=version.pk).update(preview=state)
            services.requeue_stuck([version])  # still pending where it was read
            version.refresh_from_db()
            services.requeue_stuck([version])
        assert asked == []

    @pytest.mark.parametrize("number, queries", [(0, 0), (1, 2), (20, 2)])
    def test_the_number_of_queries_does_not_grow(self, stored, asked, number, queries, django_assert_num_queries):
        fresh = stored(pdf(), "application/pdf")
        lost = [self.age(stored(pdf(), "application/pdf"), uploaded_at=6) for _ in range(number)]
        with django_assert_num_queries(queries):
            services.requeue_stuck([fresh, *lost])
        assert sorted(asked) == [version.pk for version in lost]

    def test_without_a_broker_the_page_is_shown_and_one_try_is_enough(self, stored, monkeypatch):
        tried = []

        def down(pk):
            tried.append(pk)
            raise OperationalError

        monkeypatch.setattr(services.make_previews, "delay", down)
        services.requeue_stuck([self.age(stored(pdf(), "application/pdf"), uploaded_at=6) for _ in range(3)])
        assert len(tried) == 1
