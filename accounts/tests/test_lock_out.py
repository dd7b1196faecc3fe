"""Nobody can keep somebody else out, and nobody can guess without end."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import devices
from accounts.models import User
from accounts.services.passwords import make_link
from conftest import PASSWORD
from spbe_portal import settings as base

pytestmark = pytest.mark.django_db

TOO_MANY = "Terlalu banyak percobaan masuk yang gagal."
MISMATCH = "Nama pengguna atau kata sandi tidak cocok."


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


def try_in(client: Client, username: str = "operator-dinkes", password: str = PASSWORD, address: str = "10.0.0.1"):
    return client.post("/masuk/", {"login": username, "password": password}, REMOTE_ADDR=address)


def known(username: str = "operator-dinkes") -> Client:
    """A browser the person has used, logged out again."""
    client = Client()
    assert try_in(client, username).status_code == 302
    client.post("/keluar/")
    return client


@pytest.fixture
def tight(settings):
    """The wide limit a tenth of what it is: the same path with fewer requests."""
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login_failed_anywhere": "30/h/key"}


def attack(username: str = "operator-dinkes", addresses: int = 400) -> None:
    """One guess from each of many addresses: past the wide limit of 300 an hour."""
    for number in range(addresses):
        try_in(Client(), username, "salah", f"203.0.{number // 250}.{number % 250 + 1}")


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies["device"] = value
    return client


def test_four_hundred_addresses_do_not_keep_the_owner_out(city):
    own = known()
    attack()
    # Whoever comes from elsewhere waits, the right password or not ...
    assert TOO_MANY in try_in(Client()).content.decode()
    # ... the owner does not, wherever the browser is now.
    assert try_in(own).status_code == 302
    own.post("/keluar/")
    assert try_in(own, address="203.0.0.7").status_code == 302


def test_a_colleague_behind_the_same_address_does_not_keep_the_owner_out(city):
    own = known()
    for _ in range(35):
        try_in(Client(), password="salah")  # five for the name, thirty for the address
    assert TOO_MANY in try_in(Client()).content.decode()
    assert try_in(own).status_code == 302


def test_a_flood_of_forms_from_the_office_does_not_either(city, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "3/m/ip"}
    own = known()
    for _ in range(5):
        try_in(Client(), password="salah")
    assert try_in(Client()).status_code == 429
    assert try_in(own).status_code == 302


def test_at_a_new_device_a_fresh_password_link_gets_the_owner_in(city, tight):
    attack(addresses=31)
    new = Client()
    assert TOO_MANY in try_in(new).content.decode()
    path = "/sandi/" + make_link(actor=city.coordinator, person_id=city.operator.pk).url.split("/sandi/")[1]
    assert new.post(path, {"password1": "gunung-merapi-77", "password2": "gunung-merapi-77"}).url == "/masuk/"
    assert try_in(new, password="gunung-merapi-77").status_code == 302


def test_a_known_browser_cannot_guess_without_end(city):
    own = known()
    for _ in range(11):  # five of its own, five of the address
        response = try_in(own, password="salah")
    assert TOO_MANY in response.content.decode()
    assert TOO_MANY in try_in(own).content.decode()


def test_who_copied_the_cookie_gets_its_small_count_and_not_in(city, tight):
    value = known().cookies["device"].value
    attack(addresses=31)
    refusals = 0
    for number in range(12):
        stolen = with_cookie(value)
        text = try_in(stolen, password="salah", address=f"198.51.100.{number}").content.decode()
        refusals += TOO_MANY in text
        assert "_auth_user_id" not in stolen.session
    assert refusals == 7  # five guesses of the device's own; the rest meets the name's limit


def test_a_cookie_used_up_by_a_thief_leaves_the_owner_what_everybody_has(city):
    own = known()
    value = own.cookies["device"].value
    for number in range(20):
        try_in(with_cookie(value), password="salah", address=f"198.51.100.{number}")
    assert try_in(own).status_code == 302


@pytest.mark.parametrize("forged", ["", "x", "W10", "a:b:c", "ey" * 3000, "[]", "null"])
def test_a_forged_cookie_exempts_from_nothing(city, tight, forged):
    attack(addresses=31)
    assert TOO_MANY in try_in(with_cookie(forged)).content.decode()


def test_a_cookie_of_another_person_or_key_exempts_from_nothing(city, tight, settings):
    other = known("operator-dinsos").cookies["device"].value
    own = known().cookies["device"].value
    attack(addresses=31)
    assert TOO_MANY in try_in(with_cookie(other)).content.decode()
    assert try_in(with_cookie(own)).status_code == 302
    settings.SECRET_KEY = "another-key-" * 4
    assert TOO_MANY in try_in(with_cookie(own)).content.decode()


def test_ending_all_sessions_forgets_the_browsers(city, tight):
    own = known()
    User.objects.filter(pk=city.operator.pk).update(session_serial=7)
    attack(addresses=31)
    assert TOO_MANY in try_in(own).content.decode()


def test_the_cookie_names_nobody_and_holds_five_at_most(city, tight, settings):
    client = Client()
    for username in ("operator-dinkes", "operator-dinsos", "koordinator", "verifikator", "pimpinan", "admin"):
        assert try_in(client, username).status_code == 302
        client.post("/keluar/")
    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    entries = devices.signing.loads(cookie.value, salt=devices.SALT)
    assert len(entries) == 5
    assert not any(name in str(entries) for name in ("dinkes", "koordinator", "admin"))
    attack("admin", 31)
    assert try_in(client, "admin").status_code == 302


def test_unknown_names_are_treated_alike(city):
    """The same sentence at the same try, known name or not, with a cookie of somebody's or without."""
    seen = {}
    for username in ("operator-dinkes", "tidak-ada"):
        cache.clear()
        client = known("operator-dinsos")
        seen[username] = [
            TOO_MANY in try_in(client, username, "salah", f"203.0.113.{number // 5}").content.decode()
            for number in range(12)
        ]
    assert seen["operator-dinkes"] == seen["tidak-ada"]


def test_the_counts_are_shared_by_all_processes():
    assert base.CACHES["default"]["BACKEND"] in (
        "django.core.cache.backends.db.DatabaseCache",
        "django.core.cache.backends.redis.RedisCache",
    )


@pytest.mark.parametrize(
    "proxies, header, counted", [(0, "1.1.1.{}", 1), (1, "1.1.1.{}, 10.9.9.9", 1), (1, "1.1.1.{}", 8)]
)
def test_only_our_own_proxies_are_believed(city, settings, proxies, header, counted):
    """What a visitor writes into X-Forwarded-For is not an address; what our proxy appended is."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    texts = [
        Client()
        .post(
            "/masuk/",
            {"login": "operator-dinkes", "password": "salah"},
            REMOTE_ADDR="10.0.0.1",
            HTTP_X_FORWARDED_FOR=header.format(number + 1),
        )
        .content.decode()
        for number in range(8)
    ]
    assert sum(MISMATCH in text for text in texts) == (5 if counted == 1 else 8)
