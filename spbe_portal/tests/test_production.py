"""What goes over the wire in production, from a process of its own with production's settings."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

ASK = """
import json, django
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # no fonts here
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("createcachetable")
from accounts.models import User
User.objects.create_superuser("admin", password="sandi-untuk-uji-2026", name="Administrator")
client = Client(headers={"Host": "spbe.example.go.id"})
page = client.get("/masuk/", secure=True)
inside = client.post("/masuk/", {"login": "admin", "password": "sandi-untuk-uji-2026"}, secure=True)
print(json.dumps({
    "plain": [client.get("/masuk/").status_code, client.get("/masuk/").headers["Location"]],
    "health": client.get("/health/live").status_code,
    "page": dict(page.headers),
    "text": page.content.decode(),
    "inside": [inside.status_code, dict(inside.headers)],
    "cookies": {name: dict(cookie) for name, cookie in client.cookies.items()},
}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict:
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path_factory.mktemp("production")),
        "DJANGO_SETTINGS_MODULE": "spbe_portal.settings",
        "PUBLIC_URL": "https://spbe.example.go.id",
        "SECRET_KEY": "produksi-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, cwd=os.getcwd()
        )

    asked = run("-c", ASK)
    assert asked.returncode == 0, asked.stderr[-3000:]
    checked = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    return {**json.loads(asked.stdout.splitlines()[-1]), "check": (checked.returncode, checked.stderr)}


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}


def test_check_deploy_is_clean(production):
    assert production["check"][0] == 0, production["check"][1]


def test_plain_http_leads_to_https_and_health_does_not(production):
    assert production["plain"] == [301, "https://spbe.example.go.id/masuk/"]
    assert production["health"] == 200


def test_headers(production):
    headers = production["page"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_the_policy_allows_our_own_host_alone(production):
    policy = directives(production["page"]["Content-Security-Policy"])
    assert policy == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", production["text"])


def test_cookies_are_secure_and_bound_to_our_host(production):
    cookies = production["cookies"]
    assert production["inside"][0] == 302
    assert set(cookies) == {"__Host-session", "__Host-device", "csrftoken", "messages"} - (
        set() if "messages" in cookies else {"messages"}
    )
    for name, cookie in cookies.items():
        assert (cookie["secure"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", ""), name
        # Scripts send the form's token; nothing else is theirs to read.
        assert bool(cookie["httponly"]) == (name != "csrftoken"), name
    assert cookies["__Host-session"]["max-age"] == ""


@pytest.mark.django_db
def test_the_policy_is_on_every_answer(client, city):
    """Pages, refusals, what is not found, what leads on."""
    for path, status in (("/masuk/", 200), ("/", 302), ("/tidak-ada/", 404), ("/keluar/", 405)):
        response = client.get(path)
        assert response.status_code == status
        policy = directives(response.headers["Content-Security-Policy"])
        assert policy["default-src"] == ["'none'"]
        assert "unsafe" not in str(policy)
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/masuk/", {})
    assert response.status_code == 403
    assert "unsafe" not in response.headers["Content-Security-Policy"]
