"""The measuring command: in a database of its own, and it notices queries that grow."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Agency
from reports.management.commands.benchmark_pages import Measure, growing, table

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def measured(page, agencies, queries):
    return Measure(page, agencies, 200, 12.4, queries, 99.5)


def test_a_page_whose_queries_grow_is_named():
    found = [
        measured("heat", 30, 9),
        measured("heat", 300, 9),
        measured("results", 30, 9),
        measured("results", 300, 10),
    ]
    assert growing(found) == ["results"]
    assert table(found).splitlines()[1].split() == ["heat", "30", "200", "12", "9", "100"]


def test_it_measures_every_page_and_leaves_the_portals_data_alone():
    out = StringIO()
    call_command("benchmark_pages", agencies=[2], repeat=1, stdout=out, stderr=StringIO())
    lines = [line.split() for line in out.getvalue().splitlines()[1:]]
    assert [line[0] for line in lines] == ["pemda", "heat", "heat", "results", "determination", "period", "own_place"]
    assert {line[-4] for line in lines} == {"200"}
    assert all(int(line[-2]) > 0 for line in lines)
    assert Agency.objects.count() == 0


def test_nonsense_is_refused():
    with pytest.raises(CommandError, match="paling sedikit 1"):
        call_command("benchmark_pages", agencies=[0], repeat=1)
