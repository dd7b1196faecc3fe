"""One message to another system: signed, sent once, nothing followed, nothing kept of the answer but its number.

Only the standard library, and no proxy of the environment: the connection goes to the address that was checked.
"""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.webhooks.addresses import NotAllowed, Target, checked_addresses, target_of

TIMEOUT = 10.0  # seconds for all of it but the name server
SIGNATURE, EVENT, DELIVERY = "X-SPBE-Signature", "X-SPBE-Event", "X-SPBE-Delivery"


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt: the HTTP status, or why there was none (Indonesian)."""

    answer: int | None
    error: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.answer is not None and 200 <= self.answer < 300


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The same bytes for the same content, whatever database kept it."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=<unix>,v1=<hex HMAC-SHA256 of "t.body">`."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def send(url: str, secret: str, payload: Mapping[str, Any]) -> Outcome:
    """One attempt. Raises nothing that a network, a name server or the other side can cause."""
    body, now = body_of(payload), int(time.time())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "SPBE-Portal",
        SIGNATURE: signature(secret, body, now),
        EVENT: str(payload["event"]),
        DELIVERY: str(payload["id"]),
    }
    try:
        target = target_of(url)
        numbers = checked_addresses(target)
    except NotAllowed as error:
        return Outcome(None, str(error))
    except (OSError, UnicodeError):
        return Outcome(None, "Nama host pada alamat ini tidak ditemukan.")
    return _post(target, numbers, body, headers)


def _post(target: Target, numbers: list[str], body: bytes, headers: dict[str, str]) -> Outcome:
    until = time.monotonic() + TIMEOUT
    connection = http.client.HTTPConnection(target.host, target.port)
    cut = _Cut()
    try:
        raw = _connected(numbers, target.port, until)
        cut.after(until - time.monotonic(), raw)
        connection.sock = _encrypted(raw, target.host) if target.scheme == "https" else raw
        connection.request("POST", target.path, body, {"Host": target.header, "Connection": "close", **headers})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Outcome(None, f"Tidak dijawab dalam {TIMEOUT:.0f} detik." if cut.is_cut else _words(error))
    finally:
        cut.stop()
        connection.close()
    if cut.is_cut:  # in the middle of the headers
        return Outcome(None, f"Tidak dijawab dalam {TIMEOUT:.0f} detik.")
    if 300 <= status < 400:
        return Outcome(status, "Penerima mengalihkan ke alamat lain. Pengalihan tidak diikuti.")
    return Outcome(status, "" if 200 <= status < 300 else f"Penerima menjawab dengan status {status}.")


def _connected(numbers: list[str], port: int, until: float) -> socket.socket:
    """To the first of the checked numbers that answers. Raises `OSError`."""
    refused: OSError = TimeoutError()
    for number in numbers:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((number, port), timeout=left)
        except OSError as error:
            refused = error
    raise refused


def _encrypted(raw: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return context().wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise


def context() -> ssl.SSLContext:
    """Certificates are checked against what the machine trusts."""
    return ssl.create_default_context()


class _Cut:
    """Ends a connection after a time, however slowly the other side goes on talking."""

    def __init__(self) -> None:
        self.is_cut = False
        self._timer: threading.Timer | None = None

    def after(self, seconds: float, sock: socket.socket) -> None:
        # A copy of the handle: TLS takes the socket over.
        self._handle = sock.dup()
        self._timer = threading.Timer(max(seconds, 0), self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self.is_cut = True
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._handle.close()


def _words(error: Exception) -> str:
    match error:
        case TimeoutError():
            return f"Tidak dijawab dalam {TIMEOUT:.0f} detik."
        case ssl.SSLCertVerificationError():
            return "Sertifikat penerima tidak dapat dipercaya."
        case ssl.SSLError():
            return "Sambungan terenkripsi dengan penerima gagal dibuat."
        case ConnectionRefusedError():
            return "Penerima menolak sambungan."
        case http.client.HTTPException():
            return "Penerima tidak menjawab sebagai layanan HTTP."
        case _:
            return "Penerima tidak dapat dihubungi."
