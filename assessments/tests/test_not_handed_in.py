"""The coordinator's page of who has not handed in, and one act that reminds them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, Membership, Notification, NotificationChoice, Role
from accounts.permissions import rights_of
from assessments import workflow
from assessments.errors import Invalid, WrongState
from assessments.models import Assessment, Period
from assessments.services import reminders as services
from audit.models import Event
from conftest import hand_in, make_person, together

pytestmark = pytest.mark.django_db

TEXT = "Mohon segera diajukan."


def of(period, agency) -> Assessment:
    return Assessment.objects.get(period=period, agency=agency)


def remind(city, period, *assessments, text=TEXT, user=None) -> services.Reminded:
    pks = [assessment.pk for assessment in assessments]
    return services.remind(user=user or city.coordinator, period_id=period.pk, assessment_ids=pks, text=text)


def told() -> list[str]:
    rows = Notification.objects.filter(key__startswith="assessment.remind").select_related("user")
    return sorted(row.user.username for row in rows)


# --- The page --------------------------------------------------------------------------------------


def test_the_page_lists_who_has_not_handed_in_by_time_left(login, city, assessment, period):
    hand_in(of(period, city.diskominfo), make_person("operator-diskominfo", (Role.OPERATOR, city.diskominfo)))
    workflow.extend(
        assessment_id=assessment.pk,
        user=city.coordinator,
        until=period.deadline + timedelta(days=2),
        reason="Listrik padam.",
    )
    response = login(city.coordinator).get(reverse("not_handed_in", args=[period.pk]))
    rows = response.context["rows"]
    assert [(row.assessment.agency.slug, [str(person) for person in row.operators]) for row in rows] == [
        ("dinsos", ["Operator-Dinsos"]),
        ("dinkes", ["Operator-Dinkes", "Operator2-Dinkes"]),
    ]
    page = response.text
    assert "2 dari 3 OPD" in page
    assert "0 dari 47" in page
    assert "diperpanjang" in page
    assert reverse("extend", args=[assessment.pk]) in page


def test_what_came_back_is_listed_too_and_filtered(login, city, returned, period):
    client, url = login(city.coordinator), reverse("not_handed_in", args=[period.pk])

    def shown(state):
        return [row.assessment.agency.slug for row in client.get(url, {"saring": state}).context["rows"]]

    assert shown("perbaikan") == ["dinkes"]
    assert sorted(shown("belum")) == ["dinsos", "diskominfo"]
    assert shown("lewat") == []
    Period.objects.update(deadline=timezone.now() - timedelta(minutes=1))
    assert sorted(shown("lewat")) == ["dinsos", "diskominfo"]
    assert "Tidak ada OPD pada saringan ini" not in client.get(url).text


def test_an_agency_without_operators_is_marked_and_not_ticked(login, city, period):
    response = login(city.coordinator).get(reverse("not_handed_in", args=[period.pk]))
    assert response.context["ticked"] == {of(period, city.dinkes).pk, of(period, city.dinsos).pk}
    assert response.text.count("Tanpa operator") == 1
    assert reverse("agency", args=[city.diskominfo.pk]) in response.text


@pytest.mark.parametrize("state", ["draft", "final", "cancelled"])
def test_a_period_that_does_not_run_says_so(login, city, period, state):
    Period.objects.update(status=state, finalised_at=timezone.now())
    page = login(city.coordinator).get(reverse("not_handed_in", args=[period.pk])).text
    assert "Periode ini tidak berjalan" in page


def test_many_agencies_take_no_more_queries(login, city, period):
    client, url = login(city.coordinator), reverse("not_handed_in", args=[period.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    add_agencies(period, 30)
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(url).context["rows"]) == 33
    assert len(many) == len(few)


def add_agencies(period, number: int) -> list[Assessment]:
    agencies = Agency.objects.bulk_create(
        Agency(slug=f"d{n}", name=f"Dinas {n}", short_name=f"D{n}", kind="dinas") for n in range(number)
    )
    for agency in agencies:
        make_person(f"operator-{agency.slug}", (Role.OPERATOR, agency))
    return Assessment.objects.bulk_create(Assessment(period=period, agency=agency) for agency in agencies)


def test_ticking_sends_nothing_and_keeps_the_message(login, city, period):
    client, url = login(city.coordinator), reverse("remind", args=[period.pk])
    cleared = client.post(url, {"tandai": "kosong", "text": "Pesan saya"})
    assert cleared.context["ticked"] == set()
    assert "Pesan saya" in cleared.text
    assert len(client.post(url, {"tandai": "semua", "text": "Pesan saya"}).context["ticked"]) == 2
    assert told() == []


def test_sending_says_to_how_many(login, city, period):
    city.operator.email = "o@kota.example"
    city.operator.save(update_fields=["email"])
    chosen = [of(period, agency).pk for agency in (city.dinkes, city.diskominfo)]
    response = login(city.coordinator).post(
        reverse("remind", args=[period.pk]), {"opd": chosen, "text": TEXT}, follow=True
    )
    assert [str(message) for message in response.context["messages"]] == [
        "Pengingat dikirim kepada 2 orang di 1 OPD, 1 di antaranya juga lewat surel.",
        "1 OPD dilewati karena tidak mempunyai operator yang dapat diberi tahu: Dinas Komunikasi dan Informatika.",
    ]
    assert response.redirect_chain[-1][0] == reverse("not_handed_in", args=[period.pk])


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"text": TEXT}, "Pilih paling sedikit satu OPD."),
        ({"text": TEXT, "opd": ["²", "-1", "9" * 30]}, "Pilih paling sedikit satu OPD."),
        ({"text": " ", "opd": "dinkes"}, "Tulis pesan pengingatnya."),
        ({"text": "x" * 1001, "opd": "dinkes"}, "1000"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(login, city, period, sent, words):
    if sent.get("opd") == "dinkes":
        sent = sent | {"opd": str(of(period, city.dinkes).pk)}
    response = login(city.coordinator).post(reverse("remind", args=[period.pk]), sent)
    assert response.status_code == 200
    assert words in response.text
    assert sent["text"].strip() in response.text
    assert told() == []


# --- The act ---------------------------------------------------------------------------------------


def test_a_reminder_reaches_the_operators_and_is_recorded(city, assessment, period):
    done = remind(city, period, assessment)
    assert (done.people, done.by_email, done.agencies) == (2, 0, 1)
    assert told() == ["operator-dinkes", "operator2-dinkes"]
    row = Notification.objects.filter(key__startswith="assessment.remind").first()
    assert row.kind == "deadline"
    assert row.text.startswith(f"{TEXT}\n\nBatas waktu ")
    assert row.path == reverse("sheet", args=[assessment.pk])
    event = Event.objects.get(action="assessment.remind")
    assert (event.stream, event.actor, event.after, event.reason) == (
        f"assessment:{assessment.pk}",
        city.coordinator,
        {"people": 2},
        TEXT,
    )


def test_an_agency_is_reminded_once_an_hour(city, assessment, period, monkeypatch):
    dinsos = of(period, city.dinsos)
    remind(city, period, assessment)
    again = remind(city, period, assessment, dinsos)
    assert (again.people, again.recent) == (1, ("Dinas Kesehatan",))
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=61))
    assert remind(city, period, assessment).people == 2
    assert Event.objects.filter(action="assessment.remind").count() == 3


def test_who_handed_in_meanwhile_is_passed_over(city, submitted, period):
    done = remind(city, period, submitted)
    assert (done.people, done.handed_in) == (0, ("Dinas Kesehatan",))
    assert told() == []


def test_who_wants_to_hear_nothing_of_deadlines_is_not_counted(city, assessment, period):
    for person in (city.operator, city.operator2):
        NotificationChoice.objects.create(user=person, kind="deadline", in_app=False, by_email=False)
    done = remind(city, period, assessment)
    assert (done.people, done.unreachable) == (0, ("Dinas Kesehatan",))
    assert not Event.objects.filter(action="assessment.remind").exists()


def test_a_person_of_two_agencies_counts_once(city, assessment, period):
    dinsos = of(period, city.dinsos)
    Membership.objects.create(user=city.operator, agency=city.dinsos, role=Role.OPERATOR)
    assert remind(city, period, assessment, dinsos).people == 3
    assert told() == ["operator-dinkes", "operator-dinkes", "operator-dinsos", "operator2-dinkes"]


def test_an_assessment_of_another_period_is_not_reached(city, assessment, period):
    other = Period.objects.create(
        name="Lain",
        year=2030,
        instrument=period.instrument,
        starts_on=period.starts_on,
        deadline=period.deadline,
        created_by=city.coordinator,
    )
    with pytest.raises(Invalid):
        services.remind(user=city.coordinator, period_id=other.pk, assessment_ids=[assessment.pk], text=TEXT)


def test_a_period_that_is_over_refuses(city, assessment, period):
    Period.objects.update(status="cancelled")
    with pytest.raises(WrongState):
        remind(city, period, assessment)


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "admin", "outsider"])
def test_only_coordinators_remind(city, assessment, period, who):
    with pytest.raises(PermissionDenied):
        remind(city, period, assessment, user=getattr(city, who))
    assert told() == []


def test_many_agencies_are_reminded_in_as_many_queries(city, assessment, period):
    rights_of(city.coordinator)
    with CaptureQueriesContext(connection) as few:
        remind(city, period, assessment)
    rows = add_agencies(period, 25)
    with CaptureQueriesContext(connection) as many:
        assert remind(city, period, *rows).people == 25
    assert len(many) == len(few)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_remind_once(city, assessment, period):
    outcomes = together(*[lambda: remind(city, period, assessment)] * 2)
    assert sorted(outcome.people for outcome in outcomes) == [0, 2]
    assert told() == ["operator-dinkes", "operator2-dinkes"]
