from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from indicators.models import Instrument
from spbe_portal.management.commands import prepare


@pytest.fixture
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.DEMO = False
    return tmp_path


def run() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


def test_outside_the_demo_it_brings_instruments_and_no_people(db, own_folders):
    run()
    assert Instrument.objects.filter(is_default=True).count() == 1
    assert get_user_model().objects.count() == 0


def test_static_files_are_collected_once_until_one_changes(db, own_folders, settings, monkeypatch):
    assert "Mengumpulkan berkas statis" in run()
    assert any((own_folders / "static").iterdir())
    assert "Mengumpulkan berkas statis" not in run()
    monkeypatch.setattr(prepare, "static_stamp", lambda: "another")
    assert "Mengumpulkan berkas statis" in run()


def test_a_silent_redis_is_said_plainly(db, own_folders, settings):
    settings.REDIS_URL = "redis://:rahasia@127.0.0.1:1/0"
    with pytest.raises(CommandError, match="periksa REDIS_URL") as caught:
        run()
    assert "rahasia" not in str(caught.value)
