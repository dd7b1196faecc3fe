from django.core.management.base import BaseCommand, CommandError

from indicators.mapping_data import load_mappings
from indicators.models import Instrument
from indicators.parts import BrokenFixture, read_parts, shipped_files, stored_parts
from indicators.services import InstrumentNotReady, add_instrument, differences

SHOWN = 10


class Command(BaseCommand):
    help = "Add the shipped instruments (fixtures/) that are absent; what differs is named, never touched."

    def add_arguments(self, parser):
        parser.add_argument("--strict", action="store_true", help="exit with status 1 where something differs")

    def handle(self, *args, **options):
        stored = {instrument.code: instrument for instrument in Instrument.objects.all()}
        differs = False
        for code, path in shipped_files().items():
            try:
                shipped = read_parts(path)
                if code not in stored:
                    if add_instrument(shipped) is not None:
                        self.stdout.write(f"Instrumen {code} ditambahkan.")
                    continue
            except (BrokenFixture, InstrumentNotReady) as error:
                raise CommandError(str(error)) from error
            found = differences(stored_parts(stored[code]), shipped)
            if found:
                differs = True
                self.stderr.write(f"Instrumen {code} berbeda dari {path.name}; tidak diubah:")
                for line in found[:SHOWN]:
                    self.stderr.write(f"  {line}")
                if len(found) > SHOWN:
                    self.stderr.write(f"  dan {len(found) - SHOWN} perbedaan lain")
        try:
            loaded = load_mappings()
        except BrokenFixture as error:
            raise CommandError(str(error)) from error
        if loaded.added:
            self.stdout.write(f"{loaded.added} pemetaan indikator ditambahkan.")
        if loaded.different:
            differs = True
            self.stderr.write("Pemetaan indikator berbeda dari berkasnya; tidak diubah:")
            for line in loaded.different[:SHOWN]:
                self.stderr.write(f"  {line}")
            if len(loaded.different) > SHOWN:
                self.stderr.write(f"  dan {len(loaded.different) - SHOWN} perbedaan lain")
        if differs and options["strict"]:
            raise CommandError("Ada instrumen yang berbeda dari berkasnya.")
