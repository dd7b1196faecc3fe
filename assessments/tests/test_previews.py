"""Pictures of evidence."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
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

    def meanwhile(slow):
        monkeypatch.setattr(previews, "_pictures", original)
        previews.make(slow.pk)
        return original(slow)

    monkeypatch.setattr(previews, "_pictures", meanwhile)
    (page,) = made(version)
    assert default_storage.listdir(f"previews/{version.pk}")[1] == [page.file.name.rsplit("/", 1)[1]]


def test_a_lost_task_is_asked_for_again_but_not_at_every_look(stored, monkeypatch):
    asked = []
    monkeypatch.setattr(services.make_previews, "delay", asked.append)
    version = stored(pdf(), "application/pdf")
    services.requeue_stuck([version])
    assert asked == []
    version.uploaded_at = timezone.now() - timedelta(minutes=6)
    services.requeue_stuck([version])
    services.requeue_stuck([version])
    assert asked == [version.pk]
