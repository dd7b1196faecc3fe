"""The script that keeps the web process and the worker together, tried with stand-ins for both."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "script"

PLAY = """
import sys
sys.path.insert(0, {folder!r})
import _serve
sys.exit(_serve.supervise(
    {{"web": [sys.executable, "-c", {web!r}], "pekerja": [sys.executable, "-c", {worker!r}]}},
    is_ready=lambda: True, on_ready=lambda: print("siap", flush=True), grace={grace},
))
"""
OBEDIENT = "import time\nwhile True: time.sleep(0.1)"
# Ignores the request to stop and has a child that does the same; both write their ids.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
open(os.environ["IDS"], "a").write(f"{os.getpid()}\\n")
while True: time.sleep(0.1)
"""


def play(web: str, worker: str, *, grace: float = 20, **environment: str) -> subprocess.Popen:
    code = PLAY.format(folder=str(SCRIPT), web=web, worker=worker, grace=grace)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def wait_until(condition, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        # A zombie that waits for its parent counts as ended.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_signal_stops_both_in_order():
    process = play(OBEDIENT, OBEDIENT)
    assert process.stdout.readline() == "siap\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


@pytest.mark.parametrize(("web", "worker", "name"), [("exit(3)", OBEDIENT, "web"), (OBEDIENT, "exit(3)", "pekerja")])
def test_when_one_ends_the_other_is_stopped_and_the_status_says_so(web, worker, name):
    process = play(web, worker)
    assert process.wait(10) == 1
    assert f"proses {name} berhenti sendiri (status 3)" in process.stderr.read()


def test_a_second_signal_leaves_nothing_behind(tmp_path):
    ids = tmp_path / "ids"
    process = play(OBEDIENT, STUBBORN, IDS=str(ids))
    wait_until(lambda: ids.exists() and len(ids.read_text().split()) == 2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "the first signal waits for the work in hand"
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    wait_until(lambda: not any(alive(int(pid)) for pid in ids.read_text().split()))


def test_waiting_has_an_end(tmp_path):
    ids = tmp_path / "ids"
    process = play(OBEDIENT, STUBBORN, grace=0.5, IDS=str(ids))
    wait_until(lambda: ids.exists() and len(ids.read_text().split()) == 2)
    process.terminate()
    assert process.wait(5) == 0
    wait_until(lambda: not any(alive(int(pid)) for pid in ids.read_text().split()))


def check_port(**environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(SCRIPT / "_serve.py"), "--check-port"],
        env={**os.environ, "HOST": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
    )


def test_a_taken_port_is_said_plainly():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = check_port(PORT=str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"GAGAL: port {port} sudah dipakai")
    assert check_port(PORT=str(port)).returncode == 0


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "80x"}, "GAGAL: PORT='80x' bukan nomor port (1-65535).\n"),
        ({"PORT": "70000"}, "GAGAL: PORT='70000' bukan nomor port (1-65535).\n"),
        ({"HOST": "tidak-ada.invalid", "PORT": "8109"}, "GAGAL: HOST='tidak-ada.invalid' tidak dikenal.\n"),
    ],
)
def test_an_address_that_is_none_is_said_plainly(environment, message):
    result = check_port(**environment)
    assert (result.returncode, result.stderr) == (1, message)


@pytest.mark.parametrize("redis", ["", "redis://127.0.0.1:6379/0"])
def test_the_worker_runs_the_schedule_too(monkeypatch, redis):
    monkeypatch.syspath_prepend(str(SCRIPT))
    import _serve

    started = {}
    monkeypatch.setenv("REDIS_URL", redis)
    monkeypatch.setattr(_serve, "check_port", lambda host, port: None)
    monkeypatch.setattr(_serve, "supervise", lambda commands, **rest: started.update(commands) or 0)
    monkeypatch.setattr(sys, "argv", ["_serve.py"])
    assert _serve.main() == 0
    assert "--beat" in started["pekerja"]
