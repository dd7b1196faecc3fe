"""The estimate under another instrument, for programs."""

import pytest

from assessments.past import write
from assessments.past.plan import plan
from assessments.past.sheet import read
from spbe_portal.tests.api import client_of

HEAD = ["Tahun", "OPD", "Indikator", "Nilai hasil"]


def past(city, year: int, count: int) -> str:
    rows = [HEAD, *([str(year), "", str(code), "3"] for code in range(1, count + 1))]
    made = write.apply(plan(read(list(enumerate(rows, 1)))), user=city.coordinator, file_name="riwayat.csv").periods[0]
    return f"/api/v1/periods/{made.pk}/projection/"


def test_the_range_and_what_feeds_each_indicator(city, instrument):
    client, url = client_of(city.coordinator), past(city, 2023, 47)
    found = client.get(url).json()
    assert (found["target"], found["source"]) == ("permenpanrb-8-2026", instrument.code)
    low, high = (float(found[name]["index"]) for name in ("low", "high"))
    assert 1 < low < 3 < high < 5
    assert [row["number"] for row in found["indicators"] if row["is_new"] and not row["external_source"]] == [
        "8",
        "11",
    ]
    fed = next(row for row in found["indicators"] if row["feeds"])
    assert {feed["level"] for feed in fed["feeds"]} == {3}
    regrouped = client.get(f"{url}?target=permenpanrb-59-2020").json()
    assert regrouped["low"]["index"] == regrouped["high"]["index"] == regrouped["start"]["index"] == "3.00"


def test_what_it_is_not_mapped_to_is_refused(city, instrument):
    client, url = client_of(city.coordinator), past(city, 2023, 47)
    assert list(client.get(f"{url}?target=tidak-ada").json()) == ["target"]
    assert list(client.get(f"{url}?start=tidak-ada").json()) == ["start"]


@pytest.mark.parametrize(("who", "status"), [("operator", 404), ("verifier", 200), ("leader", 200), ("admin", 404)])
def test_who_sees_the_governments_figures_sees_the_estimate(city, instrument, who, status):
    assert client_of(getattr(city, who)).get(past(city, 2023, 47)).status_code == status


def test_as_many_queries_for_few_levels_as_for_many(city, instrument, django_assert_max_num_queries):
    client = client_of(city.coordinator)
    counted = []
    for url in (past(city, 2022, 1), past(city, 2023, 47)):
        client.get(url)
        with django_assert_max_num_queries(30) as made:
            client.get(url)
        counted.append(len(made))
    assert counted[0] == counted[1]
