"""Everything between installing the portal and serving it; safe to run again at every start."""

import hashlib
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from spbe_portal.health import check_broker

# Not used by any page of ours: right-to-left, partial and module builds of Bootstrap; of what shows the API's document
# the other viewer, the frame around several documents, and the maps for who works on the viewer itself.
UNUSED_STATIC = [
    "*.rtl.*",
    "bootstrap-*",
    "*.esm.*",
    "redoc",
    "swagger-ui-*.js.map",
    "swagger-ui-standalone-*",
    "oauth2-redirect.*",
]


class Command(BaseCommand):
    help = "Make fonts, tables, instruments and static files; with DEMO=1 also the demo city."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.reach_redis()
        call_command("build_fonts", verbosity=0)
        self.migrate()
        call_command("createcachetable", verbosity=0)
        call_command("load_instruments")
        self.collect_static()
        if settings.DEMO:
            if not get_user_model().objects.exists():
                self.stdout.write("Membangun kota peragaan (kali pertama sekitar setengah menit) ...")
            call_command("seed_demo", print_accounts=True)

    def reach_redis(self) -> None:
        """Raises CommandError where the broker is a Redis that does not answer."""
        try:
            check_broker()
        except (redis.RedisError, OSError) as error:
            raise CommandError(f"Antrean tugas tidak dapat dihubungi, periksa REDIS_URL ({error}).") from None

    def migrate(self) -> None:
        """Raises CommandError where the database does not answer."""
        try:
            executor = MigrationExecutor(connection)
        except OperationalError as error:
            raise CommandError(
                f"Basis data tidak dapat dibuka, periksa DATABASE_URL ({str(error).strip()})."
            ) from None
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Memperbarui tabel basis data ...")
            call_command("migrate", interactive=False, verbosity=0)

    def collect_static(self) -> None:
        """Copies static files only where one of them, or the way they are stored, changed."""
        stamp_file, stamp = settings.VAR_DIR / "static.stamp", static_stamp()
        if stamp_file.is_file() and stamp_file.read_text() == stamp and Path(settings.STATIC_ROOT).is_dir():
            return
        self.stdout.write("Mengumpulkan berkas statis ...")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED_STATIC)
        stamp_file.write_text(stamp)


def static_stamp() -> str:
    """A digest over name, size and time of every static file, and over the storage's name."""
    digest = hashlib.sha256(settings.STATIC_STORAGE.encode())
    for finder in get_finders():
        for path, storage in finder.list(UNUSED_STATIC):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}\n".encode())
    return digest.hexdigest()
