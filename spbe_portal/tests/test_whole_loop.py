"""The example that knows nothing but the API takes an agency from empty to final."""

import runpy
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings

from assessments.models import Assessment, Status
from conftest import PASSWORD
from reports import making

SCRIPT = Path(settings.BASE_DIR) / "docs/examples/whole_loop.py"


def blank_pdf(document) -> bytes:
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


@pytest.fixture
def made_at_once(monkeypatch):
    """What the worker would do, done where it is sent, with a blank page for the report."""
    monkeypatch.setattr("reports.tasks.make_report.delay", making.make)
    monkeypatch.setattr("reports.kinds.agency.render_pdf", blank_pdf)


def test_a_program_takes_an_agency_from_empty_to_final(live_server, city, instrument, made_at_once, tmp_path, capsys):
    main = runpy.run_path(str(SCRIPT))["main"]
    arguments = [live_server.url, "--password", PASSWORD, "--indicators", "3", "--folder", str(tmp_path)]
    ended = main(arguments)
    told = capsys.readouterr()
    assert (ended, told.err) == (0, "")
    assessment = Assessment.objects.get(agency=city.dinkes)
    assert (assessment.status, assessment.answered_count, assessment.round) == (Status.FINAL, 3, 1)
    (report,) = tmp_path.glob("*.pdf")
    assert report.read_bytes().startswith(b"%PDF")
    assert told.out.rstrip().endswith("cocok")


def test_it_says_why_it_stops(live_server, city, instrument, capsys):
    main = runpy.run_path(str(SCRIPT))["main"]
    assert main([live_server.url, "--password", "keliru"]) == 1
    assert capsys.readouterr().err.startswith("Berhenti: POST /api/v1/auth/token/: 401")
