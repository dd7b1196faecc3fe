"""Tokens by password: as strict as the log-in page, and never past the second factor."""

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, Notification
from accounts.services import tokens, two_factor
from accounts.services._base import end_sessions
from audit.models import Event
from conftest import PASSWORD

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/auth/token/"
ME = "/api/v1/me/"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


def ask(username="operator-dinkes", password=PASSWORD, address="10.0.0.1", **more):
    body = {"username": username, "password": password, **more}
    return APIClient().post(TOKEN, body, format="json", REMOTE_ADDR=address)


def with_token(plain) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
    return client


def test_a_program_with_the_password_gets_a_token_that_works_for_thirty_days(city):
    answer = ask(name="Sinkronisasi")
    assert answer.status_code == 201
    assert (answer.data["name"], answer.data["scope"]) == ("Sinkronisasi", "write")
    token = ApiToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(days=30)
    assert answer.data["token"].startswith(token.beginning)
    assert with_token(answer.data["token"]).get(ME).data["username"] == "operator-dinkes"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_name_scope_and_life_may_be_asked_for(city):
    answer = ask(name="Baca", scope="read", days=1)
    assert (answer.data["name"], answer.data["scope"]) == ("Baca", "read")
    token = ApiToken.objects.get()
    assert (token.origin, token.expires_at - token.created_at) == ("log_in", timedelta(days=1))


@pytest.mark.parametrize(
    ("field", "value"), [("days", 0), ("days", 91), ("scope", "admin"), ("name", ""), ("user", "koordinator")]
)
def test_what_makes_no_sense_is_refused_by_field(city, field, value):
    answer = ask(**{field: value})
    assert (answer.status_code, list(answer.data)) == (400, [field])
    assert not ApiToken.objects.exists()


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(city):
    wrong, unknown = ask(password="salah"), ask(username="tidak-ada", password="salah")
    assert (wrong.status_code, wrong.content) == (401, unknown.content)
    assert unknown.status_code == 401
    assert wrong.headers["WWW-Authenticate"] == "Token"


