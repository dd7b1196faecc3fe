"""Log-in with the government's account, against a provider of our own that can be made to lie."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from accounts.models import LinkedIdentity, SignIn, User
from accounts.services import two_factor
from accounts.tests.test_two_factor import code_of, set_up
from audit.models import Event
from spbe_portal import env

pytestmark = pytest.mark.django_db

START = "/masuk/pemerintah/"
BACK = "/masuk/pemerintah/kembali/"
SECURITY = "/akun/keamanan/"
CLIENT, SECRET = "spbe-portal", "rahasia-klien"
REFUSED = "tidak dapat dipercaya"

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """A small OpenID provider. `claims`, `header` and `key` may be bent before somebody logs in."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.drop: set[str] = set()
        self.description: dict[str, Any] = {}
        self.key: Any = KEY
        self.algorithm, self.kid = "RS256", "k1"
        self.answers: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.exchanged: list[dict[str, str]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.answer(provider.get(urlsplit(self.path).path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

            def answer(self, found: Any) -> None:
                status, body = (404, b"{}") if found is None else (200, found)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def get(self, path: str) -> Any:
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                **self.description,
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}
        return None

    def authorise(self, address: str) -> str:
        """What the person's browser is sent to; the query it comes back with."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorize"
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return f"?code=abc&state={self.asked['state']}"

    def token(self, form: dict[str, str]) -> Any:
        if "/token" in self.answers:
            return self.answers["/token"]
        self.exchanged.append(form)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (form["client_secret"], challenge) != (SECRET, self.asked["code_challenge"]):
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "asn-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "preferred_username": "operator-dinkes",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.drop}
        return {"id_token": jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.kid})}


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    cache.clear()
    made = Provider()
    settings.OIDC = env.IdentityProvider(made.url, CLIENT, SECRET, "SSO Arunika", "preferred_username", False)
    yield made
    made.server.shutdown()
    made.server.server_close()
    cache.clear()


def by_email(settings, provider: Provider) -> None:
    settings.OIDC = env.IdentityProvider(provider.url, CLIENT, SECRET, "SSO Arunika", "email", False)


def come_back(client: Client, provider: Provider, **data: str):
    """Press the button, be believed by the provider, come back."""
    response = client.post(START, data)
    assert response.status_code == 302, response.content.decode()
    return client.get(BACK + provider.authorise(response.url))


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def nothing_happened() -> bool:
    return not LinkedIdentity.objects.exists() and not Event.objects.filter(action__startswith="user.oidc").exists()


# --- The way in ------------------------------------------------------------------------------------------


def test_the_button_is_there_only_where_a_provider_is(client, city, settings):
    assert "pemerintah" not in client.get("/masuk/").content.decode()
    assert client.post(START).status_code == 404
    settings.OIDC = env.IdentityProvider("https://sso.example", CLIENT, SECRET, "SSO Arunika", "sub", False)
    assert "Masuk dengan SSO Arunika" in client.get("/masuk/").content.decode()


def test_the_first_log_in_links_the_account_and_later_ones_need_no_name(client, city, provider):
    before = User.objects.count()
    response = come_back(client, provider)
    assert (response.status_code, response.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(city.operator.pk)
    link = LinkedIdentity.objects.get()
    assert (link.user, link.issuer, link.subject) == (city.operator, provider.url, "asn-1")
    event = Event.objects.get(action="user.oidc_linked")
    assert (event.actor, event.after) == (city.operator, {"issuer": provider.url, "subject": "asn-1"})
    assert SignIn.objects.get(user=city.operator).way == "oidc"
    # The name at the provider changes; the person does not.
    provider.claims = {"preferred_username": "operator-dinsos"}
    again = Client()
    assert come_back(again, provider).url == "/"
    assert again.session["_auth_user_id"] == str(city.operator.pk)
    assert LinkedIdentity.objects.count() == 1
    assert User.objects.count() == before


def test_what_is_asked_of_the_provider(client, city, provider, settings):
    come_back(client, provider)
    asked = provider.asked
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == settings.PUBLIC_URL + BACK
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    other = Client()
    first = dict(asked)
    come_back(other, provider)
    assert not {first[name] for name in ("state", "nonce")} & {provider.asked[name] for name in ("state", "nonce")}
    assert SECRET not in str(asked)


def test_the_session_gets_a_new_key_and_nothing_is_left_of_the_way(client, city, provider):
    response = client.post(START)
    before = client.session.session_key
    client.get(BACK + provider.authorise(response.url))
    assert client.session.session_key != before
    assert "oidc_pending" not in client.session


def test_it_begins_by_post_with_the_forms_token_only(city, provider):
    client = Client(enforce_csrf_checks=True)
    assert client.get(START).status_code == 405
    assert client.post(START).status_code == 403


@pytest.mark.parametrize(
    "wanted, led", [("/sandi/?a=1", "/sandi/?a=1"), ("https://jahat.example/", "/"), ("//jahat.example", "/")]
)
def test_it_leads_back_to_where_one_was_and_never_elsewhere(client, city, provider, wanted, led):
    assert come_back(client, provider, next=wanted).url == led


def test_the_policy_lets_the_form_lead_to_the_provider(city):
    import os
    import subprocess
    import sys

    asked = "import django; django.setup(); from django.conf import settings; "
    asked += "print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    given = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "spbe_portal.settings",
        "OIDC_SERVER_URL": "https://sso.example/realms/asn/",
        "OIDC_CLIENT_ID": "a",
        "OIDC_CLIENT_SECRET": "b",
    }
    said = subprocess.run([sys.executable, "-c", asked], env=given, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[\"'self'\", 'https://sso.example']"


# --- Who ----------------------------------------------------------------------------------------------------


def test_an_unknown_identity_gets_a_page_and_no_account(client, city, provider):
    before = User.objects.count()
    provider.claims = {"preferred_username": "siapa-ini"}
    response = come_back(client, provider)
    assert response.status_code == 403
    assert "Akun Anda belum terdaftar" in response.content.decode()
    assert User.objects.count() == before
    assert nothing_happened()
    assert not is_in(client)


@pytest.mark.parametrize(
    "claim", [None, "", "  ", 7, ["operator-dinkes"], {"a": 1}, "operator-dinkes\x00", "' OR 1=1 --"]
)
def test_a_claim_that_is_no_name_is_nobodys(client, city, provider, claim):
    provider.claims = {"preferred_username": claim}
    assert come_back(client, provider).status_code == 403
    assert nothing_happened()


def test_a_closed_account_stays_closed(client, city, provider):
    come_back(client, provider)
    User.objects.filter(pk=city.operator.pk).update(is_active=False)
    response = come_back(Client(), provider)
    assert response.status_code == 403
    assert "tidak aktif" in response.content.decode()


def test_administrators_log_in_by_password(client, city, provider):
    provider.claims = {"preferred_username": city.admin.username}
    response = come_back(client, provider)
    assert response.status_code == 403
    assert "Administrator" in response.content.decode()
    LinkedIdentity.objects.create(user=city.admin, issuer=provider.url, subject="asn-1")
    assert come_back(Client(), provider).status_code == 403


def test_a_second_identity_does_not_take_over_a_linked_account(client, city, provider):
    come_back(client, provider)
    provider.claims = {"sub": "asn-2"}
    thief = Client()
    response = come_back(thief, provider)
    assert response.status_code == 403
    assert "tertaut dengan akun pemerintah yang lain" in response.content.decode()
    assert not is_in(thief)
    assert LinkedIdentity.objects.get().subject == "asn-1"


def test_by_address_only_a_verified_one_counts(client, city, provider, settings):
    by_email(settings, provider)
    User.objects.filter(pk=city.operator.pk).update(email="Budi@dinkes.example")
    for verified in (False, None, "true", 1):
        provider.claims = {"email": "budi@dinkes.example", "email_verified": verified}
        response = come_back(Client(), provider)
        assert response.status_code == 403
        assert "belum diverifikasi" in response.content.decode()
    assert nothing_happened()
    provider.claims = {"email": "budi@dinkes.example", "email_verified": True}
    assert come_back(client, provider).url == "/"
    assert client.session["_auth_user_id"] == str(city.operator.pk)


def test_an_address_that_two_people_have_is_nobodys(client, city, provider, settings):
    by_email(settings, provider)
    User.objects.filter(pk__in=[city.operator.pk, city.verifier.pk]).update(email="tu@dinkes.example")
    provider.claims = {"email": "tu@dinkes.example", "email_verified": True}
    assert come_back(client, provider).status_code == 403
    assert nothing_happened()


def test_a_coordinator_can_undo_a_link(login, city, provider):
    theirs = Client()
    come_back(theirs, provider)
    path = f"/pengguna/{city.operator.pk}/lepas-akun-pemerintah/"
    assert login(city.verifier).post(path, {"reason": "x"}).status_code == 403
    assert login(city.coordinator).post(path, {"reason": "Salah tertaut"}).status_code == 302
    assert not LinkedIdentity.objects.exists()
    assert theirs.get("/sandi/").status_code == 302
    assert Event.objects.get(action="user.oidc_unlinked").reason == "Salah tertaut"


# --- Lies ---------------------------------------------------------------------------------------------------

LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "x"}},
    "no nonce": {"drop": {"nonce"}},
    "a nonce that is no text": {"claims": {"nonce": ["x"]}},
    "for another client": {"claims": {"aud": "other"}},
    "for several clients": {"claims": {"aud": [CLIENT, "other"]}},
    "handed to another client": {"claims": {"azp": "other"}},
    "of another issuer": {"claims": {"iss": "https://jahat.example"}},
    "expired": {"claims": {"exp": int(time.time()) - 3600}},
    "without an end": {"drop": {"exp"}},
    "not yet valid": {"claims": {"nbf": int(time.time()) + 3600}},
    "issued in the future": {"claims": {"iat": int(time.time()) + 3600}},
    "about nobody": {"drop": {"sub"}},
    "about an empty name": {"claims": {"sub": " "}},
    "about a name with a zero byte": {"claims": {"sub": "asn-1\x00"}},
    "about a name without end": {"claims": {"sub": "x" * 300}},
    "signed by somebody else": {"key": OTHER_KEY},
    "signed by an unknown key": {"kid": "k9"},
    "signed with the client's secret": {"key": SECRET.ljust(64, "x"), "algorithm": "HS256"},
    "not signed": {"key": None, "algorithm": "none"},
    "no token": {"answers": {"/token": {"access_token": "x"}}},
    "no token but a number": {"answers": {"/token": {"id_token": 7}}},
    "a token that is none": {"answers": {"/token": {"id_token": "a.b.c"}}},
    "an answer that is no JSON": {"answers": {"/token": b"<html>"}},
    "an answer that is a list": {"answers": {"/token": []}},
    "an endless answer": {"answers": {"/token": b"x" * 300_000}},
    "no keys": {"answers": {"/keys": {"keys": []}}},
    "keys that are none": {"answers": {"/keys": {"keys": [{"kty": "RSA", "kid": "k1"}]}}},
    "keys elsewhere": {"description": {"jwks_uri": "http://127.0.0.1:9/keys"}},
    "keys in a file": {"description": {"jwks_uri": "file:///etc/passwd"}},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_cannot_be_believed_lets_nobody_in(client, city, provider, lie):
    start = client.post(START)
    for name, value in LIES[lie].items():
        setattr(provider, name, value)
    response = client.get(BACK + provider.authorise(start.url))
    assert response.status_code == 502, lie
    assert REFUSED in response.content.decode()
    assert not is_in(client)
    assert nothing_happened()


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://jahat.example"},
        {"authorization_endpoint": "https://jahat.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": ""},
    ],
)
def test_nobody_is_sent_to_where_the_provider_is_not(client, city, provider, description):
    provider.description = description
    response = client.post(START)
    assert response.status_code == 502
    assert REFUSED in response.content.decode()


def test_a_provider_that_is_down_is_a_page(client, city, provider, settings):
    settings.OIDC = env.IdentityProvider("http://127.0.0.1:9", CLIENT, SECRET, "SSO", "sub", False)
    assert client.post(START).status_code == 502


def test_state_is_good_once_for_the_browser_that_asked(client, city, provider):
    query = provider.authorise(client.post(START).url)
    stranger = Client()
    assert stranger.get(BACK + query).status_code == 400  # a log-in slipped to somebody else
    assert client.get(BACK + "?code=abc&state=wrong").status_code == 400
    assert client.get(BACK + query).status_code == 400  # the wrong try has used it up
    query = provider.authorise(client.post(START).url)
    assert client.get(BACK + query).url == "/"
    client.post("/keluar/")
    assert client.get(BACK + query).status_code == 400
    assert not is_in(client)


@pytest.mark.parametrize(
    "query", ["", "?code=abc", "?state=x", "?error=access_denied", "?state=%00&code=%00", "?state=é"]
)
def test_whoever_comes_back_without_having_asked_gets_a_page(client, city, provider, query):
    response = client.get(BACK + query)
    assert response.status_code == 400
    assert "Kembali ke halaman masuk" in response.content.decode()


def test_a_refusal_of_the_provider_is_a_page(client, city, provider):
    state = provider.authorise(client.post(START).url).split("state=")[1]
    response = client.get(f"{BACK}?error=access_denied&state={state}&error_description=<script>alert(1)</script>")
    assert response.status_code == 400
    assert "<script>alert" not in response.content.decode()
    assert not is_in(client)


# --- The second factor ----------------------------------------------------------------------------------------


def test_our_code_is_still_asked_for(client, city, provider):
    secret, _ = set_up(city.operator)
    provider.claims = {"amr": ["pwd", "mfa"]}
    assert come_back(client, provider).url == "/masuk/kode/"
    assert not is_in(client)
    assert client.post("/masuk/kode/", {"code": code_of(secret)}).url == "/"
    assert is_in(client)


@pytest.mark.parametrize(
    "methods, enough", [(["pwd", "mfa"], True), (["otp"], True), (["pwd"], False), ("mfa", False), (None, False)]
)
def test_the_providers_own_counts_where_that_is_set_and_told(client, city, provider, settings, methods, enough):
    settings.OIDC = env.IdentityProvider(provider.url, CLIENT, SECRET, "SSO", "preferred_username", True)
    settings.TWO_FACTOR_ROLES = frozenset({"operator"})
    provider.claims = {"amr": methods} if methods is not None else {}
    assert come_back(client, provider).url == "/"
    assert (client.get(SECURITY).status_code == 200) == enough
    # With a code of our own it is asked for, or not, alike.
    set_up(city.operator)
    other = Client()
    assert come_back(other, provider).url == ("/" if enough else "/masuk/kode/")


def test_a_password_log_in_after_it_does_not_inherit_it(client, city, provider, settings):
    settings.OIDC = env.IdentityProvider(provider.url, CLIENT, SECRET, "SSO", "preferred_username", True)
    set_up(city.operator)
    session = client.session
    session["oidc_two_factor"] = True
    session.save()
    from conftest import PASSWORD

    assert client.post("/masuk/", {"login": "operator-dinkes", "password": PASSWORD}).url == "/masuk/kode/"
    assert two_factor.is_on(city.operator)


# --- Settings ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(monkeypatch):
    for name in ("SERVER_URL", "CLIENT_ID", "CLIENT_SECRET", "NAME", "USERNAME_CLAIM", "TWO_FACTOR"):
        monkeypatch.delenv(f"OIDC_{name}", raising=False)
    return monkeypatch


def given(monkeypatch, **values: str) -> None:
    for name, value in {
        "SERVER_URL": "https://sso.example/a/",
        "CLIENT_ID": "a",
        "CLIENT_SECRET": "b",
        **values,
    }.items():
        monkeypatch.setenv(f"OIDC_{name}", value)


def test_all_settings_or_none(clean):
    assert env.identity_provider() is None
    given(clean)
    made = env.identity_provider()
    assert (made.issuer, made.origin, made.claim) == (
        "https://sso.example/a",
        "https://sso.example",
        "preferred_username",
    )
    assert not made.counts_as_two_factor
    for missing in ("SERVER_URL", "CLIENT_ID", "CLIENT_SECRET"):
        given(clean)
        clean.delenv(f"OIDC_{missing}")
        with pytest.raises(ImproperlyConfigured, match=f"OIDC_{missing} missing"):
            env.identity_provider()


@pytest.mark.parametrize(
    "url", ["http://sso.example", "sso.example", "https://", "https://a@b", "https://b/?x=1", "ftp://b"]
)
def test_an_address_that_will_not_do_stops_the_start(clean, url):
    given(clean, SERVER_URL=url)
    with pytest.raises(ImproperlyConfigured, match="OIDC_SERVER_URL"):
        env.identity_provider()


def test_roles_that_there_are_not_stop_the_start(monkeypatch):
    monkeypatch.setenv("TWO_FACTOR_ROLES", "coordinator, administrator")
    assert env.two_factor_roles() == {"coordinator", "administrator"}
    monkeypatch.setenv("TWO_FACTOR_ROLES", "koordinator")
    with pytest.raises(ImproperlyConfigured, match="koordinator"):
        env.two_factor_roles()
