"""The bell, its list, and each person's choices."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Notification, NotificationChoice, NotificationKind
from accounts.services.notifications import notify
from conftest import make_person

pytestmark = pytest.mark.django_db

LIST = "/pemberitahuan/"


def tell(*people, number=1, **fields) -> list[Notification]:
    made = []
    for place in range(number):
        given = {"kind": NotificationKind.RETURNED, "title": f"Kabar {place}", "key": f"k{place}"} | fields
        made += notify(people, **given)
    return made


def bell(page: str) -> str:
    return page.partition('class="bell"')[2].partition('aria-label="')[2].partition('"')[0]


@pytest.mark.parametrize("who", ["operator", "outsider"])
def test_the_bell_on_every_page_says_how_many_are_unread(login, city, who):
    person = getattr(city, who)
    client = login(person)
    assert bell(client.get(reverse("account_change_password")).text) == "Pemberitahuan, semua sudah dibaca"
    tell(person, number=3)
    tell(city.leader)
    Notification.objects.filter(user=person, key="k0").update(read_at=timezone.now())
    page = client.get(reverse("account_change_password")).text
    assert bell(page) == "Pemberitahuan, 2 belum dibaca"
    assert '<span class="bell-count" aria-hidden="true" data-bell-count>2</span>' in page
    assert client.get(reverse("notification_count")).json() == {
        "unread": 2,
        "text": "Pemberitahuan, 2 belum dibaca",
    }


def test_the_bell_costs_a_page_no_query(login, city):
    client = login(city.operator)
    client.get(reverse("account_change_password"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("account_change_password"))
    naming = [query["sql"] for query in queries if "accounts_notification" in query["sql"]]
    assert len(naming) == 1
    assert "accounts_membership" in naming[0]


def test_what_is_told_by_e_mail_only_is_not_behind_the_bell(login, city):
    city.operator.email = "o@kota.example"
    city.operator.save(update_fields=["email"])
    NotificationChoice.objects.create(user=city.operator, kind="returned", in_app=False)
    (row,) = tell(city.operator)
    client = login(city.operator)
    assert "Kabar 0" not in client.get(LIST).text
    assert client.post(f"{LIST}{row.pk}/").status_code == 404


def test_the_list_is_by_day_newest_first_and_marks_the_unread_by_words(login, city):
    rows = tell(city.operator, number=4)
    now = timezone.now()
    for row, days in zip(rows, (0, 0, 1, 40), strict=True):
        Notification.objects.filter(pk=row.pk).update(created_at=now - timedelta(days=days))
    Notification.objects.filter(pk=rows[1].pk).update(read_at=now)
    response = login(city.operator).get(LIST)
    days = [(day.title, [row.title for row in day.rows]) for day in response.context["days"]]
    assert [title for title, _ in days[:2]] == ["Hari ini", "Kemarin"]
    assert [titles for _, titles in days] == [["Kabar 1", "Kabar 0"], ["Kabar 2"], ["Kabar 3"]]
    assert response.text.count(">Belum dibaca</span>") == 3
    unread = login(city.operator).get(f"{LIST}?saring=belum").context["days"]
    assert [row.title for day in unread for row in day.rows] == ["Kabar 0", "Kabar 2", "Kabar 3"]


def test_a_long_list_has_pages_and_a_fixed_number_of_queries(login, city):
    client = login(city.operator)
    tell(city.operator)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    tell(city.operator, number=45)
    with CaptureQueriesContext(connection) as many:
        first = client.get(LIST)
    assert len(many) == len(few)
    assert len([row for day in first.context["days"] for row in day.rows]) == 30
    second = client.get(f"{LIST}?halaman=2")
    assert len([row for day in second.context["days"] for row in day.rows]) == 15


def test_an_empty_list_says_what_will_come(login, city):
    assert "Belum ada pemberitahuan" in login(city.outsider).get(LIST).text


def test_opening_marks_as_read_and_leads_there(login, city):
    (row,) = tell(city.operator, city.operator2, path="/laporan/?a=1")[:1]
    client = login(city.operator)
    assert client.get(f"{LIST}{row.pk}/").status_code == 405
    row.refresh_from_db()
    assert row.read_at is None
    response = client.post(f"{LIST}{row.pk}/")
    assert (response.status_code, response.url) == (302, "/laporan/?a=1")
    row.refresh_from_db()
    first = row.read_at
    assert first is not None
    client.post(f"{LIST}{row.pk}/")
    row.refresh_from_db()
    assert row.read_at == first
    assert Notification.objects.get(user=city.operator2).read_at is None


def test_another_persons_is_not_found(login, city):
    (row,) = tell(city.operator)
    assert login(city.operator2).post(f"{LIST}{row.pk}/").status_code == 404
    row.refresh_from_db()
    assert row.read_at is None


@pytest.mark.parametrize("path", ["//jahat.example/", "/\\jahat.example/", "https://jahat.example/", ""])
def test_none_leads_out_of_the_portal_however_it_came_there(login, city, path):
    (row,) = tell(city.operator)
    Notification.objects.filter(pk=row.pk).update(path=path)
    assert login(city.operator).post(f"{LIST}{row.pk}/").url == LIST


def test_all_are_read_up_to_what_was_seen(login, city):
    seen = tell(city.operator, number=2)
    (later,) = tell(city.operator, key="later")
    tell(city.operator2, key="other")
    response = login(city.operator).post(reverse("notification_read_all"), {"until": seen[-1].pk}, follow=True)
    assert "2 pemberitahuan ditandai sudah dibaca." in response.text
    assert set(Notification.objects.filter(read_at=None).values_list("key", flat=True)) == {"later", "other"}
    for until in ("²", "9" * 5000):
        login(city.operator).post(reverse("notification_read_all"), {"until": until})
    later.refresh_from_db()
    assert later.read_at is None


def test_what_a_title_holds_is_text(login, city):
    tell(city.operator, title="<script>alert(1)</script>", text="<img src=x>")
    page = login(city.operator).get(LIST).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x>" not in page


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("operator", ["deadline", "returned", "approved", "period", "follow_up", "report"]),
        ("verifier", ["handed_in", "report"]),
        ("coordinator", ["deadline", "handed_in", "follow_up", "report"]),
        ("leader", ["period", "report"]),
        ("outsider", ["report"]),
    ],
)
def test_each_chooses_among_what_they_are_told_of(login, city, who, kinds):
    response = login(getattr(city, who)).get(reverse("notification_settings"))
    assert [line.kind for line in response.context["form"].lines()] == kinds


def test_choices_are_kept_and_shown(login, city):
    client, url = login(city.verifier), reverse("notification_settings")
    assert client.post(url, {"portal-handed_in": "on", "surel-report": "on"}).url == url
    assert client.post(url, {"portal-handed_in": "on", "surel-report": "on", "surel-period": "on"}).url == url
    stored = NotificationChoice.objects.order_by("kind").values_list("user", "kind", "in_app", "by_email")
    assert list(stored) == [
        (city.verifier.pk, "handed_in", True, False),
        (city.verifier.pk, "report", False, True),
    ]
    shown = client.get(url).context["form"]
    boxes = {name: shown[name].value() for name in shown.fields}
    assert boxes == {
        "portal-handed_in": True,
        "surel-handed_in": False,
        "portal-report": False,
        "surel-report": True,
    }


def test_who_has_no_address_is_told_so(login, city):
    url = reverse("notification_settings")
    assert "belum mempunyai alamat surel" in login(city.operator).get(url).text
    person = make_person("ani", email="ani@kota.example")
    page = login(person).get(url).text
    assert "ani@kota.example" in page
    assert "belum mempunyai alamat surel" not in page


def test_who_has_no_role_any_more_still_reads_what_they_were_told(login, city):
    tell(city.operator)
    Membership.objects.filter(user=city.operator).update(valid_until=timezone.localdate() - timedelta(days=1))
    page = login(city.operator).get(LIST).text
    assert "Kabar 0" in page
    assert bell(page) == "Pemberitahuan, 1 belum dibaca"
