"""Runs the web process and the worker side by side until Ctrl-C; when one ends, so does the other.

Standard library only: script/server also uses it, before anything is installed, to see whether
the port is free.
"""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRACE = 15.0  # seconds a process gets to finish what it is doing
PR_SET_PDEATHSIG = 1


def address() -> tuple[str, int]:
    """HOST and PORT from the environment. Raises SystemExit on a port that is none."""
    port = os.environ.get("PORT", "8000")
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"GAGAL: PORT={port!r} bukan nomor port (1-65535).")
    return os.environ.get("HOST", "127.0.0.1"), int(port)


def check_port(host: str, port: int) -> None:
    """Raises SystemExit with a plain message where the portal could not listen."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        sys.exit(f"GAGAL: HOST={host!r} tidak dikenal.")
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(where)
            probe.listen(1)
        except PermissionError:
            sys.exit(f"GAGAL: port {port} hanya boleh dipakai administrator. Coba: PORT=8080 script/server")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                sys.exit(f"GAGAL: alamat {host}:{port} tidak dapat dipakai ({error.strerror}).")
            other = port + 1 if port < 65535 else 8000
            sys.exit(
                f"GAGAL: port {port} sudah dipakai; mungkin portal sudah berjalan. "
                f"Pilih port lain: PORT={other} script/server"
            )


def answers(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port), timeout=1):
            return True
    except OSError:
        return False


def die_with_parent() -> None:
    """In the child: be told to stop should this script be killed outright."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):  # not Linux
        pass


def start(command: list[str]) -> subprocess.Popen:
    """A process in a group of its own, so that the terminal's Ctrl-C reaches this script alone."""
    # A demo may run as root, on a fresh machine or in a container; Celery need not say so each time.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def kill_group(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def supervise(
    commands: dict[str, list[str]], *, is_ready: Callable[[], bool], on_ready: Callable[[], None], grace: float = GRACE
) -> int:
    """Runs `commands` (name: command line) until a signal asks to stop or one of them ends.

    Returns 0 after a signal, 1 when a process ended by itself. A second signal, or `grace`
    seconds, ends the waiting: whatever still runs is killed with all its children.
    """
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, frame: asked.append(received))

    running: dict[str, subprocess.Popen] = {}
    ended = ""
    try:
        for name, command in commands.items():
            running[name] = start(command)
        ready = False
        while not asked and not ended:
            ended = next((name for name, process in running.items() if process.poll() is not None), "")
            if not ready and not ended and is_ready():
                ready = True
                on_ready()
            time.sleep(0.1)
        if ended:
            status = running[ended].returncode
            print(f"GAGAL: proses {ended} berhenti sendiri (status {status}); semuanya dihentikan.", file=sys.stderr)
        else:
            print("\nMenghentikan portal ... (Ctrl-C sekali lagi: seketika)", file=sys.stderr, flush=True)
        for process in running.values():
            process.terminate()
        signals_before, deadline = len(asked), time.monotonic() + grace
        while any(process.poll() is None for process in running.values()):
            if len(asked) > signals_before or time.monotonic() > deadline:
                break
            time.sleep(0.05)
    finally:
        for process in running.values():
            kill_group(process)
    return 1 if ended else 0


def main() -> int:
    host, port = address()
    check_port(host, port)
    if "--check-port" in sys.argv[1:]:
        return 0
    url = os.environ.get("PUBLIC_URL", f"http://{host}:{port}")
    worker = [sys.executable, "-m", "celery", "-A", "spbe_portal", "--quiet", "worker", "--loglevel", "WARNING"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--beat"]
    if os.environ.get("REDIS_URL") and os.access("/dev/shm", os.W_OK):
        worker += ["--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", "50"]
    else:
        worker += ["--pool", "solo"]
    return supervise(
        {
            "web": [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")],
            "pekerja": worker,
        },
        is_ready=lambda: answers(host, port),
        on_ready=lambda: print(f"\nPortal siap di {url}  (berhenti: Ctrl-C)\n", flush=True),
    )


if __name__ == "__main__":
    sys.exit(main())
