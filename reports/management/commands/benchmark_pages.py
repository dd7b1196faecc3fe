"""Measures the pages over all agencies, in a database of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from io import StringIO
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from reports.benchmark import World

INSIDE = "BENCHMARK_PAGES_INSIDE"
SIZES = [30, 300, 3000]


@dataclass(frozen=True)
class Measure:
    """One page at one size: milliseconds (median), queries, kilobytes."""

    page: str
    agencies: int
    status: int
    milliseconds: float
    queries: int
    kilobytes: float


class Command(BaseCommand):
    help = (
        "Measure the pages over all agencies with 30, 300 and 3000 of them: milliseconds, queries, kilobytes. "
        "Works in a scratch database; the portal's data is neither read nor written."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agencies", type=int, nargs="+", default=SIZES, help="sizes to measure")
        parser.add_argument("--repeat", type=int, default=5, help="how often each page is asked for")

    def handle(self, *args: Any, **options: Any) -> None:
        sizes, repeat = options["agencies"], options["repeat"]
        if min(sizes) < 1 or repeat < 1:
            raise CommandError("Jumlah OPD dan pengulangan paling sedikit 1.")
        if os.environ.get(INSIDE):
            self.stdout.write(json.dumps([asdict(each) for each in measure(sizes[0], repeat)]))
            return
        found: list[Measure] = []
        for size in sizes:
            self.stderr.write(f"Mengukur dengan {size} OPD ...")
            found += _in_a_scratch_database(size, repeat)
        self.stdout.write(table(found))
        if grown := growing(found):
            raise CommandError(f"Jumlah kueri bertambah dengan jumlah OPD: {', '.join(grown)}.")
        if len(sizes) > 1:
            self.stdout.write("Jumlah kueri tiap halaman tetap, berapa pun OPD-nya.")


def _in_a_scratch_database(size: int, repeat: int) -> list[Measure]:
    """Measured by a process of its own whose every file lies in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in {"DATABASE_URL", "REDIS_URL", "CACHE_URL", "DEBUG"}
        }
        environment |= {"VAR_DIR": folder, INSIDE: "1"}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark_pages"]
        done = subprocess.run(
            [*command, "--agencies", str(size), "--repeat", str(repeat)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        raise CommandError(f"Pengukuran dengan {size} OPD gagal.")
    return [Measure(**each) for each in json.loads(done.stdout.splitlines()[-1])]


def measure(size: int, repeat: int) -> list[Measure]:
    """Build a government of `size` agencies in the database of this process, and ask for each page."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("load_instruments", stdout=StringIO())
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    world = World(size)
    code = world.indicators[11].code if len(world.indicators) > 11 else world.indicators[0].code
    pages = [
        ("pemda", Role.LEADER, reverse("pemda")),
        ("heat", Role.LEADER, reverse("heat")),
        ("heat indikator", Role.LEADER, f"{reverse('heat')}?indikator={code}"),
        ("results", Role.LEADER, reverse("results")),
        ("determination", Role.LEADER, reverse("determination")),
        ("period", Role.COORDINATOR, reverse("period", args=[world.running.pk])),
        ("own_place", Role.OPERATOR, reverse("own_place")),
    ]
    found = []
    for name, role, url in pages:
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(world.people[role])
        client.get(url)  # reads templates and the instrument once
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        number = len(queries)  # the next request empties the log
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            client.get(url)
            times.append((time.perf_counter() - start) * 1000)
        size_kb = len(response.content) / 1024
        found.append(Measure(name, size, response.status_code, median(times), number, size_kb))
    return found


def table(found: list[Measure]) -> str:
    lines = [f"{'halaman':<16}{'OPD':>6}{'status':>8}{'ms':>9}{'kueri':>7}{'KB':>8}"]
    for name in dict.fromkeys(each.page for each in found):
        lines += [
            f"{each.page:<16}{each.agencies:>6}{each.status:>8}{each.milliseconds:>9.0f}{each.queries:>7}"
            f"{each.kilobytes:>8.0f}"
            for each in found
            if each.page == name
        ]
    return "\n".join(lines)


def growing(found: list[Measure]) -> list[str]:
    """The pages whose number of queries is not the same at every size."""
    counts: dict[str, set[int]] = {}
    for each in found:
        counts.setdefault(each.page, set()).add(each.queries)
    return [page for page, numbers in counts.items() if len(numbers) > 1]