def test_who_guesses_is_locked_out_as_on_the_log_in_page_known_or_not(city):
    for name in ("operator-dinkes", "tidak-ada"):
        statuses = [ask(username=name, password="salah").status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
    locked, unknown = ask(), ask(username="tidak-ada")
    assert (locked.status_code, locked.content) == (429, unknown.content)
    assert int(locked.headers["Retry-After"]) == 300
    # The page counts the same tries.
    page = APIClient().post(reverse("account_login"), {"login": "operator-dinkes", "password": PASSWORD})
    assert page.status_code == 302
    page = APIClient().post(
        reverse("account_login"), {"login": "operator-dinkes", "password": PASSWORD}, REMOTE_ADDR="10.0.0.1"
    )
    assert page.status_code == 200
    assert not ApiToken.objects.exists()


def test_guesses_on_the_page_count_here(city):
    for _ in range(5):
        wrong = {"login": "operator-dinkes", "password": "salah"}
        APIClient().post(reverse("account_login"), wrong, REMOTE_ADDR="10.0.0.1")
    assert ask().status_code == 429


def test_a_closed_account_is_told_so_only_after_the_right_password(city):
    city.operator.is_active = False
    city.operator.save()
    assert ask(password="salah").status_code == 401
    assert ask().status_code == 403
    assert "tidak aktif" in ask().data["detail"]
    assert not ApiToken.objects.exists()


def test_an_account_without_a_password_is_sent_to_the_page_like_a_wrong_one(city):
    city.operator.set_unusable_password()
    city.operator.save()
    answer = ask()
    assert answer.status_code == 401
    assert "Token API" in answer.data["detail"]


def second_factor(user) -> None:
    secret = two_factor.new_secret()
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    two_factor.switch_on(user=user, secret=secret, code=totp.format_hotp_value(totp.hotp_value(secret, counter)))


def test_with_a_second_factor_the_password_alone_makes_no_token(city):
    second_factor(city.operator)
    assert ask(password="salah").status_code == 401
    answer = ask()
    assert answer.status_code == 403
    assert reverse("token_list") in answer.data["detail"]
    assert not ApiToken.objects.exists()


def test_where_a_role_requires_the_second_factor_no_token_is_made_and_none_works_without_it(city, settings):
    plain = tokens.make(user=city.coordinator, name="uji", scope="write", days=1)[1]
    settings.TWO_FACTOR_ROLES = frozenset({"coordinator"})
    assert ask(username="koordinator").status_code == 403
    refused = with_token(plain).get(ME)
    assert refused.status_code == 403
    assert "verifikasi dua langkah" in refused.data["detail"]
    second_factor(city.coordinator)
    assert with_token(plain).get(ME).status_code == 200


def test_of_tokens_made_by_password_ten_live_and_those_of_the_page_stay(city):
    page = tokens.make(user=city.operator, name="halaman", scope="read", days=1)[1]
    plains = [
        tokens.make_by_password(user=city.operator, name=str(number), scope="read", days=1)[1] for number in range(12)
    ]
    works = [with_token(plain).get(ME).status_code for plain in [page, *plains]]
    assert works == [200, 401, 401, *[200] * 10]
    assert Event.objects.filter(action="token.revoke").count() == 2


def test_programs_that_log_in_are_told_of_once_a_day(city):
    for _ in range(3):
        tokens.make_by_password(user=city.operator, name="Skrip", scope="read", days=1)
    tokens.make(user=city.operator, name="Halaman", scope="read", days=1)
    titles = list(Notification.objects.filter(user=city.operator).order_by("pk").values_list("title", flat=True))
    assert titles == ["Program masuk dengan kata sandi Anda", "Token API dibuat: Halaman"]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_may_end_itself_and_nothing_else(city, scope):
    mine = tokens.make(user=city.operator, name="ini", scope=scope, days=1)[1]
    other = tokens.make(user=city.operator, name="lain", scope=scope, days=1)[1]
    assert with_token(mine).delete(TOKEN).status_code == 204
    assert with_token(mine).get(ME).status_code == 401
    assert with_token(other).get(ME).status_code == 200
    assert APIClient().delete(TOKEN).status_code == 401


def test_a_token_that_ended_does_not_keep_its_program_from_asking_for_another(city):
    client = with_token("spbe_sudah-berakhir")
    body = {"username": "operator-dinkes", "password": PASSWORD}
    assert client.post(TOKEN, body, format="json").status_code == 201


def test_its_use_is_written_down_every_five_minutes(city):
    token, plain = tokens.make(user=city.operator, name="uji", scope="read", days=1)
    client = with_token(plain)
    client.get(ME)
    token.refresh_from_db()
    first = token.last_used_at
    client.get(ME)
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=6))
    client.get(ME)
    token.refresh_from_db()
    assert token.last_used_at > first


def test_a_token_outlives_the_change_of_the_secret_key_as_sessions_do(city, settings):
    plain = tokens.make(user=city.operator, name="uji", scope="read", days=1)[1]
    former, settings.SECRET_KEY = settings.SECRET_KEY, "kunci-baru-yang-panjang-sekali-untuk-uji-saja-1234567890"
    assert tokens.find(plain) is None
    settings.SECRET_KEY_FALLBACKS = [former]
    assert tokens.find(plain) is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert tokens.find(plain) is not None


def test_what_ended_long_ago_is_forgotten(city):
    tokens.make(user=city.operator, name="baru", scope="read", days=1)
    old = tokens.make(user=city.operator, name="lama", scope="read", days=1)[0]
    long_ago = timezone.now() - timedelta(days=400)
    ApiToken.objects.filter(pk=old.pk).update(created_at=long_ago, expires_at=long_ago + timedelta(days=1))
    assert tokens.clean_up() == 1
    assert [row.name for row in tokens.of_person(city.operator)] == ["baru"]


# --- The page ---------------------------------------------------------------------------------------------


def confirmed(client, user):
    """Logged in a moment ago, with the password."""
    client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    return client


