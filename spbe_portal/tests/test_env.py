import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from spbe_portal import env


def test_a_bad_value_stops_the_start_and_names_itself(monkeypatch):
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEBUG='maybe'"):
        env.flag("DEBUG")
    monkeypatch.setenv("EVIDENCE_MAX_MB", "0")
    with pytest.raises(ImproperlyConfigured, match="EVIDENCE_MAX_MB='0': must be at least 1"):
        env.integer("EVIDENCE_MAX_MB", 25, minimum=1)
    monkeypatch.setenv("EVIDENCE_MAX_MB", "banyak")
    with pytest.raises(ImproperlyConfigured, match="EVIDENCE_MAX_MB='banyak'"):
        env.integer("EVIDENCE_MAX_MB", 25)


@pytest.mark.parametrize(("raw", "value"), [("1", True), ("Yes", True), ("off", False), ("", False)])
def test_a_flag_reads_the_usual_words(monkeypatch, raw, value):
    monkeypatch.setenv("DEMO", raw)
    assert env.flag("DEMO") is value


@pytest.mark.parametrize("address", ["", "tcp://127.0.0.1:3310", "tcp://clamd.example:3310", "unix:///run/clamd.ctl"])
def test_the_scanner_is_a_port_or_a_socket(monkeypatch, address):
    monkeypatch.setenv("CLAMD", address)
    assert env.clamd() == address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:3310",
        "tcp://127.0.0.1",
        "tcp://:3310",
        "tcp://a:b",
        "tcp://a:99999",
        "unix://",
        "unix://run/x",
        "http://a",
    ],
)
def test_another_address_of_the_scanner_stops_the_start(monkeypatch, address):
    monkeypatch.setenv("CLAMD", address)
    with pytest.raises(ImproperlyConfigured, match="CLAMD="):
        env.clamd()


def test_lists_are_split_and_trimmed(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example, ,b.example ")
    assert env.words("ALLOWED_HOSTS") == ["a.example", "b.example"]
    monkeypatch.setenv("GOVERNMENT_LETTERHEAD", "PEMERINTAH KOTA | Jalan A, Kota B|")
    assert env.lines("GOVERNMENT_LETTERHEAD") == ["PEMERINTAH KOTA", "Jalan A, Kota B"]


def test_without_an_address_the_database_is_a_file_whose_writers_wait(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = env.database(tmp_path / "spbe.sqlite3")
    assert config["ENGINE"] == "django.db.backends.sqlite3"
    assert config["NAME"] == str(tmp_path / "spbe.sqlite3")
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert config["OPTIONS"]["timeout"] == 20


def test_postgresql_is_read_from_its_address_and_does_not_wait_for_ever(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://spbe:p%40ss@db.example:5433/spbe?sslmode=require")
    config = env.database(tmp_path / "unused")
    assert (config["ENGINE"], config["HOST"], config["PORT"]) == ("django.db.backends.postgresql", "db.example", 5433)
    assert config["PASSWORD"] == "p@ss"
    assert config["OPTIONS"] == {"connect_timeout": 5, "sslmode": "require"}


@pytest.mark.parametrize("url", ["mysql://root:rahasia@db/spbe", "postgres://u:rahasia@host:bukan-port/x"])
def test_an_address_that_cannot_be_used_is_refused_without_showing_the_password(monkeypatch, tmp_path, url):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        env.database(tmp_path / "unused")
    assert "rahasia" not in str(caught.value)


def test_without_an_address_messages_go_to_the_log_and_a_mail_server_is_read_from_its_address(monkeypatch):
    monkeypatch.delenv("EMAIL_URL", raising=False)
    assert env.mail()["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://spbe%40kota.example:s%2Fndi@mail.example:587")
    config = env.mail()
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], config["EMAIL_USE_TLS"]) == ("mail.example", 587, True)
    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("spbe@kota.example", "s/ndi")


@pytest.mark.parametrize("url", ["mail.example:587", "imap://u:rahasia@mail.example", "smtp://u:rahasia@"])
def test_a_mail_address_that_cannot_be_used_is_refused_without_showing_the_password(monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as caught:
        env.mail()
    assert "rahasia" not in str(caught.value)


KEYS = [("SECRET_KEY", "secret.key", env.secret_key), ("AUDIT_KEY", "audit.key", env.audit_key)]


@pytest.mark.parametrize(("name", "file", "key"), KEYS)
def test_a_key_is_made_once_and_readable_by_its_owner_only(monkeypatch, tmp_path, name, file, key):
    monkeypatch.delenv(name, raising=False)
    made = key(tmp_path / "var")
    path: Path = tmp_path / "var" / file
    assert len(made) >= 64
    assert key(tmp_path / "var") == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("name", "file", "key"), KEYS)
def test_an_empty_key_file_or_a_short_key_is_refused(monkeypatch, tmp_path, name, file, key):
    monkeypatch.delenv(name, raising=False)
    (tmp_path / file).write_text("")
    with pytest.raises(ImproperlyConfigured, match=f"{file} is empty"):
        key(tmp_path)
    monkeypatch.setenv(name, "pendek")
    with pytest.raises(ImproperlyConfigured, match=f"{name} is too short"):
        key(tmp_path)
