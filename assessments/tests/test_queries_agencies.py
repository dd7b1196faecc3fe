"""An agency does not end while its assessments run."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.errors import InTheWay
from accounts.models import Membership
from accounts.permissions import rights_of
from accounts.services.agencies import end_agency, obstacles_to_ending
from assessments import workflow
from assessments.models import Assessment


def end(city):
    return end_agency(
        actor=city.coordinator,
        agency_id=city.dinkes.pk,
        last_day=timezone.localdate(),
        successor=city.dinsos,
        reason="Digabung.",
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("assessment", "draf"),
        ("submitted", "diajukan"),
        ("returned", "dikembalikan"),
        ("approved", "disetujui"),
    ],
)
def test_a_running_assessment_keeps_its_agency(city, period, request, state, said):
    running = request.getfixturevalue(state)
    with pytest.raises(InTheWay) as refusal:
        end(city)
    (obstacle,) = refusal.value.obstacles
    assert obstacle.text == (
        f"Penilaian pada Penilaian 2026 masih berjalan ({running.get_status_display().lower()}). "
        "Finalkan periodenya, atau batalkan penilaian ini."
    )
    assert said in obstacle.text
    city.dinkes.refresh_from_db()
    assert city.dinkes.valid_until is None
    assert not Membership.objects.filter(agency=city.dinkes).exclude(valid_until=None).exists()


def test_an_agency_whose_assessments_are_settled_ends(city, assessment):
    workflow.cancel(assessment_id=assessment.pk, user=city.coordinator, reason="Digabung.")
    end(city)
    city.dinkes.refresh_from_db()
    assert city.dinkes.valid_until == timezone.localdate()


def test_results_keep_no_agency(city, final):
    assert obstacles_to_ending(city.dinkes, rights_of(city.coordinator)) == []


def test_who_cannot_open_the_period_is_told_whom_to_ask(login, city, assessment):
    response = login(city.admin).get(reverse("agency_end", args=[city.dinkes.pk]))
    (obstacle,) = response.context["obstacles"]
    assert obstacle.url == ""
    assert "Minta koordinator penilaian: finalkan periodenya" in obstacle.text
    assert obstacle.text in response.content.decode()


def test_the_page_says_so_before_anything_is_sent_and_after(login, city, assessment):
    client, page = login(city.coordinator), reverse("agency_end", args=[city.dinkes.pk])
    opened = client.get(page)
    (obstacle,) = opened.context["obstacles"]
    assert f'href="{obstacle.url.replace("&", "&amp;")}"' in opened.content.decode()
    sent = {"last_day": f"{timezone.localdate() + timedelta(days=30):%Y-%m-%d}", "reason": "Digabung."}
    response = client.post(page, sent)
    assert response.context["form"].non_field_errors() == [
        "Dinkes belum dapat diakhiri: 1 hal perlu diselesaikan dahulu."
    ]
    assert 'value="Digabung."' in response.content.decode() or ">\nDigabung.</textarea>" in response.content.decode()
    rows = client.get(obstacle.url).context["page"].object_list
    assert [row.assessment for row in rows] == [Assessment.objects.get(pk=assessment.pk)]
