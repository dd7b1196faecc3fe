"""`manage.py seed_demo`: the demo city, once, into a database without people."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Value
from django.db.models.functions import Concat

from accounts.models import User
from assessments.models import Assessment
from audit.anchors import make_anchor
from audit.verification import keep, verify
from reports.services import request_agency_report
from spbe_portal.demo.city import PAST_YEARS
from spbe_portal.demo.seed import PASSWORD, Seeder

ACCOUNTS = (
    ("operator-dinkes", "mengisi dan mengajukan penilaian Dinas Kesehatan (operator-<kode OPD> untuk OPD lain)"),
    ("verifikator", "memverifikasi; anggota Diskominfo"),
    ("verifikator2", "memverifikasi; anggota Inspektorat"),
    ("koordinator", "membuka, memantau, dan memfinalkan periode; mengelola OPD dan pengguna"),
    ("pimpinan", "membaca hasil dan mengunduh laporan PDF"),
    ("admin", "mengelola akun dan instrumen"),
)


class Command(BaseCommand):
    help = "Isi basis data kosong dengan kota peragaan."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print-accounts", action="store_true", help="tampilkan akun peragaan")

    def handle(self, *args: Any, **options: Any) -> None:
        if not User.objects.exists():
            Seeder().run()
            # After the story: nobody is written to about what is past. What happens from now on goes to the console,
            # but for the leader's reports below.
            reached = User.objects.exclude(username="pimpinan")
            reached.update(email=Concat("username", Value("@kota-arunika.example")))
            make_anchor()
            keep(verify())
            # The worker makes these as soon as it runs.
            leader = User.objects.get(username="pimpinan")
            for assessment in Assessment.objects.filter(
                period__year__in=PAST_YEARS, agency__slug__in=["dinkes", "diskominfo", "bappeda"]
            ).order_by("-period__year", "agency__slug"):
                request_agency_report(assessment.pk, leader)
        elif not User.objects.filter(username="operator-dinkes").exists() or not Assessment.objects.exists():
            raise CommandError(
                "Basis data ini sudah berisi pengguna lain, jadi kota peragaan tidak dibuat. "
                "Pakai VAR_DIR atau DATABASE_URL lain untuk peragaan."
            )
        if options["print_accounts"]:
            self.stdout.write(f"Akun peragaan (kata sandi semuanya: {PASSWORD})")
            for username, purpose in ACCOUNTS:
                self.stdout.write(f"  {username:<16} {purpose}")
