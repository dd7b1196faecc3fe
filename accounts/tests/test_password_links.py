"""One-time password links: made by a coordinator, used once by their person."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import User
from accounts.services import passwords, people
from audit.models import Event
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "gunung-merapi-77"
GONE = "Tautan ini tidak berlaku lagi"


def path_of(link: passwords.PasswordLink, settings) -> str:
    assert link.url.startswith(f"{settings.PUBLIC_URL}/sandi/")
    return link.url.removeprefix(settings.PUBLIC_URL)


@pytest.fixture
def path(city, settings) -> str:
    """A fresh link for Dinkes's operator."""
    return path_of(passwords.make_link(actor=city.coordinator, person_id=city.operator.pk), settings)


def send(client: Client, path: str, password: str = NEW, again: str | None = None):
    return client.post(path, {"password1": password, "password2": again or password})


def assert_gone(response):
    assert response.status_code == 410
    assert GONE in response.content.decode()


def test_the_link_sets_the_password_and_leads_to_log_in(client, city, path):
    page = client.get(path)
    assert page.status_code == 200
    assert "operator-dinkes" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    response = send(client, path)
    assert (response.status_code, response.url) == (302, "/masuk/")
    city.operator.refresh_from_db()
    assert city.operator.check_password(NEW)
    assert "Masuk dengan nama pengguna operator-dinkes." in client.get("/masuk/").content.decode()


def test_it_works_once(client, path, city):
    send(client, path)
    assert_gone(client.get(path))
    assert_gone(send(client, path, "gunung-semeru-88"))
    city.operator.refresh_from_db()
    assert city.operator.check_password(NEW)


def test_the_same_password_again_uses_it_up_too(client, path):
    send(client, path, PASSWORD)
    assert_gone(client.get(path))


def test_looking_uses_nothing_up_and_the_old_password_works_until_then(client, path, city):
    for _ in range(3):
        assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    client.post("/masuk/", {"login": "operator-dinkes", "password": PASSWORD})
    assert "_auth_user_id" in client.session
    assert Client().get(path).status_code == 200


def test_it_expires(client, path, monkeypatch, settings):
    late = datetime.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: late - timedelta(seconds=2))
    assert client.get(path).status_code == 200
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: late + timedelta(seconds=2))
    assert_gone(client.get(path))
    assert_gone(send(client, path))


def test_the_page_names_the_moment_it_expires(city, settings):
    link = passwords.make_link(actor=city.coordinator, person_id=city.operator.pk)
    expected = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    assert abs(link.expires_at - expected) < timedelta(seconds=5)


@pytest.mark.parametrize("part", ["uidb64", "token", "time"])
def test_a_changed_link_does_not_work(client, path, city, part):
    uidb64, token = path.strip("/").split("/")[1:]
    moment, mac = token.split("-")
    changed = {
        "uidb64": f"/sandi/{passwords.urlsafe_base64_encode(str(city.coordinator.pk).encode())}/{token}/",
        "token": f"/sandi/{uidb64}/{moment}-{mac[:-1]}{'0' if mac[-1] != '0' else '1'}/",
        "time": f"/sandi/{uidb64}/{moment[:-1]}{'0' if moment[-1] != '0' else '1'}-{mac}/",
    }[part]
    assert_gone(client.get(changed))
    assert_gone(send(client, changed))
    for person in (city.operator, city.coordinator):
        person.refresh_from_db()
        assert person.check_password(PASSWORD)


