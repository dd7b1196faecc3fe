"""`Idempotency-Key`: a POST sent again, since its answer was lost, is answered again and not done again.

The row of a key is claimed in a transaction of its own before anything is done, so of two that arrive together one
works and the other is told to wait. Only answers of success are kept; whatever else happened frees the key. A claim
whose process died is taken over after `ABANDONED`. What is kept is encrypted: some answers hold a secret that is
shown once.
"""

import hashlib
import json
from collections.abc import Set
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import sealing
from accounts.models import IdempotentAnswer
from accounts.permissions import rights_of

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=5)
#: What an answer needs again beside its body.
KEPT_HEADERS = ("ETag", "Location")


class UnderWay(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = f"Permintaan dengan {HEADER} ini masih dikerjakan. Coba lagi sebentar lagi."
    wait = 2  # seconds, for Retry-After


class OtherRequest(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = f"{HEADER} ini sudah dipakai untuk permintaan lain. Pakai kunci baru untuk setiap permintaan."


class Unreadable(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = (
        f"Permintaan dengan {HEADER} ini sudah dikerjakan, tetapi jawabannya tidak dapat dibaca lagi. "
        "Periksa hasilnya sebelum mengirim dengan kunci baru."
    )


class Replay(Exception):
    """The request was answered before; `response` is that answer."""

    def __init__(self, response: Response):
        super().__init__()
        self.response = response


def claim(request: Request) -> IdempotentAnswer | None:
    """The claimed row of the request's key, to be settled with its answer; None without a key.

    Raises `Replay`, `UnderWay`, `OtherRequest`, `Unreadable`, and `ValidationError` for a key that is none.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not key.isascii() or not key.isprintable() or not key.strip() or len(key) > LONGEST_KEY:
        raise ValidationError({HEADER: [f"Isi dengan 1 sampai {LONGEST_KEY} huruf, angka, atau tanda baca."]})
    fingerprint = _with_rights(request, fingerprint_of(request))
    for _ in range(3):  # what was there may be freed before it is read
        row = _claimed(request.user.pk, key, fingerprint)
        if row is not None:
            return row
    raise UnderWay


def _with_rights(request: Request, fingerprint: str) -> str:
    """Whose rights changed asks something else: an answer given under rights that ended is not given again."""
    held = {name: sorted(value) for name, value in asdict(rights_of(request.user)).items() if isinstance(value, Set)}
    text = json.dumps([fingerprint, request.user.is_superuser, held], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _claimed(user_id: int, key: str, fingerprint: str) -> IdempotentAnswer | None:
    """None where somebody else moved the row meanwhile."""
    now = timezone.now()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(user_id=user_id, key=key, fingerprint=fingerprint, created_at=now)
    except IntegrityError:
        found = IdempotentAnswer.objects.filter(user_id=user_id, key=key).first()
    if found is None:
        return None
    age = now - found.created_at
    is_old = age > KEPT
    if found.fingerprint != fingerprint and not is_old:
        raise OtherRequest
    if is_old or (found.status is None and age > ABANDONED):
        mine = IdempotentAnswer.objects.filter(pk=found.pk, created_at=found.created_at, status=found.status)
        fresh: dict[str, Any] = {
            "fingerprint": fingerprint,
            "status": None,
            "body": None,
            "headers": {},
            "created_at": now,
        }
        if not mine.update(**fresh):
            return None
        found.created_at = now
        return found
    if found.status is None:
        raise UnderWay
    headers = {**found.headers, "Idempotency-Replayed": "true"}
    raise Replay(Response(_opened(found), status=found.status, headers=headers))


def settle(row: IdempotentAnswer, response: Any) -> None:
    """Keep the answer under its key; one that is no success frees the key."""
    if not 200 <= response.status_code < 300 or not isinstance(response, Response):
        free(row)
        return
    body = None if response.data is None else sealing.encrypt(JSONRenderer().render(response.data).decode())
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    _still(row).update(status=response.status_code, body=body, headers=headers)


def _opened(row: IdempotentAnswer) -> Any:
    """The body of the answer. Raises `Unreadable` where SECRET_KEY was replaced and the former one is gone."""
    try:
        return None if row.body is None else json.loads(sealing.decrypt(row.body))
    except InvalidToken:
        raise Unreadable from None


def free(row: IdempotentAnswer) -> None:
    _still(row).delete()


def _still(row: IdempotentAnswer) -> Any:
    """The row as this request claimed it, unless another took it over meanwhile."""
    return IdempotentAnswer.objects.filter(pk=row.pk, created_at=row.created_at, status=None)


def fingerprint_of(request: Request) -> str:
    """SHA-256 of method, address and body; of a form its fields and the contents of its files, read piece by piece."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not (request.content_type or "").startswith("multipart/"):
        digest.update(request._request.body)
        return digest.hexdigest()
    for name in sorted(request.data):
        for value in request.data.getlist(name):
            # Each part with its length, so that no two forms make the same text.
            if isinstance(value, UploadedFile):
                digest.update(json.dumps([name, value.name, value.size]).encode())
                for piece in value.chunks():
                    digest.update(piece)
                value.seek(0)
            else:
                digest.update(json.dumps([name, value]).encode())
    return digest.hexdigest()


def sweep() -> int:
    """Take away what is older than `KEPT`; how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
