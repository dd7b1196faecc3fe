"""The second factor: set-up, log-in by code, recovery codes, and where it is required."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import sealing
from accounts.errors import Refused
from accounts.models import Membership, Notification, Role, User
from accounts.permissions import rights_of
from accounts.services import two_factor
from accounts.services.passwords import make_link
from audit.models import Event
from conftest import PASSWORD, together

pytestmark = pytest.mark.django_db

CODE_PAGE = "/masuk/kode/"
SET_UP = "/akun/keamanan/dua-langkah/"
SECURITY = "/akun/keamanan/"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an authenticator app shows now, or `steps` half minutes away."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps)))


def wrong_code(secret: str) -> str:
    right = {code_of(secret, steps=steps) for steps in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)


def set_up(user: User) -> tuple[str, list[str]]:
    """The secret and recovery codes of a person who switched it on two minutes ago."""
    secret = two_factor.new_secret()
    codes = two_factor.switch_on(user=user, secret=secret, code=code_of(secret))
    row = Authenticator.objects.get(user=user, type="totp")
    row.data["last_counter"] -= 4
    row.save()
    return secret, codes


def log_in(client: Client, username: str = "operator-dinkes", **extra):
    return client.post("/masuk/", {"login": username, "password": PASSWORD}, **extra)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def actions(user: User) -> list[str]:
    return list(Event.objects.filter(stream=f"user:{user.pk}").order_by("id").values_list("action", flat=True))


# --- Set-up --------------------------------------------------------------------------------------------


def test_a_person_sets_it_up_and_sees_the_recovery_codes_once(client, city):
    log_in(client)
    page = client.get(SET_UP).content.decode()
    secret = re.search(r'id="kunci">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert client.get(SET_UP).content.decode().count(re.search(r'id="kunci">([A-Z2-7 ]+)<', page)[1]) == 1
    assert 'src="data:image/svg+xml' in page
    assert "Kode tidak cocok" in client.post(SET_UP, {"code": wrong_code(secret)}).content.decode()
    assert not two_factor.is_on(city.operator)
    answer = client.post(SET_UP, {"code": code_of(secret)}).content.decode()
    codes = re.findall(r"\b\d{4} \d{4}\b", answer.split("<textarea")[1].split("</textarea>")[0])
    assert len(set(codes)) == 10
    assert "kode-pemulihan-spbe.txt" in answer
    assert two_factor.second_factor_of(city.operator) == two_factor.SecondFactor(True, 10)
    assert actions(city.operator) == ["user.two_factor_on"]
    assert Notification.objects.filter(user=city.operator, title="Verifikasi dua langkah aktif").count() == 1
    # Nothing shows them or the secret again.
    for path in (SECURITY, SET_UP, SET_UP + "kode-pemulihan/"):
        shown = client.get(path, follow=True).content.decode()
        assert secret not in shown
        assert not any(code in shown for code in codes)
    assert "two_factor_offered" not in client.session


def test_secrets_are_sealed_in_the_database_and_named_in_no_event(city):
    secret, codes = set_up(city.operator)
    rows = {row.type: row.data for row in Authenticator.objects.filter(user=city.operator)}
    assert secret not in str(rows)
    assert not any(code.replace(" ", "") in str(rows) for code in codes)
    assert sealing.decrypt(rows["totp"]["secret"]) == secret
    event = Event.objects.get(action="user.two_factor_on")
    assert (event.before, event.after) == ({}, {})


def test_the_secret_key_can_be_replaced(city, settings):
    secret, _ = set_up(city.operator)
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another-key-" * 4
    assert two_factor.check(user=city.operator, code=code_of(secret)) is None  # refused, not an error page
    with pytest.raises(CommandError):
        call_command("rotate_secrets")
    settings.SECRET_KEY_FALLBACKS = [former]
    call_command("rotate_secrets")
    settings.SECRET_KEY_FALLBACKS = []
    assert two_factor.check(user=city.operator, code=code_of(secret)).type == "totp"


def test_who_logged_in_a_while_ago_is_asked_for_the_password_again(client, city, monkeypatch):
    log_in(client)
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 301
    session.save()
    response = client.get(SET_UP)
    assert response.url == f"/akun/keamanan/konfirmasi/?next={SET_UP.replace('/', '%2F')}"
    assert "Kata sandi tidak cocok" in client.post(response.url, {"password": "salah"}).content.decode()
    assert client.get(SET_UP).status_code == 302
    again = client.post(response.url, {"password": PASSWORD, "next": SET_UP})
    assert (again.status_code, again.url) == (302, SET_UP)
    assert client.get(SET_UP).status_code == 200


# --- Log-in --------------------------------------------------------------------------------------------


def test_after_the_password_comes_the_code_and_only_then_one_is_in(client, city):
    secret, _ = set_up(city.operator)
    response = log_in(client)
    assert (response.status_code, response.url) == (302, CODE_PAGE)
    assert not is_in(client)
    for path in ("/", SECURITY, SET_UP, "/sandi/", "/opd/"):
        assert client.get(path).url.startswith("/masuk/")
    before = client.session.session_key
    assert "Kode tidak cocok" in client.post(CODE_PAGE, {"code": wrong_code(secret)}).content.decode()
    assert not is_in(client)
    response = client.post(CODE_PAGE, {"code": code_of(secret)})
    assert (response.status_code, response.url) == (302, reverse("home"))
    assert is_in(client)
    assert client.session.session_key != before


def test_a_code_works_once_and_no_older_one_after_it(city):
    secret, _ = set_up(city.operator)
    code = code_of(secret)
    assert two_factor.check(user=city.operator, code=code).type == "totp"
    assert two_factor.check(user=city.operator, code=code) is None
    assert two_factor.check(user=city.operator, code=code_of(secret, steps=-1)) is None
    cache.clear()  # it is the database that remembers
    assert two_factor.check(user=city.operator, code=code) is None
    assert two_factor.check(user=city.operator, code=code_of(secret, steps=1)).type == "totp"


def test_clocks_may_differ_by_half_a_minute_and_not_more(city):
    secret, _ = set_up(city.operator)
    assert two_factor.check(user=city.operator, code=code_of(secret, steps=-2)) is None
    assert two_factor.check(user=city.operator, code=code_of(secret, steps=2)) is None
    assert two_factor.check(user=city.operator, code=code_of(secret, steps=-1)).type == "totp"


def test_the_code_that_set_it_up_is_used_up(city):
    secret = two_factor.new_secret()
    code = code_of(secret)
    two_factor.switch_on(user=city.operator, secret=secret, code=code)
    assert two_factor.check(user=city.operator, code=code) is None


def test_a_recovery_code_lets_in_once_and_is_told(client, city):
    _, codes = set_up(city.operator)
    log_in(client)
    assert client.post(CODE_PAGE, {"code": codes[3]}).url == reverse("home")
    assert two_factor.second_factor_of(city.operator).codes_left == 9
    assert actions(city.operator) == ["user.two_factor_on", "user.recovery_code_used"]
    assert "Sisa 9 kode" in Notification.objects.filter(user=city.operator).latest("id").text
    other = Client()
    log_in(other)
    assert "Kode tidak cocok" in other.post(CODE_PAGE, {"code": codes[3]}).content.decode()
    assert other.post(CODE_PAGE, {"code": codes[4].replace(" ", "")}).url == reverse("home")


def test_codes_cannot_be_guessed_and_a_new_password_ends_the_wait(client, city):
    secret, _ = set_up(city.operator)
    log_in(client)
    for _ in range(5):
        assert "Kode tidak cocok" in client.post(CODE_PAGE, {"code": wrong_code(secret)}).content.decode()
    elsewhere = Client()
    log_in(elsewhere, REMOTE_ADDR="203.0.113.5")
    text = elsewhere.post(CODE_PAGE, {"code": code_of(secret)}, REMOTE_ADDR="203.0.113.5").content.decode()
    assert "Terlalu banyak kode yang salah" in text
    assert not is_in(elsewhere)
    # Who guesses knew the password; with another one the owner is in at once.
    city.operator.set_password("kata-sandi-baru-77")
    city.operator.save()
    fresh = Client()
    fresh.post("/masuk/", {"login": "operator-dinkes", "password": "kata-sandi-baru-77"})
    assert fresh.post(CODE_PAGE, {"code": code_of(secret)}).url == reverse("home")


def test_someone_elses_code_and_nobodys_log_in_do_nothing(client, city):
    secret, codes = set_up(city.operator2)
    set_up(city.operator)
    assert client.post(CODE_PAGE, {"code": code_of(secret)}).url == "/masuk/"
    log_in(client)
    for code in (code_of(secret), codes[0], "", "x" * 5000, "０００００0", "\x00"):
        client.post(CODE_PAGE, {"code": code})
        assert not is_in(client)


def test_a_pending_log_in_can_be_given_up(client, city):
    set_up(city.operator)
    log_in(client)
    assert client.post("/keluar/").url == "/masuk/"
    assert client.get("/masuk/").status_code == 200


def test_an_account_closed_between_password_and_code_stays_out(client, city):
    secret, _ = set_up(city.operator)
    log_in(client)
    User.objects.filter(pk=city.operator.pk).update(is_active=False)
    client.post(CODE_PAGE, {"code": code_of(secret)})
    assert client.get(SECURITY).status_code == 302


def test_a_password_link_does_not_go_around_it(client, city):
    set_up(city.operator)
    path = make_link(actor=city.coordinator, person_id=city.operator.pk).url.split("8000")[-1]
    path = "/" + path.split("/", 3)[-1] if path.startswith("http") else path
    client.post(path, {"password1": "kata-sandi-baru-77", "password2": "kata-sandi-baru-77"})
    city.operator.refresh_from_db()
    assert city.operator.check_password("kata-sandi-baru-77")
    response = client.post("/masuk/", {"login": "operator-dinkes", "password": "kata-sandi-baru-77"})
    assert response.url == CODE_PAGE


# --- Changing it ---------------------------------------------------------------------------------------


def test_new_codes_end_the_old_ones(client, city):
    secret, old = set_up(city.operator)
    log_in(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})
    answer = client.post(SET_UP + "kode-pemulihan/").content.decode()
    new = re.findall(r"\b\d{4} \d{4}\b", answer.split("<textarea")[1].split("</textarea>")[0])
    assert len(new) == 10
    assert not set(new) & set(old)
    assert two_factor.check(user=city.operator, code=old[0]) is None
    assert two_factor.check(user=city.operator, code=new[0]).type == "recovery_codes"
    assert "user.two_factor_codes" in actions(city.operator)


def test_switching_off_needs_a_fresh_proof_and_is_told(client, city):
    secret, _ = set_up(city.operator)
    stale = signed_in(city.operator)
    assert stale.post(SET_UP + "matikan/").url.startswith("/akun/keamanan/konfirmasi")
    assert two_factor.is_on(city.operator)
    log_in(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})
    assert client.post(SET_UP + "matikan/").url == SECURITY
    assert not Authenticator.objects.filter(user=city.operator).exists()
    assert actions(city.operator)[-1] == "user.two_factor_off"


def test_where_a_role_requires_it_it_is_not_switched_off(client, city, settings):
    settings.TWO_FACTOR_ROLES = frozenset({"operator"})
    secret, _ = set_up(city.operator)
    log_in(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})
    assert two_factor.REQUIRED in client.post(SET_UP + "matikan/").content.decode()
    with pytest.raises(Refused):
        two_factor.switch_off(user=city.operator, rights=rights_of(city.operator))
    assert two_factor.is_on(city.operator)


RESETS = [
    ("coordinator", "operator", 302),
    ("admin", "operator", 302),
    ("admin", "coordinator", 302),
    ("coordinator", "admin", 403),
    ("operator", "operator2", 403),
    ("verifier", "operator", 403),
    ("leader", "operator", 403),
    ("outsider", "operator", 403),
]


@pytest.mark.parametrize("who, whose, status", RESETS)
def test_who_may_take_the_second_factor_from_whom(login, city, who, whose, status):
    person = getattr(city, whose)
    set_up(person)
    sessions = signed_in(person)
    path = reverse("person_two_factor_reset", args=[person.pk])
    client = login(getattr(city, who))
    if status == 302:
        assert "Tulis alasannya." in client.post(path, {"reason": " "}).content.decode()
    assert two_factor.is_on(person)
    assert client.post(path, {"reason": "Ponsel hilang"}).status_code == status
    assert two_factor.is_on(person) == (status != 302)
    if status == 302:
        event = Event.objects.get(action="user.two_factor_reset")
        assert (event.actor, event.reason, event.stream) == (getattr(city, who), "Ponsel hilang", f"user:{person.pk}")
        assert Notification.objects.filter(user=person, title="Verifikasi dua langkah Anda dicabut").count() == 1
        assert sessions.get(SECURITY).status_code == 302


def test_nobody_resets_their_own(login, city):
    set_up(city.coordinator)
    path = reverse("person_two_factor_reset", args=[city.coordinator.pk])
    assert "pada halaman Keamanan akun" in login(city.coordinator).post(path, {"reason": "x"}).content.decode()
    assert two_factor.is_on(city.coordinator)


# --- Required by role ----------------------------------------------------------------------------------


@pytest.fixture
def required(settings):
    settings.TWO_FACTOR_ROLES = frozenset({"coordinator", "administrator"})


def test_without_it_one_reaches_the_set_up_and_nothing_else(client, city, required):
    assert log_in(client, "koordinator").url == reverse("home")
    for path in ("/", "/opd/", "/pengguna/", SECURITY, "/sandi/", "/masuk/", "/cek/", "/pemberitahuan/"):
        for method in ("get", "head", "post"):
            response = getattr(client, method)(path)
            assert (response.status_code, response.url) == (302, SET_UP), (path, method)
    assert client.get(SET_UP).status_code == 200
    response = client.get("/opd/", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()) == (403, {"detail": response.json()["detail"]})
    assert "verifikasi dua langkah" in response.json()["detail"]
    response = client.post("/opd/baru/", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (403, SET_UP)
    assert client.post("/keluar/").url == "/masuk/"


def test_posts_change_nothing_before_the_set_up(client, city, required):
    log_in(client, "koordinator")
    path = reverse("person_deactivate", args=[city.operator.pk])
    assert client.post(path, {"reason": "Mutasi"}).url == SET_UP
    city.operator.refresh_from_db()
    assert city.operator.is_active


def test_after_the_set_up_the_portal_is_open(client, city, required):
    log_in(client, "koordinator")
    page = client.get(SET_UP).content.decode()
    secret = re.search(r'id="kunci">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    client.post(SET_UP, {"code": code_of(secret)})
    assert client.get("/opd/").status_code == 200


def test_a_session_from_before_the_role_is_held_up_too(login, city, required):
    client = login(city.operator)
    assert client.get(SECURITY).status_code == 200
    Membership.objects.create(user=city.operator, agency=city.dinkes, role=Role.COORDINATOR)
    assert client.get(SECURITY).url == SET_UP


@pytest.mark.parametrize(
    "role, who, held_up",
    [
        ("operator", "operator", True),
        ("verifier", "verifier", True),
        ("coordinator", "coordinator", True),
        ("leader", "leader", True),
        ("administrator", "admin", True),
        ("operator", "verifier", False),
        ("administrator", "coordinator", False),
        ("leader", "outsider", False),
    ],
)
def test_each_role_can_be_required(login, city, settings, role, who, held_up):
    settings.TWO_FACTOR_ROLES = frozenset({role})
    assert login(getattr(city, who)).get(SECURITY).status_code == (302 if held_up else 200)


def test_where_nothing_is_required_nothing_is_asked_of_the_database(login, city):
    client = login(city.operator)
    with CaptureQueriesContext(connection) as queries:
        client.get("/sandi/")
    assert [query["sql"] for query in queries if "mfa_authenticator" in query["sql"]] == []


# --- At once -------------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["totp", "recovery_codes"])
def test_of_two_that_bring_the_same_code_at_once_one_gets_in(city, kind):
    secret, codes = set_up(city.operator)
    code = code_of(secret) if kind == "totp" else codes[0]
    used = together(*[lambda: two_factor.check(user=city.operator, code=code)] * 3)
    assert sorted(each.type if each else "" for each in used) == ["", "", kind]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_switched_on_twice_at_once_it_is_on_once(city):
    secret = two_factor.new_secret()
    act = lambda: two_factor.switch_on(user=city.operator, secret=secret, code=code_of(secret))  # noqa: E731
    outcomes = together(act, act)
    assert sorted(type(each).__name__ for each in outcomes) == ["Refused", "list"]
    assert two_factor.second_factor_of(city.operator) == two_factor.SecondFactor(True, 10)
