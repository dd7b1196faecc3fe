"""Tokens of programs: they act as their owner, and end when the owner's sessions end."""

from rest_framework.test import APIClient

from accounts.services import tokens
from accounts.services._base import end_sessions


def client_with(user, scope="write") -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {tokens.make(user=user, name='uji', scope=scope, days=1)[1]}")
    return client


def test_without_a_token_nothing_is_answered(city, period):
    response = APIClient().get("/api/v1/instruments/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Token"


def test_a_session_is_no_token(city, period):
    client = APIClient()
    client.force_login(city.operator)
    assert client.get("/api/v1/instruments/").status_code == 401


def test_a_token_reads_until_the_sessions_of_its_owner_end(city, period):
    client = client_with(city.operator)
    listed = client.get("/api/v1/instruments/")
    assert listed.status_code == 200
    assert period.instrument.code in [row["code"] for row in listed.data["results"]]
    end_sessions(city.operator)
    assert client.get("/api/v1/instruments/").status_code == 401
