"""script/manage verify_chain: is the audit trail whole, and if not, where not?"""

import json
import time
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction

from audit.models import Anchor, Chain, Event
from audit.verification import Problem, Verdict, keep, verify, verify_stream
from spbe_portal.formatting import date_id


class Command(BaseCommand):
    help = (
        "Memeriksa jejak audit: kejadian yang diubah, dihapus, disisipkan, dipindahkan atau dipotong. "
        "Keluar dengan status 1 bila ada yang tidak sesuai."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", default="", help="satu rantai saja, misalnya assessment:12")
        parser.add_argument("--anchor", default="", help="sidik jangkar (paling sedikit 12 huruf) yang harus ada")
        parser.add_argument("--head", default="", help="kepala rantai yang tercetak: RANTAI:NOMOR:SIDIK")
        parser.add_argument("--json", action="store_true", help="hasil sebagai JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        verdict = _stream(options["stream"]) if options["stream"] else self._whole()
        if options["anchor"]:
            verdict = _with_anchor(verdict, options["anchor"])
        if options["head"]:
            verdict = _with_head(verdict, options["head"])
        seconds = round(time.monotonic() - began, 2)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(verdict, seconds), ensure_ascii=False))
        else:
            self._tell(verdict, seconds)
        if verdict.problems:
            raise SystemExit(1)

    def _whole(self) -> Verdict:
        """Everything, noted: the portal tells what the last reading found. A copy that is only read notes nothing."""
        verdict = verify()
        try:
            with transaction.atomic():
                keep(verdict)
        except DatabaseError:
            self.stderr.write("Hasil pemeriksaan ini tidak dapat dicatat di basis data.")
        return verdict

    def _tell(self, verdict: Verdict, seconds: float) -> None:
        for problem in verdict.problems:
            self.stdout.write(self.style.ERROR(str(problem)))
        if verdict.problems:
            self.stdout.write(f"Jejak audit TIDAK utuh: {len(verdict.problems)} masalah.")
            broken = {problem.stream for problem in verdict.problems if problem.position == 1}
            if verdict.streams and len(broken) == verdict.streams:
                self.stdout.write("Semua rantai gagal sejak nomor 1: mungkin AUDIT_KEY bukan kunci yang semestinya.")
        else:
            self.stdout.write("Jejak audit utuh.")
        self.stdout.write(
            f"{verdict.events} kejadian, {verdict.streams} rantai, {verdict.anchors} jangkar diperiksa "
            f"dalam {seconds} detik."
        )


def _stream(name: str) -> Verdict:
    if not (Chain.objects.filter(pk=name).exists() or Event.objects.filter(stream=name).exists()):
        # Not an exit in peace: a stream that was removed whole has no rows either.
        raise CommandError(f"Rantai {name} tidak ada. Jalankan tanpa --stream untuk memeriksa semuanya.")
    state = verify_stream(name)
    return Verdict(state.count, 1, 0, tuple(state.problems))


def _with_anchor(verdict: Verdict, printed: str) -> Verdict:
    digest = _digest(printed, "--anchor")
    if Anchor.objects.filter(digest__startswith=digest).exists():
        return verdict
    newest = Anchor.objects.order_by("-day").first()
    until = f"jangkar terbaru {date_id(newest.day)}" if newest else "belum ada jangkar"
    return _and(verdict, Problem("anchor", f"Jangkar {digest} tidak ada ({until}): dihapus atau diganti."))


def _with_head(verdict: Verdict, printed: str) -> Verdict:
    stream, _, rest = printed.strip().rpartition(":")
    stream, _, number = stream.rpartition(":")
    digest = _digest(rest, "--head")
    if not stream or not number.isdecimal():
        raise CommandError("--head: tulis RANTAI:NOMOR:SIDIK, misalnya assessment:12:340:9f86d081884c7d65.")
    position = int(number)
    if Event.objects.filter(stream=stream, position=position, digest__startswith=digest).exists():
        return verdict
    text = f"kejadian nomor {position} bukan yang tercetak ({digest}): diubah, diganti atau dihapus."
    return _and(verdict, Problem("anchor", text, stream, position))


def _digest(printed: str, option: str) -> str:
    digest = "".join(printed.split()).lower()
    if len(digest) < 12:
        raise CommandError(f"{option}: tulis paling sedikit 12 huruf pertama dari sidiknya.")
    return digest


def _and(verdict: Verdict, problem: Problem) -> Verdict:
    return replace(verdict, problems=(*verdict.problems, problem))


def _as_json(verdict: Verdict, seconds: float) -> dict[str, Any]:
    return {
        "whole": not verdict.problems,
        "events": verdict.events,
        "streams": verdict.streams,
        "anchors": verdict.anchors,
        "seconds": seconds,
        "problems": [vars(problem) for problem in verdict.problems],
    }
