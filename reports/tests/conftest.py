"""Reports are made of pages with our own typeface: it must be there."""

import pytest
from django.core.management import call_command


@pytest.fixture(scope="session")
def fonts():
    call_command("build_fonts", verbosity=0)


@pytest.fixture
def sent(monkeypatch):
    """The ids handed to the worker, in order. Nothing is made."""
    ids = []
    monkeypatch.setattr("reports.tasks.make_report.delay", ids.append)
    return ids
