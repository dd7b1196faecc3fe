"""The list of all agencies' results."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency
from assessments import workflow
from assessments.models import Assessment, Assignment, Period, Result
from assessments.queries.results import Earlier
from assessments.services import periods as services
from conftest import accept_all, hand_in

PAGE = reverse("results")


def rows(response) -> dict:
    return {row.assessment.agency.slug: row for row in response.context["page"].object_list}


def slugs(response) -> list[str]:
    return [row.assessment.agency.slug for row in response.context["page"].object_list]


def year_before(period: Period, city, *, level: int, instrument=None) -> Period:
    """A finalised period of the year before in which Dinkes was verified at `level` throughout."""
    made = services.create_period(
        user=city.coordinator,
        name="Penilaian 2025",
        year=period.year - 1,
        instrument=instrument or period.instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=5),
        agencies=[city.dinkes],
    )
    workflow.open_period(period_id=made.pk, user=city.coordinator)
    assessment = hand_in(Assessment.objects.get(period=made), city.operator, level=level)
    accept_all(assessment, city.verifier)
    workflow.approve(assessment_id=assessment.pk, user=city.verifier)
    workflow.finalise_period(period_id=made.pk, user=city.coordinator)
    return made


def test_leaders_verifiers_and_coordinators_come_in_and_nobody_else(client, city, submitted):
    got = {}
    for person in [city.leader, city.verifier, city.coordinator, city.operator, city.admin, city.outsider]:
        client.force_login(person)
        got[person.username] = client.get(PAGE).status_code
    assert got == {
        "pimpinan": 200,
        "verifikator": 200,
        "koordinator": 200,
        "operator-dinkes": 403,
        "admin": 403,
        "tamu": 403,
    }


def test_each_sees_the_agencies_they_may_know_of(client, city, submitted):
    got = {}
    for person in [city.leader, city.verifier, city.verifier2, city.coordinator]:
        client.force_login(person)
        got[person.username] = slugs(client.get(PAGE))
    assert got == {
        "pimpinan": ["dinkes"],
        "verifikator": ["dinkes", "diskominfo"],  # a member of Diskominfo
        "verifikator2": ["dinkes", "dinsos"],
        "koordinator": ["dinkes", "diskominfo", "dinsos"],
    }


def test_before_anything_was_handed_in_leaders_are_told_so(login, city, assessment):
    response = login(city.leader).get(PAGE)
    assert response.context["period"] is None
    assert "Belum ada hasil yang dapat dilihat" in response.content.decode()


def test_another_period_can_be_chosen_and_an_invisible_one_is_not_found(login, city, submitted, period):
    client = login(city.leader)
    assert client.get(f"{PAGE}?periode={period.pk}").context["period"] == period
    hidden = services.create_period(
        user=city.coordinator,
        name="Penilaian 2027",
        year=2027,
        instrument=period.instrument,
        starts_on=timezone.localdate(),
        deadline=timezone.now() + timedelta(days=9),
        agencies=[city.dinkes],
    )
    assert client.get(PAGE).context["period"] == period
    assert [client.get(f"{PAGE}?periode={value}").status_code for value in (hidden.pk, "abc", "-1", "9" * 30)] == [
        404
    ] * 4


def test_the_verified_index_exists_from_approval_on(login, city, submitted):
    accept_all(submitted, city.verifier)
    client = login(city.leader)
    row = rows(client.get(PAGE))["dinkes"]
    assert (row.self_index, row.verified_index, row.predicate) == (Fraction(3), None, "")
    workflow.approve(assessment_id=submitted.pk, user=city.verifier)
    row = rows(client.get(PAGE))["dinkes"]
    assert (row.verified_index, row.predicate) == (Fraction(3), "Baik")


def test_an_unfinished_result_is_called_so_and_has_no_verified_index(login, city, final):
    response = login(city.leader).get(PAGE)
    found = rows(response)
    assert {slug: (row.status, row.verified_index) for slug, row in found.items()} == {
        "dinkes": ("final", Fraction(3)),
        "dinsos": ("unfinished", None),
        "diskominfo": ("unfinished", None),
    }
    assert "1 hasil lengkap, 2 tidak selesai." in response.content.decode()
    assert slugs(login(city.leader).get(f"{PAGE}?status=unfinished")) == ["diskominfo", "dinsos"]


def test_the_page_says_that_these_are_internal_indices_and_no_ranking(login, city, submitted):
    page = login(city.leader).get(PAGE).content.decode()
    assert "indeks internal OPD" in page
    assert "Daftar ini bukan peringkat" in page


def test_the_change_is_measured_against_last_years_result_in_force(login, city, approved, period):
    before = year_before(period, city, level=2)
    client = login(city.leader)
    row = rows(client.get(f"{PAGE}?periode={period.pk}"))["dinkes"]
    assert row.earlier == Earlier(2025, Fraction(2), True)
    assert row.change == 1
    workflow.reopen(assessment_id=Assessment.objects.get(period=before).pk, user=city.coordinator, reason="Keliru.")
    assert rows(client.get(f"{PAGE}?periode={period.pk}"))["dinkes"].change is None


def test_results_of_another_instrument_are_shown_but_not_subtracted(login, city, approved, period):
    other = type(period.instrument).objects.get(code="permenpanrb-59-2020")
    year_before(period, city, level=2, instrument=other)
    row = rows(login(city.leader).get(f"{PAGE}?periode={period.pk}"))["dinkes"]
    assert row.earlier == Earlier(2025, Fraction(2), False)
    assert row.change is None


def test_replaced_results_stay_listed_with_their_digest(login, city, final, period):
    workflow.reopen(assessment_id=final.pk, user=city.coordinator, reason="Ada bukti baru.")
    workflow.approve(assessment_id=final.pk, user=city.verifier)
    workflow.finalise_period(period_id=period.pk, user=city.coordinator)
    response = login(city.leader).get(PAGE)
    row = rows(response)["dinkes"]
    assert [(each.number, each.superseded_at is None) for each in row.revisions] == [(2, True), (1, False)]
    page = response.content.decode()
    assert "Digantikan" in page
    assert Result.objects.get(assessment=final, revision=1).digest[:12] in page
    assert not rows(response)["dinsos"].has_history


def test_filters_search_and_order(login, city, submitted, period):
    Agency.objects.filter(pk=city.diskominfo.pk).update(kind="badan")
    client = login(city.coordinator)
    assert slugs(client.get(f"{PAGE}?jenis=badan")) == ["diskominfo"]
    assert slugs(client.get(f"{PAGE}?status=submitted")) == ["dinkes"]
    assert slugs(client.get(f"{PAGE}?cari=dinsos")) == ["dinsos"]
    assert slugs(client.get(f"{PAGE}?cari=tidak-ada")) == []
    assert slugs(client.get(PAGE)) == ["dinkes", "diskominfo", "dinsos"]
    Assessment.objects.filter(period=period, agency=city.dinsos).update(answered_count=9)
    assert slugs(client.get(f"{PAGE}?urut=cakupan")) == ["dinkes", "dinsos", "diskominfo"]
    assert slugs(client.get(f"{PAGE}?urut=status")) == ["dinkes", "diskominfo", "dinsos"]
    assert slugs(client.get(f"{PAGE}?urut=ngawur&jenis=ngawur")) == []


def test_agencies_are_never_ordered_by_index(login, city, approved, period):
    Assessment.objects.filter(period=period, agency=city.dinsos).update(
        status="approved", submitted_at=timezone.now(), approved_at=timezone.now(), verified_exact="4/1"
    )
    client = login(city.coordinator)
    response = client.get(f"{PAGE}?urut=indeks")
    assert "indeks" not in dict(response.context["orders"])
    assert slugs(response) == ["dinkes", "diskominfo", "dinsos"]


def test_unequal_assignments_are_said_not_to_compare(login, city, approved, period):
    client = login(city.coordinator)
    assert "tidak dapat dibandingkan" not in client.get(PAGE).content.decode()
    Assignment.objects.filter(period=period, agency=city.dinsos, indicator__code="1").delete()
    assert "tidak dapat dibandingkan" in client.get(PAGE).content.decode()


def test_one_sentence_says_how_far_all_are(login, city, approved, period):
    client = login(city.leader)
    assert "1 dari 3 OPD sudah disetujui, 2 belum mengajukan." in client.get(PAGE).content.decode()
    workflow.finalise_period(period_id=period.pk, user=city.coordinator, reason="Batas waktu sudah lewat.")
    assert "1 hasil lengkap, 2 tidak selesai." in client.get(PAGE).content.decode()


def test_where_rounding_hides_the_class_it_is_said_beside_it(login, city, approved, period):
    bounds = sorted(period.instrument.bands.values_list("minimum", flat=True))[-1]  # of the best predikat
    just_below = Fraction(bounds) - Fraction(1, 1000)
    Assessment.objects.filter(pk=approved.pk).update(
        verified_exact=f"{just_below.numerator}/{just_below.denominator}", verified_predicate="Sangat Baik"
    )
    response = login(city.leader).get(PAGE)
    assert rows(response)["dinkes"].is_rounded_over
    assert "Predikat ditentukan dari indeks yang belum dibulatkan" in response.content.decode()
    assert bounds == Decimal("4.2")


@pytest.mark.parametrize("who", ["leader", "coordinator"])
def test_forty_agencies_take_as_many_queries_as_three(login, city, final, period, who):
    client = login(getattr(city, who))
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    assert len(slugs(client.get(PAGE))) == 3
    for number in range(37):
        agency = Agency.objects.create(
            slug=f"kec-{number}", name=f"Kecamatan {number:02}", short_name=f"Kec. {number}", kind="kecamatan"
        )
        made = Assessment.objects.create(
            period=period, agency=agency, status="final", finalised_at=timezone.now(), verified_exact="3/1", round=1
        )
        Result.objects.create(
            assessment=made,
            revision=1,
            instrument_code="x",
            instrument_version=1,
            formula_version="1",
            is_complete=True,
            assigned_count=47,
            answered_count=47,
            verified_exact="3/1",
            snapshot={},
            digest="0" * 64,
            finalised_at=timezone.now(),
        )
    with CaptureQueriesContext(connection) as many:
        response = client.get(PAGE)
    assert len(slugs(response)) == 40
    assert len(many) == len(few)
    assert len(many) <= 14
