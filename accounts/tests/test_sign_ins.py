"""Sessions: noted at log-in, listed, ended, and over after twelve hours."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, SignIn, User
from accounts.services import people, sign_ins
from audit.models import Event
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

SECURITY = "/akun/keamanan/"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
PHONE = "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


def logged_in(username: str = "operator-dinkes", browser: str = WINDOWS, address: str = "10.0.0.7") -> Client:
    client = Client(headers={"User-Agent": browser}, REMOTE_ADDR=address)
    assert client.post("/masuk/", {"login": username, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/sandi/").status_code == 200


def test_each_log_in_is_listed_with_its_device_and_address(city):
    here, phone = logged_in(), logged_in(browser=PHONE, address="203.0.113.4")
    text = here.get(SECURITY).content.decode()
    assert "Chrome di Windows" in text
    assert "Chrome di Android" in text
    assert "203.0.113.4" in text
    assert text.count("Sesi ini") == 1
    assert text.index("Chrome di Windows") < text.index("Chrome di Android")
    assert phone.session.session_key not in text
    assert [row.is_this for row in sign_ins.shown(city.operator, phone.session.session_key)] == [True, False]


@pytest.mark.parametrize(
    "browser, words",
    [
        (WINDOWS, "Chrome di Windows"),
        (PHONE, "Chrome di Android"),
        (WINDOWS + " Edg/130.0", "Edge di Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox di Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari di iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Version/18.0 Safari/605.1", "Safari di Mac"),
        ("curl/8.5", "Peramban tidak dikenal"),
        ("", "Peramban tidak dikenal"),
        ("<script>alert(1)</script>", "Peramban tidak dikenal"),
    ],
)
def test_devices_in_words(browser, words):
    assert sign_ins.device_in_words(browser) == words


def test_one_session_is_ended_and_the_others_go_on(city):
    here, there, third = logged_in(), logged_in(), logged_in()
    row = SignIn.objects.get(session_key=there.session.session_key)
    key = there.session.session_key
    assert here.post(reverse("session_end", args=[row.pk])).url == SECURITY
    assert [is_in(client) for client in (here, there, third)] == [True, False, True]
    assert not Session.objects.filter(session_key=key).exists()
    event = Event.objects.get(action="user.session_ended")
    assert (event.actor, event.after) == (city.operator, {"device": "Chrome di Windows"})


def test_somebody_elses_session_is_not_there(city):
    mine, theirs = logged_in(), logged_in("operator-dinsos")
    row = SignIn.objects.get(session_key=theirs.session.session_key)
    assert mine.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert mine.post(reverse("session_end", args=[0])).status_code == 404
    assert is_in(theirs)


def test_all_others_are_ended_at_once_and_this_one_stays(city):
    here, there = logged_in(), logged_in()
    unlisted = Client()
    unlisted.force_login(city.operator)
    stranger = logged_in("operator-dinsos")
    assert here.post(reverse("sessions_end_others")).url == SECURITY
    assert [is_in(client) for client in (here, there, unlisted, stranger)] == [True, False, False, True]
    city.operator.refresh_from_db()
    assert len(sign_ins.shown(city.operator, here.session.session_key)) == 1
    assert sign_ins.shown(city.operator, here.session.session_key)[0].is_this
    assert Event.objects.get(action="user.sessions_ended").actor == city.operator


def test_another_password_keeps_this_session_listed_and_ends_the_others(city):
    here, there = logged_in(), logged_in()
    here.post("/sandi/", {"oldpassword": PASSWORD, "password1": "gunung-merapi-77", "password2": "gunung-merapi-77"})
    city.operator.refresh_from_db()
    assert [row.is_this for row in sign_ins.shown(city.operator, here.session.session_key)] == [True]
    assert not is_in(there)


@pytest.mark.parametrize(
    "who, whose, status, ended",
    [
        ("coordinator", "operator", 302, True),
        ("admin", "operator", 302, True),
        ("coordinator", "admin", 403, False),
        ("operator2", "operator", 403, False),
        ("verifier", "operator", 403, False),
        ("leader", "operator", 403, False),
        ("outsider", "operator", 403, False),
        ("coordinator", "coordinator", 302, False),
    ],
)
def test_who_may_end_a_persons_sessions(city, who, whose, status, ended):
    person = getattr(city, whose)
    theirs, actor = logged_in(person.username), Client()
    actor.force_login(getattr(city, who))
    assert actor.post(reverse("person_sessions_end", args=[person.pk])).status_code == status
    assert is_in(theirs) != ended
    assert Event.objects.filter(action="user.sessions_ended", stream=f"user:{person.pk}").exists() == ended


def test_the_persons_page_shows_how_many_are_open(city, login):
    logged_in(), logged_in()
    text = login(city.coordinator).get(reverse("person", args=[city.operator.pk])).content.decode()
    assert "<dt>Sesi terbuka</dt><dd>2</dd>" in text


def test_ending_a_role_ends_the_sessions(city):
    client = logged_in()
    membership = Membership.objects.get(user=city.operator)
    people.end_membership(actor=city.coordinator, membership_id=membership.pk, last_day=None, reason="Mutasi")
    assert not is_in(client)
    assert sign_ins.shown(User.objects.get(pk=city.operator.pk), None) == []


# --- Time ----------------------------------------------------------------------------------------------


def shift(client: Client, **past) -> None:
    session = client.session
    session[sign_ins.MARK] = {**session[sign_ins.MARK], **past}
    session.save()


def test_a_session_ends_twelve_hours_after_log_in_however_busy(city):
    client = logged_in()
    now = timezone.now().timestamp()
    shift(client, began=now - 12 * 3600 + 60, seen=now)
    assert is_in(client)
    shift(client, began=now - 12 * 3600 - 60, seen=now)
    assert client.get("/sandi/").url == "/masuk/?next=/sandi/"
    assert client.session.session_key is None or sign_ins.MARK not in client.session


def test_use_is_written_down_every_few_minutes_and_not_at_each_request(city):
    client = logged_in()
    row = SignIn.objects.get(user=city.operator)
    client.get("/sandi/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/sandi/")
    assert [query["sql"][:6] for query in queries if query["sql"][:6] in ("UPDATE", "INSERT", "DELETE")] == []
    SignIn.objects.filter(pk=row.pk).update(seen_at=timezone.now() - timedelta(hours=1))
    shift(client, seen=timezone.now().timestamp() - 301)
    client.get("/sandi/")
    row.refresh_from_db()
    assert timezone.now() - row.seen_at < timedelta(minutes=1)


def test_what_ended_is_cleared_away(city):
    here, expired, gone = logged_in(), logged_in(), logged_in()
    Session.objects.filter(pk=expired.session.session_key).update(expire_date=timezone.now() - timedelta(hours=1))
    gone.post("/keluar/")
    assert SignIn.objects.count() == 3
    assert len(sign_ins.shown(city.operator, here.session.session_key)) == 1
    sign_ins.clear()
    assert [row.session_key for row in SignIn.objects.all()] == [here.session.session_key]
    assert is_in(here)


def test_the_page_asks_the_same_of_the_database_however_many_sessions(city, django_assert_num_queries):
    counts = []
    here = logged_in()
    here.get(SECURITY)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            here.get(SECURITY)
        counts.append(len(queries))
        for _ in range(4):
            logged_in()
    assert counts[0] == counts[1]
