"""A program in a test: it works for somebody by a token."""

from typing import Any

from rest_framework.test import APIClient

from accounts.services import tokens


def client_of(user: Any, scope: str = "write") -> APIClient:
    """A client with a fresh token of `user`."""
    client = APIClient()
    plain = tokens.make(user=user, name="uji", scope=scope, days=1)[1]
    client.credentials(HTTP_AUTHORIZATION=f"Token {plain}")
    return client
