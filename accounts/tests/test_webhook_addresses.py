"""Webhooks lead where the administrator allows, whatever is typed and whatever a name server answers."""

import socket

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.tests.webhook_receiver import receiving
from accounts.webhooks import sending
from accounts.webhooks.addresses import NotAllowed, checked_addresses, is_forbidden, target_of
from spbe_portal import env
from spbe_portal.env import WebhookHost

ALLOWED = (
    WebhookHost("https", "dasbor.contoh.go.id", 443),
    WebhookHost("https", "dasbor.contoh.go.id", 8443),
    WebhookHost("http", "10.1.2.3", 8080),
)
PAYLOAD = {"event": "webhook.test", "id": "1", "at": "2026-11-22T08:00:00+07:00", "data": {}}


@pytest.fixture(autouse=True)
def _allowed(settings):
    settings.WEBHOOK_HOSTS = ALLOWED


def answered(monkeypatch, *numbers: str) -> list[tuple]:
    """What the name server says from now on, and what it is asked."""
    asked = []

    def getaddrinfo(host, port, **options):
        asked.append((host, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://dasbor.contoh.go.id", "dasbor.contoh.go.id", 443, "/"),
        ("https://DASBOR.contoh.go.id./terima?a=1", "dasbor.contoh.go.id", 443, "/terima?a=1"),
        ("https://dasbor.contoh.go.id:8443/x", "dasbor.contoh.go.id", 8443, "/x"),
        ("http://10.1.2.3:8080/x", "10.1.2.3", 8080, "/x"),
    ],
)
def test_what_is_listed_is_reached(url, host, port, path):
    target = target_of(url)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    "url",
    [
        "http://dasbor.contoh.go.id/",  # not without encryption
        "https://dasbor.contoh.go.id:9443/",
        "https://10.1.2.3:8080/",
        "https://lain.contoh.go.id/",
        "https://dasbor.contoh.go.id.jahat.example/",
        "https://dasbor.contoh.go.id@jahat.example/",
        "https://jahat.example\\@dasbor.contoh.go.id/",
        "https://siapa:sandi@dasbor.contoh.go.id/",
        "https://@dasbor.contoh.go.id/",
        "https://dasbor.contoh.go.id/#jahat",
        "https://dasbor.contoh.go.id\r\nX: 1/",
        "https://dasbor.contoh.go.id/ a",
        "https://dasbor\u3002contoh.go.id/",
        "https://dasbor.contoh.go.id:a/",
        "https://dasbor.contoh.go.id:99999/",
        "https://[::1/",
        "https:///terima",
        "//dasbor.contoh.go.id/",
        "dasbor.contoh.go.id",
        "ftp://dasbor.contoh.go.id/",
        "file:///etc/passwd",
        "gopher://10.1.2.3:8080/",
        "javascript:alert(1)",
        "",
        "https://dasbor.contoh.go.id/" + "a" * 500,
        *(
            f"{scheme}://{host}/"
            for scheme in ("http", "https")
            for host in (
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f000001",
                "0177.0.0.1",
                "0",
                "localhost",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "169.254.169.254",
                "[fd00:ec2::254]",
                "metadata.google.internal",
            )
        ),
    ],
)
def test_what_is_not_listed_is_refused_however_it_is_written(url):
    with pytest.raises(NotAllowed):
        target_of(url)


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1%eth0",
        "ff02::1",
        "fd00:ec2::254",
    ],
)
def test_a_name_that_turns_into_this_machine_or_its_link_is_refused(number, monkeypatch):
    assert is_forbidden(number)
    answered(monkeypatch, "203.0.113.7", number)
    with pytest.raises(NotAllowed):
        checked_addresses(target_of("https://dasbor.contoh.go.id/"))


@pytest.mark.parametrize("number", ["203.0.113.7", "10.1.2.3", "192.168.7.1", "2001:db8::7", "fd12:3456::1"])
def test_a_name_in_the_internet_or_the_intranet_is_reached(number, monkeypatch):
    answered(monkeypatch, number)
    assert checked_addresses(target_of("https://dasbor.contoh.go.id/")) == [number]


def test_the_connection_goes_to_the_number_that_was_checked(monkeypatch, settings):
    """The name server answers otherwise the second time: nobody asks it a second time."""
    with receiving() as receiver:
        settings.WEBHOOK_HOSTS = (WebhookHost("http", "dasbor.contoh.go.id", receiver.port),)
        asked = answered(monkeypatch, "127.0.0.1")
        monkeypatch.setattr("accounts.webhooks.addresses.is_forbidden", lambda number: False)
        connected = []
        monkeypatch.setattr(
            sending.socket,
            "create_connection",
            lambda address, **options: connected.append(address) or socket.socket(),
        )
        sending.send(f"http://dasbor.contoh.go.id:{receiver.port}/", "rahasia", PAYLOAD)
    assert asked == [("dasbor.contoh.go.id", receiver.port)]
    assert connected == [("127.0.0.1", receiver.port)]


def test_a_forbidden_number_is_not_even_tried(monkeypatch):
    answered(monkeypatch, "127.0.0.1")
    connected = []
    monkeypatch.setattr(sending.socket, "create_connection", lambda *args, **options: connected.append(args))
    outcome = sending.send("https://dasbor.contoh.go.id/", "rahasia", PAYLOAD)
    assert (outcome.answer, connected) == (None, [])
    assert outcome.error == "dasbor.contoh.go.id menunjuk ke 127.0.0.1, alamat mesin ini atau jaringannya sendiri."


def test_an_address_that_is_allowed_no_more_is_not_tried(monkeypatch, settings):
    settings.WEBHOOK_HOSTS = ()
    outcome = sending.send("https://dasbor.contoh.go.id/", "rahasia", PAYLOAD)
    assert outcome.error.startswith("https://dasbor.contoh.go.id tidak diizinkan oleh administrator.")


def test_the_setting_lists_hosts_and_ports(monkeypatch):
    monkeypatch.setenv("WEBHOOK_HOSTS", "Dasbor.contoh.go.id, a.example:8443,http://127.0.0.1:9000, http://[::1]")
    assert env.webhook_hosts() == (
        WebhookHost("https", "dasbor.contoh.go.id", 443),
        WebhookHost("https", "a.example", 8443),
        WebhookHost("http", "127.0.0.1", 9000),
        WebhookHost("http", "::1", 80),
    )
    monkeypatch.setenv("WEBHOOK_HOSTS", "")
    assert env.webhook_hosts() == ()


@pytest.mark.parametrize("item", ["a.example/jalan", "ftp://a.example", "siapa@a.example", "a:b", "https://", "*?x"])
def test_another_entry_of_the_setting_stops_the_start(monkeypatch, item):
    monkeypatch.setenv("WEBHOOK_HOSTS", f"a.example,{item}")
    with pytest.raises(ImproperlyConfigured, match="WEBHOOK_HOSTS"):
        env.webhook_hosts()
