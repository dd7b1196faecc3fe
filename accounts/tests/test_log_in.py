"""Log-in, log-out and changing one's own password."""

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from audit.models import Event
from conftest import PASSWORD

pytestmark = pytest.mark.django_db

LOG_IN = "/masuk/"
MISMATCH = "Nama pengguna atau kata sandi tidak cocok."
TOO_MANY = "Terlalu banyak percobaan masuk yang gagal."
NEW = "gunung-merapi-77"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


def try_in(client: Client, username: str, password: str = PASSWORD, *, address: str = "10.0.0.1", **data: str):
    return client.post(LOG_IN, {"login": username, "password": password, **data}, REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_person_logs_in_and_comes_home(client, city):
    response = try_in(client, "operator-dinkes")
    assert (response.status_code, response.url) == (302, reverse("home"))
    assert client.session["_auth_user_id"] == str(city.operator.pk)


def test_the_first_letter_may_be_large_as_phones_write_it(client, city):
    assert try_in(client, "Operator-Dinkes").status_code == 302
    assert is_in(client)


def test_the_session_gets_a_new_key_and_ends_with_the_browser(client, city):
    client.get(LOG_IN)
    session = client.session
    session["seen"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    response = try_in(client, "operator-dinkes")
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert response.cookies["sessionid"]["max-age"] == ""


def test_who_is_in_already_goes_home(login, city):
    response = login(city.operator).get(LOG_IN)
    assert (response.status_code, response.url) == (302, reverse("home"))


def test_a_wrong_password_and_an_unknown_name_get_the_same_page(client, city):
    texts = []
    for username in ("operator-dinkes", "operator-dinkez"):
        response = try_in(client, username, "Rahasia-salah")
        assert response.status_code == 200
        text = response.content.decode()
        assert MISMATCH in text
        # What was typed is still there, the password is not.
        assert f'value="{username}"' in text
        assert "Rahasia-salah" not in text
        texts.append(re.sub(r'value="\w{64}"', "", text.replace(username, "NAMA")))
    assert texts[0] == texts[1]
    assert not is_in(client)


def test_every_kind_of_refusal_hashes_once_so_time_tells_nothing(client, city, monkeypatch):
    User.objects.filter(pk=city.outsider.pk).update(password="!nothing")
    User.objects.filter(pk=city.operator2.pk).update(is_active=False)
    counted = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: counted.append(1) or encode(*args))
    work = {}
    for username in ("operator-dinkes", "nobody", city.outsider.username, city.operator2.username):
        counted.clear()
        assert MISMATCH in try_in(client, username, "salah").content.decode()
        work[username] = len(counted)
    assert set(work.values()) == {1}, work


def test_empty_fields_are_named(client, city):
    text = try_in(client, "", "").content.decode()
    assert "Isi nama pengguna." in text
    assert "Isi kata sandi." in text


def test_a_megabyte_of_password_is_not_hashed(client, city, monkeypatch):
    def never(*args):
        raise AssertionError("hashed")

    monkeypatch.setattr(MD5PasswordHasher, "encode", never)
    response = try_in(client, "operator-dinkes", "x" * 1_000_000)
    assert response.status_code == 200
    assert not is_in(client)


def test_a_closed_account_is_refused_and_only_its_password_tells(client, city):
    User.objects.filter(pk=city.operator.pk).update(is_active=False)
    assert MISMATCH in try_in(client, "operator-dinkes", "salah").content.decode()
    response = try_in(client, "operator-dinkes")
    assert (response.status_code, response.url) == (302, LOG_IN)
    assert not is_in(client)
    assert "Akun ini tidak aktif." in client.get(LOG_IN).content.decode()


# --- Limits ------------------------------------------------------------------------------------------


def test_after_five_failures_the_right_password_waits_too(client, city):
    for _ in range(5):
        assert MISMATCH in try_in(client, "operator-dinkes", "salah").content.decode()
    text = try_in(client, "OPERATOR-dinkes").content.decode()
    assert TOO_MANY in text
    assert "Tunggu 5 menit" in text
    assert not is_in(client)


def test_the_wait_ends_after_five_minutes(client, city, monkeypatch):
    import allauth.core.internal.ratelimit as ratelimit

    for _ in range(5):
        try_in(client, "operator-dinkes", "salah")
    real = ratelimit.time.time
    monkeypatch.setattr(ratelimit.time, "time", lambda: real() + 299)
    assert TOO_MANY in try_in(client, "operator-dinkes").content.decode()
    monkeypatch.setattr(ratelimit.time, "time", lambda: real() + 301)
    assert try_in(client, "operator-dinkes").status_code == 302


def test_unknown_names_are_limited_alike(client, city):
    for _ in range(5):
        try_in(client, "nobody", "salah")
    assert TOO_MANY in try_in(client, "nobody", "salah").content.decode()


def test_guesses_from_elsewhere_do_not_keep_the_owner_out(client, city):
    for _ in range(20):
        try_in(client, "operator-dinkes", "salah", address="203.0.113.9")
    assert try_in(client, "operator-dinkes", address="10.0.0.1").status_code == 302


def test_a_name_guessed_from_many_addresses_is_slowed_too(client, city):
    for number in range(60):
        for _ in range(5):
            try_in(client, "operator-dinkes", "salah", address=f"203.0.113.{number}")
    assert TOO_MANY in try_in(client, "operator-dinkes", address="10.0.0.1").content.decode()


def test_one_address_cannot_try_many_names(client, city):
    for number in range(30):
        assert MISMATCH in try_in(client, f"operator-{number}", "salah").content.decode()
    assert TOO_MANY in try_in(client, "operator-30", "salah").content.decode()


def test_success_costs_nothing_so_an_office_logs_in_through_one_address(city):
    for _ in range(40):
        assert try_in(Client(), "operator-dinkes").status_code == 302


def test_a_flood_of_forms_gets_the_429_page(client, city, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/m/ip"}
    for _ in range(2):
        try_in(client, "operator-dinkes", "salah")
    response = try_in(client, "operator-dinkes", "salah")
    assert response.status_code == 429
    assert "Terlalu banyak permintaan" in response.content.decode()
    assert "akun Anda tidak dikunci" in response.content.decode()


def test_a_forged_forwarded_address_does_not_count_as_another(client, city):
    for number in range(6):
        response = client.post(
            LOG_IN,
            {"login": "operator-dinkes", "password": "salah"},
            REMOTE_ADDR="10.0.0.1",
            HTTP_X_FORWARDED_FOR=f"203.0.113.{number}",
        )
    assert TOO_MANY in response.content.decode()


# --- Where one goes -----------------------------------------------------------------------------------


def test_log_in_leads_back_to_where_one_was(client, city):
    response = client.get("/opd/?q=dinas")
    assert response.url == f"{LOG_IN}?next=/opd/%3Fq%3Ddinas"
    assert 'name="next" value="/opd/?q=dinas"' in client.get(response.url).content.decode()
    assert try_in(client, "koordinator", next="/opd/?q=dinas").url == "/opd/?q=dinas"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://jahat.example/",
        "//jahat.example/",
        "/\\jahat.example/",
        "\\\\jahat.example",
        "http:///jahat.example",
        "javascript:alert(1)",
        "http://localhost:9/",  # among ALLOWED_HOSTS, yet not where one is
        " https://jahat.example",
        "https:jahat.example",
    ],
)
def test_log_in_and_log_out_never_lead_elsewhere(client, city, elsewhere):
    assert try_in(client, "operator-dinkes", next=elsewhere).url == reverse("home")
    assert client.post("/keluar/", {"next": elsewhere}).url == LOG_IN