@pytest.mark.parametrize(
    "uidb64", ["%20", "-", "MTA=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "4pyT", "LTE", "A" * 300, "MA"]
)
def test_nonsense_is_gone_and_no_error(client, city, uidb64):
    assert_gone(client.get(f"/sandi/{uidb64}/abc-def/"))


def test_a_newer_link_ends_the_older(client, path, city, settings):
    newer = path_of(passwords.make_link(actor=city.coordinator, person_id=city.operator.pk), settings)
    assert newer != path
    assert_gone(client.get(path))
    assert client.get(newer).status_code == 200


def test_a_closed_account_has_no_link_and_an_earlier_one_does_not_come_back(client, path, city):
    people.deactivate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Mutasi.")
    assert_gone(client.get(path))
    with pytest.raises(Refused, match="tidak aktif"):
        passwords.make_link(actor=city.coordinator, person_id=city.operator.pk)
    people.activate_person(actor=city.coordinator, person_id=city.operator.pk, reason="Kembali.")
    assert_gone(client.get(path))


def test_a_password_changed_meanwhile_ends_the_link(client, path, city):
    passwords.change_own_password(user=city.operator, password=NEW)
    assert_gone(client.get(path))


def test_using_it_ends_all_sessions_of_the_person(client, login, path, city):
    elsewhere = Client()
    elsewhere.force_login(city.operator)
    assert elsewhere.get("/sandi/").status_code == 200
    send(client, path)
    assert elsewhere.get("/sandi/").url == "/masuk/?next=/sandi/"


def test_whoever_is_logged_in_at_that_browser_is_logged_out(login, path, city):
    client = login(city.other_operator)
    send(client, path)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        (NEW, "lain-lagi-77", "Kedua kata sandi tidak sama."),
        ("pendek-7", None, "Kata sandi terlalu pendek: paling sedikit 10 karakter."),
        ("operator-dinkes", None, "terlalu mirip"),
        ("", "", "Isi kata sandi baru."),
        ("x" * 5000, None, "4096"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_working(client, path, city, password, again, said):
    response = send(client, path, password, again)
    assert response.status_code == 200
    assert said in response.content.decode()
    city.operator.refresh_from_db()
    assert city.operator.check_password(PASSWORD)
    assert send(client, path).status_code == 302


# --- Making one ------------------------------------------------------------------------------------------


def test_the_page_shows_link_and_message_and_nothing_stores_them(login, city):
    client = login(city.coordinator)
    response = client.post(f"/pengguna/{city.operator.pk}/tautan-sandi/")
    text = response.content.decode()
    link = response.context["link"]
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert text.count(link.url) == 2
    assert "Nama pengguna: operator-dinkes" in text
    token = link.url.split("/")[-2]
    for event in Event.objects.all():
        assert token not in f"{event.before} {event.after} {event.reason} {event.subject_label}"
    assert token not in str(dict(client.session.items()))


def test_an_address_typed_or_reloaded_goes_back_to_the_person_and_makes_nothing(login, city):
    response = login(city.coordinator).get(f"/pengguna/{city.operator.pk}/tautan-sandi/")
    assert response.url == f"/pengguna/{city.operator.pk}/"
    assert not Event.objects.filter(action="user.password_link").exists()


def test_making_and_using_are_events(client, path, city):
    made = Event.objects.get(action="user.password_link")
    assert (made.actor, made.stream) == (city.coordinator, f"user:{city.operator.pk}")
    assert list(made.after) == ["expires_at"]
    send(client, path)
    used = Event.objects.get(action="user.password_link_used")
    assert (used.actor, used.stream, used.before, used.after) == (city.operator, made.stream, {}, {})


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
def test_nobody_else_makes_one(city, who):
    with pytest.raises(PermissionDenied):
        passwords.make_link(actor=getattr(city, who), person_id=city.other_operator.pk)
    assert not Event.objects.filter(action="user.password_link").exists()


def test_only_an_administrator_makes_an_administrators(login, city, settings):
    client = login(city.coordinator)
    assert client.post(f"/pengguna/{city.admin.pk}/tautan-sandi/").status_code == 403
    with pytest.raises(PermissionDenied):
        passwords.make_link(actor=city.coordinator, person_id=city.admin.pk)
    other = User.objects.create_superuser("admin2", password=PASSWORD, name="Administrator Dua")
    link = passwords.make_link(actor=other, person_id=city.admin.pk)
    assert Client().get(path_of(link, settings)).status_code == 200
