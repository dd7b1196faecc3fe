"""The printed permissions are those of the code."""

import pytest
from django.core.management import CommandError, call_command

from spbe_portal.management.commands import list_permissions


def test_the_committed_page_is_current():
    assert list_permissions.PATH.read_text(encoding="utf-8") == list_permissions.render()


def test_checking_fails_when_the_page_is_outdated_and_writes_nothing(tmp_path, monkeypatch):
    page = tmp_path / "permissions.md"
    page.write_text("lama")
    monkeypatch.setattr(list_permissions, "PATH", page)
    with pytest.raises(CommandError):
        call_command("list_permissions", check=True)
    assert page.read_text() == "lama"


def test_checking_passes_after_writing(tmp_path, monkeypatch, settings):
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr(list_permissions, "PATH", tmp_path / "permissions.md")
    call_command("list_permissions")
    call_command("list_permissions", check=True)


def test_the_page_shows_that_own_agencies_are_not_reviewed():
    row = next(line for line in list_permissions.render().splitlines() if "`can_review`" in line)
    assert row.split(" | ")[2:] == ["–", "–", "Diajukan", "–", "Diajukan", "–", "–", "– |"]


def test_the_page_speaks_of_applications_and_of_the_reports_of_others():
    rows = {line.split(" | ")[0]: line.split(" | ")[2:] for line in list_permissions.render().splitlines()}
    kept = rows["| Menambah, mengubah, menyatakan masih benar, menghapus, mengunggah daftar"]
    assert kept == ["ya", "–", "–", "–", "ya", "ya", "–", "– |"]
    assert rows["| Mengunduh kumpulan yang diminta orang lain"] == ["–", "–", "–", "–", "ya", "ya", "–", "– |"]