@pytest.mark.parametrize(
    "name",
    ["account_signup", "account_reset_password", "account_email", "account_set_password", "account_inactive"],
)
def test_allauths_other_pages_do_not_exist(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


# --- Out, and another password ------------------------------------------------------------------------


def test_log_out_ends_the_session_and_only_by_post(login, city):
    client = login(city.operator)
    assert client.get("/keluar/").status_code == 405
    assert is_in(client)
    key = client.session.session_key
    response = client.post("/keluar/")
    assert (response.status_code, response.url) == (302, LOG_IN)
    assert not Session.objects.filter(session_key=key).exists()
    assert "Anda sudah keluar." in client.get(LOG_IN).content.decode()


def test_log_out_after_the_session_ended_leads_to_log_in(client, city):
    assert client.post("/keluar/").url == LOG_IN


def test_log_out_needs_the_token_of_the_form(city):
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.operator)
    assert client.post("/keluar/").status_code == 403
    assert is_in(client)


def change(client: Client, old: str, new: str, again: str | None = None):
    return client.post("/sandi/", {"oldpassword": old, "password1": new, "password2": again or new})


def test_a_new_password_keeps_this_session_and_ends_the_others(login, city):
    client, elsewhere = login(city.operator), Client()
    elsewhere.force_login(city.operator)
    response = change(client, PASSWORD, NEW)
    assert (response.status_code, response.url) == (302, reverse("home"))
    assert client.get("/sandi/").status_code == 200
    assert elsewhere.get("/sandi/").status_code == 302
    city.operator.refresh_from_db()
    assert city.operator.check_password(NEW)
    event = Event.objects.get(action="user.password_change")
    assert (event.actor, event.subject_id, event.before, event.after) == (city.operator, str(city.operator.pk), {}, {})


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("salah", NEW, NEW, "Kata sandi saat ini tidak cocok."),
        (PASSWORD, NEW, NEW + "x", "Kedua kata sandi tidak sama."),
        (PASSWORD, "pendek-7", "pendek-7", "Kata sandi terlalu pendek: paling sedikit 10 karakter."),
        (PASSWORD, "20261122339", "20261122339", "seluruhnya terdiri dari angka"),
        (PASSWORD, "operator-dinkes", "operator-dinkes", "terlalu mirip"),
        (PASSWORD, "", "", "Isi kata sandi baru."),
    ],
)
def test_a_password_that_will_not_do_is_explained(login, city, old, new, again, said):
    response = change(login(city.operator), old, new, again)
    assert response.status_code == 200
    assert said in response.content.decode()
    city.operator.refresh_from_db()
    assert city.operator.check_password(PASSWORD)
    assert not Event.objects.filter(action="user.password_change").exists()
