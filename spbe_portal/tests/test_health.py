import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.test import RequestFactory

from spbe_portal import health

ALL_OK = {"status": "ok", "checks": {"database": "ok", "broker": "ok", "storage": "ok"}, "down": [], "scanner": "none"}


def broken(message: str):
    def check() -> None:
        raise OperationalError(message)

    return check


def test_live_answers_without_log_in_session_or_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response.cookies == {}
    assert "no-store" in response["Cache-Control"]


def test_ready_answers_without_log_in_or_session(client, db, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == ALL_OK
    assert response.cookies == {}


def test_a_scanner_that_is_down_is_said_and_fails_nothing(client, db, settings):
    settings.CLAMD = "tcp://127.0.0.1:1"
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {**ALL_OK, "scanner": "down"})


def test_ready_leaves_no_file_behind(client, db):
    client.get("/health/ready")
    assert default_storage.listdir("health") == ([], [])


def test_ready_names_what_is_down_and_keeps_the_reason_to_the_log(client, db, monkeypatch, caplog):
    monkeypatch.setitem(health.CHECKS, "database", broken("password=rahasia host=10.1.2.3"))
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {
        "status": "down",
        "checks": {"database": "down", "broker": "ok", "storage": "ok"},
        "down": ["database"],
        "scanner": "none",
    }
    assert [record.levelname for record in caplog.records if record.name == "spbe_portal.health"] == ["ERROR"]


def test_ready_says_when_files_cannot_be_stored(client, db, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "file"},
        },
    }
    assert client.get("/health/ready").json()["down"] == ["storage"]


def test_ready_says_when_the_queue_folder_is_gone(client, db, settings, tmp_path):
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path / "gone")}
    assert client.get("/health/ready").json()["down"] == ["broker"]


def test_ready_says_when_redis_does_not_answer(client, db, settings):
    settings.REDIS_URL = "redis://:rahasia@127.0.0.1:1/0"
    response = client.get("/health/ready")
    assert response.json()["down"] == ["broker"]
    assert "rahasia" not in response.content.decode()


@pytest.mark.parametrize("view", [health.live, health.ready])
def test_only_reading_is_allowed(view):
    assert view(RequestFactory().post("/")).status_code == 405
