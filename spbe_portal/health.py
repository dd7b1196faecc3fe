"""Two pages for machines: is the process alive, and can it do its work."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments import scanner

log = logging.getLogger(__name__)

TIMEOUT = 2  # seconds Redis gets to answer


def check_database() -> None:
    """Raises where the database does not answer (PostgreSQL: `connect_timeout` in spbe_portal.env)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    """Raises where a job could not be handed to the worker."""
    if settings.REDIS_URL:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
        ) as client:
            client.ping()
        return
    queue = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
    if not (queue.is_dir() and os.access(queue, os.W_OK | os.X_OK)):
        raise OSError(f"{queue} cannot be written to")


def scanner_state() -> str:
    """What of the virus scanner: "none" is set up, else "ok" or "down".

    No reason to be unready: uploads work while it is down, and wait for it unopened.
    """
    if not scanner.is_configured():
        return "none"
    return "ok" if scanner.is_alive() else "down"


def check_storage() -> None:
    """Raises where a file could not be stored, read back and removed."""
    name = default_storage.save("health/probe", ContentFile(b"ok"))
    try:
        with default_storage.open(name) as file:
            if file.read() != b"ok":
                raise OSError("the stored file reads differently")
    finally:
        default_storage.delete(name)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
}


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; looks at nothing else."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 where everything a request needs is there, else 503; names what is down, never why (that is logged).

    `scanner` is for information only (see `scanner_state`).
    """
    states = {}
    for name, check in CHECKS.items():
        try:
            check()
        except Exception as error:
            # Whatever the reason, the answer is the same: not ready.
            log.error("not ready: %s (%s: %s)", name, type(error).__name__, error)
            states[name] = "down"
        else:
            states[name] = "ok"
    down = [name for name, state in states.items() if state != "ok"]
    body = {"status": "down" if down else "ok", "checks": states, "down": down, "scanner": scanner_state()}
    return JsonResponse(body, status=503 if down else 200)
