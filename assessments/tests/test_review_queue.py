"""The reviewers' queue."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, Role
from accounts.permissions import rights_of
from assessments.models import Assessment, Contributor, Period
from assessments.queries.review_queue import PER_PAGE, QueueFilter, review_queue
from assessments.services import reviews as services
from conftest import accept_all, hand_in, make_person

URL = reverse("review_queue")


def rows(user, **wanted):
    return review_queue(rights_of(user), QueueFilter(**wanted)).rows


def test_the_one_that_waits_longest_comes_first(submitted, period, city):
    other = hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    Assessment.objects.filter(pk=other.pk).update(submitted_at=timezone.now() - timedelta(days=3))
    Assessment.objects.filter(pk=submitted.pk).update(submitted_at=timezone.now() - timedelta(hours=5))
    shown = rows(city.verifier)
    assert [(row.agency, row.waited) for row in shown] == [("Dinas Sosial", "3 hari"), ("Dinas Kesehatan", "5 jam")]


def test_drafts_are_not_in_the_queue(assessment, city):
    assert rows(city.coordinator) == []


def test_a_row_says_how_far_the_review_is(submitted, city, login):
    services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    services.decide(
        assessment_id=submitted.pk, code="2", user=city.verifier, decision="return", reason="other", note="Lengkapi."
    )
    page = login(city.verifier).get(URL).content.decode()
    assert "2 dari 47 diputuskan" in page
    assert "1 dikembalikan" in page
    assert "Lanjutkan" in page


def test_states_are_counted_and_chosen(returned, city, login):
    response = login(city.verifier).get(URL, {"status": "dikembalikan"})
    assert response.context["queue"].counts == {"menunggu": 0, "dikembalikan": 1, "disetujui": 0}
    assert [row.pk for row in response.context["queue"].rows] == [returned.pk]


def test_what_was_finalised_unfinished_was_not_approved(final, city):
    assert [row.pk for row in rows(city.verifier, state="disetujui")] == [final.pk]


def test_an_own_agency_is_listed_with_the_reason_and_without_a_link(period, city, login):
    own = hand_in(
        Assessment.objects.get(period=period, agency=city.diskominfo),
        make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)),
    )
    services.decide(assessment_id=own.pk, code="1", user=city.verifier2, decision="accept")
    page = login(city.verifier).get(URL).content.decode()
    assert "Anda anggota OPD ini" in page
    assert reverse("review_overview", args=[own.pk]) not in page
    assert "1 dari 47 diputuskan" not in page  # decisions are not known to the agency before they are published


def test_members_of_the_agency_are_not_told_how_many_are_decided(submitted, city):
    services.decide(
        assessment_id=submitted.pk, code="1", user=city.verifier, decision="return", reason="other", note="Lengkapi."
    )
    own = make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
    both = make_person("koordinator-dinkes", (Role.COORDINATOR, city.diskominfo), (Role.OPERATOR, city.dinkes))
    found = {person.username: rows(person)[0] for person in (city.verifier, own, both)}
    assert {name: (row.decided, row.returned) for name, row in found.items()} == {
        "verifikator": (1, 1),
        "verifikator-dinkes": (None, None),
        "koordinator-dinkes": (None, None),
    }


def test_who_wrote_in_it_is_told_why_not(submitted, city, login):
    Contributor.objects.create(assessment=submitted, user=city.coordinator)
    page = login(city.coordinator).get(URL).content.decode()
    assert "pernah mengisi" in page
    assert reverse("review_overview", args=[submitted.pk]) not in page


def test_not_started_by_me_leaves_out_what_i_began(submitted, city):
    services.decide(assessment_id=submitted.pk, code="1", user=city.verifier, decision="accept")
    assert rows(city.verifier, not_started=True) == []
    assert [row.pk for row in rows(city.verifier2, not_started=True)] == [submitted.pk]


@pytest.mark.parametrize(
    "query, found",
    [
        ({"cari": "kesehatan"}, 1),
        ({"cari": "DINKES"}, 1),
        ({"cari": "sosial"}, 0),
        ({"cari": "100%_"}, 0),
        ({"jenis": "dinas"}, 1),
        ({"jenis": "kecamatan"}, 0),
        ({"belum": "on"}, 1),
        # What makes no sense does not narrow.
        ({"jenis": "x", "periode": "abc", "status": "x", "halaman": "x"}, 1),
        ({"periode": "999999", "halaman": "-1"}, 1),
    ],
)
def test_filters_narrow(query, found, submitted, city, login):
    response = login(city.verifier).get(URL, query)
    assert (response.status_code, len(response.context["queue"].rows)) == (200, found)


def test_the_period_narrows(submitted, city, login):
    response = login(city.verifier).get(URL, {"periode": submitted.period_id})
    assert len(response.context["queue"].rows) == 1


def test_years_are_not_mixed_unless_asked_for(final, period, city, login):
    """A period that runs narrows by itself; `semua` shows what earlier ones ended with too."""
    year = period.year + 1
    later = Period.objects.create(
        name="Penilaian berikut",
        year=year,
        instrument=period.instrument,
        starts_on=period.starts_on,
        deadline=timezone.now() + timedelta(days=9),
        status="open",
        opened_at=timezone.now(),
        created_by=city.coordinator,
    )
    client = login(city.verifier)
    counts = {
        asked: client.get(URL, {"periode": asked}).context["queue"].counts["disetujui"]
        for asked in ("", "semua", str(period.pk), str(later.pk))
    }
    assert counts == {"": 0, "semua": 1, str(period.pk): 1, str(later.pk): 0}


def test_what_is_all_decided_is_to_be_approved_first(submitted, period, city, login):
    other = hand_in(Assessment.objects.get(period=period, agency=city.dinsos), city.other_operator)
    accept_all(other, city.verifier)
    page = login(city.verifier).get(URL)
    assert page.context["queue"].first.pk == other.pk
    assert "Periksa dan setujui: Dinas Sosial" in page.content.decode()
    assert "2 penilaian menunggu verifikasi." in page.content.decode()


def test_a_search_with_a_nul_character_is_passed_over(submitted, city, login):
    assert login(city.verifier).get(URL, {"cari": "a\x00b"}).status_code == 200


def test_names_are_escaped(submitted, city, login):
    Agency.objects.filter(pk=city.dinkes.pk).update(name="<script>alert(1)</script>")
    page = login(city.verifier).get(URL, {"cari": "<script>"}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_empty_queue_says_what_comes(city, login):
    assert "Tidak ada penilaian yang menunggu" in login(city.verifier).get(URL).content.decode()


def copies(assessment, number):
    """Agencies that handed in, without answers: enough for a list."""
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"opd-{i}", name=f"OPD {i:03}", short_name=f"OPD {i}", kind="dinas") for i in range(number)
    )
    Assessment.objects.bulk_create(
        Assessment(period=assessment.period, agency=agency, status="submitted", submitted_at=timezone.now(), round=1)
        for agency in agencies
    )


def test_a_long_queue_has_pages(submitted, city, login):
    copies(submitted, PER_PAGE)
    client = login(city.verifier)
    assert len(client.get(URL).context["queue"].rows) == PER_PAGE
    assert len(client.get(URL, {"halaman": 2}).context["queue"].rows) == 1


def test_the_number_of_queries_does_not_grow_with_the_queue(submitted, city, login):
    client = login(city.verifier)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    copies(submitted, PER_PAGE - 1)
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert len(many) == len(few)
    assert len(few) <= 9