def test_a_token_made_on_the_page_is_shown_once_and_works(client, city):
    confirmed(client, city.operator)
    page = client.post(reverse("token_make"), {"name": "Rekap", "scope": "read", "days": "30"})
    plain = page.context["plain"]
    assert plain in page.content.decode()
    assert plain not in client.get(reverse("token_list")).content.decode()
    assert with_token(plain).get(ME).status_code == 200
    token = ApiToken.objects.get()
    assert (token.name, token.scope, token.origin) == ("Rekap", "read", "page")


def test_the_same_form_sent_twice_makes_one_token(client, city):
    confirmed(client, city.operator)
    sent = {"name": "Rekap", "scope": "read", "days": "30"}
    client.post(reverse("token_make"), sent)
    page = client.post(reverse("token_make"), sent)
    assert set(page.context["form"].errors) == {"name"}
    assert ApiToken.objects.count() == 1
    tokens.revoke(user=city.operator, pk=ApiToken.objects.get().pk)
    assert "plain" in client.post(reverse("token_make"), sent).context


def test_what_was_typed_stays_when_something_is_missing(client, city):
    confirmed(client, city.operator)
    page = client.post(reverse("token_make"), {"name": "", "scope": "write", "days": "99"})
    assert set(page.context["form"].errors) == {"name", "days"}
    assert not ApiToken.objects.exists()


def test_an_old_log_in_is_asked_for_once_more(login, city):
    client = login(city.operator)
    page = client.get(reverse("token_make"))
    assert page.status_code == 302
    assert page.url.startswith(reverse("account_reauthenticate"))


def test_with_a_second_factor_its_code_is_asked_for_and_the_password_is_not_enough(client, city):
    confirmed(client, city.operator)
    second_factor(city.operator)
    page = client.get(reverse("token_make"))
    assert page.status_code == 302
    assert page.url.startswith(reverse("mfa_reauthenticate"))
    posted = client.post(reverse("token_make"), {"name": "Rekap", "scope": "read", "days": "30"})
    assert posted.status_code == 302
    assert not ApiToken.objects.exists()


def test_revoked_on_the_page_it_works_no_more_and_says_so(login, city):
    token, plain = tokens.make(user=city.operator, name="Rekap", scope="read", days=1)
    page = login(city.operator).post(reverse("token_revoke", args=[token.pk]), follow=True)
    assert "Dicabut" in page.content.decode()
    assert with_token(plain).get(ME).status_code == 401
    assert Event.objects.filter(action="token.revoke", actor=city.operator).count() == 1


def test_nobody_revokes_or_sees_what_is_not_theirs(login, city):
    token = tokens.make(user=city.operator, name="Rekap", scope="read", days=1)[0]
    client = login(city.coordinator)
    assert client.post(reverse("token_revoke", args=[token.pk])).status_code == 404
    assert "Rekap" not in client.get(reverse("token_list")).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_list_says_what_became_of_each(login, city):
    made = [tokens.make(user=city.operator, name=str(number), scope="read", days=1)[0] for number in range(3)]
    tokens.revoke(user=city.operator, pk=made[1].pk)
    past = timezone.now() - timedelta(days=2)
    ApiToken.objects.filter(pk=made[2].pk).update(created_at=past, expires_at=past + timedelta(days=1))
    client = login(city.operator)
    states = {row.name: row.state for row in client.get(reverse("token_list")).context["rows"]}
    assert states == {"0": "alive", "1": "revoked", "2": "expired"}
    end_sessions(city.operator)
    city.operator.refresh_from_db()
    client = login(city.operator)
    states = {row.name: row.state for row in client.get(reverse("token_list")).context["rows"]}
    assert states == {"0": "ended", "1": "revoked", "2": "expired"}


def test_managers_see_how_many_and_end_them_with_the_sessions(login, city):
    plain = tokens.make(user=city.operator, name="Rekap", scope="read", days=1)[1]
    client = login(city.coordinator)
    page = client.get(reverse("person", args=[city.operator.pk]))
    assert page.context["security"].tokens == 1
    client.post(reverse("person_sessions_end", args=[city.operator.pk]))
    assert with_token(plain).get(ME).status_code == 401
    assert client.get(reverse("person", args=[city.operator.pk])).context["security"].tokens == 0
