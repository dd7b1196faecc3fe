"""The example of the environment names what the code reads, no more and no less."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Set by the scripts for themselves, not by who runs the portal.
OWN = {"DJANGO_SETTINGS_MODULE"}


def read_by_the_code() -> set[str]:
    files = [ROOT / "deploy" / "gunicorn.conf.py", *(ROOT / "spbe_portal").glob("*.py")]
    code = "\n".join(file.read_text() for file in files)
    calls = r"(?:env\.(?:text|flag|integer|decimal|words|lines)|\btext|\bflag|\bwords|\b_kept_key|environ\.get)"
    reading = calls + r"""\(\s*["']([A-Z_]+)["']"""
    return set(re.findall(reading, code)) - OWN


def named_in_the_example() -> list[str]:
    return re.findall(r"^#?([A-Z_]+)=", (ROOT / "deploy" / "env.example").read_text(), flags=re.MULTILINE)


def test_the_example_of_the_environment_is_complete():
    named = named_in_the_example()
    assert {"DATABASE_URL", "SECRET_KEY", "WEB_WORKERS"} <= read_by_the_code()
    assert len(named) == len(set(named))
    assert set(named) == read_by_the_code()


def test_what_is_scheduled_exists_and_the_worker_in_production_runs_it():
    from spbe_portal.celery import app

    app.loader.import_default_modules()
    assert [each["task"] for each in app.conf.beat_schedule.values() if each["task"] not in app.tasks] == []
    assert app.conf.beat_schedule["lost-reports"]["schedule"] == 120
    assert "--beat" in (ROOT / "deploy" / "spbe-portal-worker.service").read_text()
