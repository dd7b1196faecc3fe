"""Past years from a file: shows what it would become; `--apply` writes it."""

import time
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Membership, Role, User
from assessments.errors import Refused
from assessments.past import sheet, write
from assessments.past.plan import Plan, plan
from indicators.models import Instrument
from spbe_portal import sheets
from spbe_portal.formatting import count_id, decimal_id

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Bring in past years, levels only, from a CSV or XLSX. Without --apply nothing is written: it says what "
        "each year would become, and which lines cannot be taken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--instrument", default="", metavar="CODE", help="of all years the list says nothing of")
        parser.add_argument("--user", default="", help="the coordinator in whose name (not needed where there is one)")
        parser.add_argument("--apply", action="store_true", help="write what is shown")

    def handle(self, *args: Any, **options: Any) -> None:
        path, code = options["file"], options["instrument"]
        if code and not Instrument.objects.filter(code=code, is_draft=False).exists():
            raise CommandError(f"Instrumen {code} tidak ada.")
        user = self._coordinator(options["user"]) if options["apply"] else None
        began = time.monotonic()
        try:
            with path.open("rb") as file:
                table = sheets.read(file, path.name, path.stat().st_size, sheet.COMMAND)
            found = plan(sheet.read(table), instrument=code, progress=self._progress("Memeriksa nilai"))
        except OSError as error:
            raise CommandError(f"Berkas tidak dapat dibuka: {error.strerror or error}") from error
        except sheets.Unreadable as error:
            raise CommandError(str(error)) from error
        self._show(found)
        if user is None:
            self.stdout.write("Belum ada yang disimpan. Ulangi dengan --apply untuk menyimpan.")
            return
        try:
            done = write.apply(found, user=user, file_name=path.name, progress=self._progress("Menyimpan penilaian"))
        except (Refused, PermissionDenied) as refused:
            raise CommandError(getattr(refused, "message", "") or "Pengguna ini bukan koordinator.") from refused
        seconds = f"{time.monotonic() - began:.1f}".replace(".", ",")
        self.stdout.write(
            f"Tersimpan dalam {seconds} detik: {count_id(len(done.periods))} periode, "
            f"{count_id(done.assessments)} penilaian OPD, {count_id(done.governments)} nilai Pemda."
        )

    def _coordinator(self, name: str) -> User:
        held = Membership.objects.current().filter(role=Role.COORDINATOR, user__is_active=True)
        people = list(User.objects.filter(pk__in=held.values("user")).order_by("username"))
        if name:
            people = [each for each in people if each.username == name]
        if len(people) == 1:
            return people[0]
        if name or not people:
            raise CommandError(
                f"Tidak ada koordinator bernama {name}." if name else "Belum ada koordinator penilaian."
            )
        raise CommandError(f"Sebutkan salah satu dengan --user: {', '.join(each.username for each in people)}.")

    def _show(self, found: Plan) -> None:
        for year in found.years:
            named = year.instrument.short_name if year.instrument else "tanpa instrumen"
            if year.is_ready:
                government = year.government
                said = f"{count_id(len(year.agencies))} OPD"
                if government and government.score:
                    covered = f"{government.answered} dari {len(government.assigned)} indikator"
                    said += f", indeks Pemda {decimal_id(government.score.index)} ({covered})"
                self.stdout.write(f"{year.year} ({named}): {said}")
            else:
                why = year.conflict or f"{count_id(year.wrong)} nilai bermasalah"
                self.stdout.write(f"{year.year} ({named}) tidak diimpor: {why}")
        wrong = found.wrong
        for row in wrong[:SHOWN]:
            self.stdout.write(f"  baris {row.line}: {' '.join(row.problems)}")
        if len(wrong) > SHOWN:
            self.stdout.write(f"  dan {count_id(len(wrong) - SHOWN)} baris bermasalah lain")

    def _progress(self, title: str) -> Any:
        """Says on stderr how far it is, at most twice a second and at the end."""
        last = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last > 0.5:
                last = now
                end = "\n" if done == total else "\r"
                self.stderr.write(f"{title}: {count_id(done)} dari {count_id(total)}", ending=end)

        return tell
