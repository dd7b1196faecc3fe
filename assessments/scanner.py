"""A small client of clamd, the daemon of the ClamAV virus scanner: PING, VERSION and INSTREAM.

Knows no models and keeps no connection. The address is the setting CLAMD; where it is empty nothing here
is called.
"""

import socket
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 120.0  # for one block to be taken, and for the verdict on a whole file
QUICK_SECONDS = 2.0  # for PING and VERSION
_BLOCK = 64 * 1024
_ANSWER_MAX = 4096


class Unavailable(Exception):
    """Nobody answers, or not as clamd does: ask again later."""


class TooLarge(Exception):
    """More than clamd's StreamMaxLength: it scans nothing of it."""


def is_configured() -> bool:
    return bool(settings.CLAMD)


def is_alive() -> bool:
    try:
        return _ask(b"zPING\0") == "PONG"
    except Unavailable:
        return False


def version() -> str:
    """Such as "ClamAV 1.0.7/27000/Sat Nov 21 ...". Raises `Unavailable`."""
    return _ask(b"zVERSION\0")


def scan(source: BinaryIO) -> str:
    """What was found in the content, "" where it is clean. Raises `Unavailable`, `TooLarge`.

    clamd ends the conversation in the middle of a stream that is too long; what it said then is still read.
    """
    with _connected(ANSWER_SECONDS) as line:
        try:
            line.sendall(b"zINSTREAM\0")
            while block := source.read(_BLOCK):
                line.sendall(len(block).to_bytes(4, "big") + block)
            line.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            pass
        except OSError as error:
            raise Unavailable(f"clamd does not take the file: {error}") from error
        return _verdict(_answer(line))


def _verdict(answer: str) -> str:
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND") or "tanpa nama"
    if "size limit exceeded" in answer:
        raise TooLarge(answer)
    raise Unavailable(f"clamd answers {answer[:200]!r}")


def _ask(command: bytes) -> str:
    with _connected(QUICK_SECONDS) as line:
        try:
            line.sendall(command)
        except OSError as error:
            raise Unavailable(f"clamd does not listen: {error}") from error
        return _answer(line)


def _connected(seconds: float) -> socket.socket:
    address = urlsplit(settings.CLAMD)
    try:
        if address.scheme == "unix":
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                line.settimeout(min(CONNECT_SECONDS, seconds))
                line.connect(address.path)
            except BaseException:
                line.close()
                raise
        else:
            line = socket.create_connection((address.hostname, address.port), min(CONNECT_SECONDS, seconds))
    except OSError as error:
        raise Unavailable(f"no clamd at {settings.CLAMD}: {error}") from error
    line.settimeout(seconds)
    return line


def _answer(line: socket.socket) -> str:
    """Up to the zero byte that ends it."""
    said = b""
    try:
        while b"\0" not in said and len(said) < _ANSWER_MAX:
            block = line.recv(1024)
            if not block:
                break
            said += block
    except OSError as error:
        raise Unavailable(f"clamd does not answer: {error}") from error
    text = said.split(b"\0")[0].decode("utf-8", "replace").strip()
    if not text:
        raise Unavailable("clamd closed the line without an answer")
    return text
