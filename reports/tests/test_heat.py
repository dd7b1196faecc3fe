"""The heat table: what each cell says, to whom, and that it stays light."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Agency, Role
from accounts.permissions import rights_of
from assessments import levels, workflow
from assessments.models import Assessment, Assignment, Determination
from conftest import accept_all, hand_in
from reports.benchmark import World
from reports.cells import Cells
from reports.queries import heat

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(period, city):
    """Dinkes approved at 3, with 12 at 4; Dinsos handed in at 2; Diskominfo a draft."""
    dinkes, dinsos = (Assessment.objects.get(period=period, agency=agency) for agency in (city.dinkes, city.dinsos))
    hand_in(dinkes, city.operator, i12=4)
    accept_all(dinkes, city.verifier)
    workflow.approve(assessment_id=dinkes.pk, user=city.verifier)
    hand_in(dinsos, city.other_operator, level=2)
    return period


def page(login, user, query=""):
    return login(user).get(reverse("heat") + query)


def row_of(response, name):
    """The cells of one agency's row as (class letters, text), and the row's own tag."""
    html = response.content.decode()
    body = next(row for row in html.split("<tr") if f">{name}</" in row and "scope=row" in row)
    cells = re.findall(r'<td(?: colspan=\d+)?(?: class=("[^"]*"|\w+))?>([^<]*)', body)
    return [(letters.strip('"').split(), text.strip()) for letters, text in cells], body.split(">")[0]


def names(response):
    return [row.short_name for row, _ in response.context["rows"]]


def test_a_cell_is_the_verified_level_once_approved_and_before_that_what_the_agency_says(three, city, login):
    response = page(login, city.leader)
    approved, tag = row_of(response, "Dinkes")
    assert approved[0][1] == "47/47"
    assert [text for _, text in approved[2:]] == ["3"] * 11 + ["4"] + ["3"] * 35
    assert approved[2 + 11][0][0] == "l4"
    assert "class=s" not in tag
    said, tag = row_of(response, "Dinsos")
    assert [text for _, text in said[2:]] == ["2"] * 47
    assert "class=s" in tag


def test_the_first_cell_of_every_domain_is_marked(three, city, login):
    cells, _ = row_of(page(login, city.leader), "Dinkes")
    assert [number for number, (letters, _) in enumerate(cells[2:], 1) if "g" in letters] == [1, 11, 21, 32]


@pytest.mark.parametrize(
    ("who", "draft_is_seen", "opens"),
    [
        ("leader", False, {"Dinkes"}),
        ("verifier", True, {"Dinkes", "Dinsos", "Diskominfo"}),  # a member of Diskominfo
        ("verifier2", False, {"Dinkes", "Dinsos"}),
        ("coordinator", True, {"Dinkes", "Dinsos", "Diskominfo"}),
    ],
)
def test_who_sees_a_draft_and_whose_answers_open(three, city, login, who, draft_is_seen, opens):
    Assessment.objects.filter(agency=city.diskominfo).update(self_levels="1=5")
    response = page(login, getattr(city, who))
    cells, _ = row_of(response, "Diskominfo")
    if draft_is_seen:
        assert cells[2] == (["l5", "g"], "5")
    else:
        assert cells == [(["v"], "Belum diajukan")]
    opened = {name for name in ("Dinkes", "Dinsos", "Diskominfo") if "data-a=" in row_of(response, name)[1]}
    assert opened == opens


def test_what_is_not_assigned_not_relevant_or_not_answered_is_told_apart():
    columns = [heat.Column(1, str(code), "x", "x", "A", code == 1) for code in range(1, 6)]
    row = Cells(columns, "3").row(levels.unpack("1=x 2= 3=4 5=1"))
    assert row == '<td class="x g">tr<td class=e>–<td class="l4 k">4<td class=o><td class=l1>1'


def test_a_fractional_level_takes_the_colour_of_the_level_it_reaches():
    assert Cells([heat.Column(1, "1", "x", "x", "A", False)]).row({"1": "2.75"}) == "<td class=l2>2,75"


def test_the_government_stands_on_top_with_what_is_determined(three, city, login):
    indicator = three.instrument.indicators.get(code="5")
    Determination.objects.create(
        period=three, indicator=indicator, level=4, suggested=4, determined_by=city.coordinator,
        determined_at=three.opened_at,
    )  # fmt: skip
    cells, tag = row_of(page(login, city.leader), "Nilai Pemda")
    assert "class=p" in tag
    assert cells[0][1] == "1/47"
    assert [text for _, text in cells[2:]] == ["–"] * 4 + ["4"] + ["–"] * 42


def test_agencies_are_sorted_by_index_only_where_all_are_assigned_the_same(three, city, login):
    assert "indeks" in dict(page(login, city.leader).context["orders"])
    assert names(page(login, city.leader, "?urut=indeks"))[0] == "Dinkes"
    Assessment.objects.filter(agency=city.dinkes).update(assigned_count=46)
    response = page(login, city.leader, "?urut=indeks")
    assert "indeks" not in dict(response.context["orders"])
    assert response.context["order"] == "nama"
    assert "OPD tidak dapat diurutkan menurut indeks" in response.content.decode()


def test_equal_numbers_of_other_indicators_are_not_equal_assignments(three):
    """The counts alone would call these equal."""
    Assessment.objects.filter(period=three).update(assigned_count=2, self_levels="1=3 2=3")
    assert heat.are_equal(three) is True
    last = Assessment.objects.filter(period=three).last()
    Assessment.objects.filter(pk=last.pk).update(self_levels="1=3 5=3")
    assert heat.are_equal(three) is False


def test_filters_by_kind_name_status_lateness_and_predikat(three, city, login):
    assert names(page(login, city.leader, "?cari=sosial")) == ["Dinsos"]
    assert names(page(login, city.leader, "?status=draft")) == ["Diskominfo"]
    assert names(page(login, city.leader, "?predikat=Baik")) == ["Dinkes"]
    assert names(page(login, city.leader, "?jenis=badan")) == []
    assert names(page(login, city.leader, "?status=terlambat")) == []
    three.deadline = three.opened_at
    three.save()
    assert names(page(login, city.leader, "?status=terlambat")) == ["Diskominfo"]
    assert names(page(login, city.leader, "?urut=cakupan"))[-1] == "Diskominfo"


def test_one_indicator_lists_the_agencies_at_each_level(three, city, login):
    response = page(login, city.leader, "?indikator=12")
    found = {each.key: [row.short_name for row in each.rows] for each in response.context["at_levels"]}
    assert found == {"5": [], "4": ["Dinkes"], "3": [], "2": ["Dinsos"], "1": [], "belum": ["Diskominfo"]}
    html = response.content.decode()
    dinkes, dinsos = (Assessment.objects.get(period=three, agency=each) for each in (city.dinkes, city.dinsos))
    # A leader opens answers from approval on; before that the sheet.
    assert f'href="{reverse("answer", args=[dinkes.pk, "12"])}"' in html
    assert f'href="{reverse("answer", args=[dinsos.pk, "12"])}"' not in html
    assert names(page(login, city.leader, "?indikator=12&level=2")) == ["Dinsos"]


def test_many_rows_are_read_as_few_are(three, city, monkeypatch):
    rows = heat.rows(three, rights_of(city.leader))
    few = heat.levels_of(three, rows)
    monkeypatch.setattr(heat, "NAMED", 0)
    assert heat.levels_of(three, rows) == few
    assert [bool(few[row.assessment_id]) for row in rows] == [row.is_seen for row in rows]
    assert [row.is_seen for row in rows].count(False) == 1


@pytest.mark.parametrize("query", ["?periode=999999", "?periode=x", "?indikator=999"])
def test_what_does_not_exist_is_not_found(three, city, login, query):
    assert page(login, city.leader, query).status_code == 404


def test_without_a_period_it_says_when_the_map_appears(city, login):
    assert "Belum ada periode yang berjalan" in page(login, city.leader).content.decode()


def test_cancelled_agencies_are_not_in_the_map(three, city, login):
    Assessment.objects.filter(agency=city.dinsos).update(status="cancelled")
    assert names(page(login, city.leader)) == ["Dinkes", "Diskominfo"]


def test_the_number_of_queries_does_not_grow_and_cells_stay_light(instrument, client):
    counts = {}
    world = World(2)
    for size in (2, 9):
        _grow(world, size)
        client.force_login(world.people[Role.LEADER])
        for query in ("", "?indikator=12", "?urut=cakupan"):
            client.get(reverse("heat") + query)
            with CaptureQueriesContext(connection) as queries:
                response = client.get(reverse("heat") + query)
            counts.setdefault(query, set()).add(len(queries))
            assert len(response.context["rows"]) == size
    assert {query: len(numbers) for query, numbers in counts.items()} == dict.fromkeys(counts, 1)
    row = row_of(response, "PD 0003")[0]
    assert len(row) == 49
    assert max(len(f"<td class={' '.join(letters)}>{text}") for letters, text in row) < 24


def _grow(world, size):
    """The same running period with copies of its second agency's handed-in assessment."""
    model = Assessment.objects.get(period=world.running, agency=world.agencies[1])
    for number in range(len(world.agencies) + 1, size + 1):
        agency = Agency.objects.create(
            slug=f"opd-{number}", name=f"Perangkat Daerah {number:04d}", short_name=f"PD {number:04d}", kind="dinas"
        )
        model.pk, model.agency, model._state.adding = None, agency, True
        model.save()
        Assignment.objects.bulk_create(
            Assignment(period=world.running, agency=agency, indicator=each) for each in world.indicators
        )
