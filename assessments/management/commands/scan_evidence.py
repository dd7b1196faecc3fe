"""Have the scanner look at files kept before there was one, or let go of what waits for it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from kombu.exceptions import OperationalError

from assessments import scanner, scans
from assessments.tasks import scan_version


class Command(BaseCommand):
    help = "Queue every file that was never scanned; it stays closed until it is found clean."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--release",
            action="store_true",
            help="the other way round, where CLAMD is not set any more: open what waits, unscanned",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["release"]:
            if scanner.is_configured():
                raise CommandError("CLAMD is set: files wait for it. Unset it first to give scanning up.")
            self.stdout.write(f"{scans.release()} files are open without a scan.")
            return
        if not scanner.is_configured():
            raise CommandError("CLAMD is not set: there is no scanner to ask.")
        if not scanner.is_alive():
            raise CommandError("clamd does not answer, so nothing was changed. See CLAMD in deploy/README.md.")
        waiting = scans.enqueue_unscanned()
        try:
            for version_id in waiting:
                scan_version.delay(version_id)
        except (OperationalError, OSError):
            self.stderr.write("The broker does not answer; the worker takes the files up by itself within minutes.")
        self.stdout.write(f"{len(waiting)} files wait to be scanned by {scanner.version()}.")
