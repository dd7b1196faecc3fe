"""What the benchmark makes is what it measures: whole reports, counted truly, away from the portal's data."""

import os

import pytest
from django.utils import timezone

from assessments.models import Assessment
from reports.kinds import agency
from reports.management.commands.benchmark_reports import FullWorld, Measure, Scratch, table


@pytest.mark.django_db
def test_its_reports_are_as_full_as_real_ones(instrument):
    world = FullWorld(2)
    for assessment in Assessment.objects.filter(period=world.running):
        report = agency.document(agency.sources(assessment.pk), code="LPO-1", generated_at=timezone.now())
        assert (report.answered, report.is_verified, report.decisions.accepted) == (47, True, 47)
        assert report.documents
        assert [row.code for row in report.indicators if not row.documents] == []


def test_the_table_says_how_many_times_as_fast():
    lines = table([Measure(1, 200, 2400, 400.0, 30.0), Measure(2, 200, 2400, 250.0, 30.0)]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["1", "200", "2400", "400.0", "0.50", "30.0", "1.00"], ["2", "200", "2400", "250.0", "0.80", "30.0", "1.60"],
    ]  # fmt: skip


def test_it_keeps_away_from_the_portals_data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://portal")
    monkeypatch.setenv("REDIS_URL", "redis://portal")
    environment = Scratch(tmp_path, 1).environment
    assert (environment["VAR_DIR"], "DATABASE_URL" in environment, "REDIS_URL" in environment) == (
        str(tmp_path), False, False,
    )  # fmt: skip
    assert os.environ["DATABASE_URL"] == "postgres://portal"
