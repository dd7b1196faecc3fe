"""What a period's levels become under another instrument."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from assessments.past import write
from assessments.past.plan import plan
from assessments.past.sheet import read
from assessments.queries.projection import projection
from assessments.queries.trend import trend
from indicators.models import IndicatorMapping

HEAD = ["Tahun", "OPD", "Indikator", "Nilai hasil"]


def past(city, levels, year=2023, **options):
    rows = [HEAD, *([str(year), "", str(code), str(level)] for code, level in levels.items())]
    table = [(line, row) for line, row in enumerate(rows, 1)]
    return write.apply(plan(read(table), **options), user=city.coordinator, file_name="riwayat.csv").periods[0]


@pytest.fixture
def threes(city, instrument):
    return past(city, dict.fromkeys(range(1, 48), 3))


def test_pemdi_is_estimated_from_the_mapped_levels(threes):
    found = projection(threes)
    assert found.target.code == "permenpanrb-8-2026"
    assert [line.indicator.code for line in found.new] == ["8", "11"]
    assert [line.indicator.code for line in found.external] == ["5", "6", "7", "18"]
    covered = found.estimate.covered
    assert found.estimate.low.index == 3 * covered + (1 - covered)
    assert found.estimate.high.index == 3 * covered + 5 * (1 - covered)


def test_under_the_regulations_own_grouping_the_index_is_the_same(city, instrument):
    period = past(city, {code: 1 + code % 5 for code in range(1, 48)})
    found = projection(period, "permenpanrb-59-2020")
    assert found.estimate.low.index == found.estimate.high.index == found.start.index


def test_the_queries_are_as_many_for_few_levels_as_for_many(threes, city, django_assert_num_queries):
    few = past(city, {1: 3}, 2022)
    for period in (few, threes):
        projection(period)
        with django_assert_num_queries(15):
            projection(period)


def test_the_page_says_whose_estimate_it_is(threes, city, login):
    response = login(city.leader).get(reverse("roadmap_projection") + f"?periode={threes.pk}")
    text = response.content.decode()
    assert "Menuju Pemdi" in text
    assert "Perkiraan portal, bukan hasil evaluasi." in text
    assert "bukan ketentuan peraturan." in text
    assert "Kompetensi SDM SPBE menjadi SDM Pemdi." in text
    assert "skor Satu Data Indonesia (Bappenas)" in text


def test_the_sheet_holds_every_link_and_the_index(threes, city, login):
    client = login(city.coordinator)
    response = client.get(reverse("roadmap_projection") + f"?periode={threes.pk}&bentuk=xlsx")
    rows = list(load_workbook(io.BytesIO(response.content)).active.iter_rows(values_only=True))
    found = projection(threes)
    assert len(rows) == 2 + sum(max(1, len(line.sources)) for line in found.lines)
    assert rows[-1][2] == "Indeks (perkiraan portal)"
    assert client.get(reverse("roadmap_projection") + f"?periode={threes.pk}&bentuk=csv").status_code == 404


def test_without_a_mapping_it_says_so(threes, city, login):
    IndicatorMapping.objects.all().delete()
    client = login(city.coordinator)
    address = reverse("roadmap_projection")
    assert "Belum ada pemetaan" in client.get(address).content.decode()
    assert client.get(address + "?periode=999999").status_code == 404
    assert client.get(address + "?bentuk=xlsx").status_code == 404


def test_agencies_do_not_see_it(threes, city, login):
    assert login(city.operator).get(reverse("roadmap_projection")).status_code == 403


def test_the_trend_compares_across_instruments_only_what_both_ask(threes, city, login):
    old = past(city, {**dict.fromkeys(range(1, 35), 2), **{f"35-{part}": 2 for part in (1, 2, 3)}}, 2019)
    assert old.instrument.code == "permenpanrb-5-2018"
    then, now = trend()
    assert (then.year, then.is_imported, then.is_partial, now.instrument_changed) == (2019, True, False, True)
    assert (then.compared.earlier, then.compared.later) == (2, 3)
    assert then.compared.indicators == 28
    assert 0 < then.compared.covered < 1
    assert now.compared is None
    page = login(city.coordinator).get(reverse("pemda") + f"?periode={threes.pk}").content.decode()
    assert "sebanding dengan tahun terbaru, hanya indikator yang terpetakan (28 indikator" in page
    assert "riwayat impor, tanpa bukti" in page


def test_a_trend_without_a_mapping_compares_nothing(threes, city):
    past(city, {1: 2}, 2019)
    IndicatorMapping.objects.all().delete()
    then, _ = trend()
    assert (then.compared, then.known, then.total) == (None, 1, 37)
