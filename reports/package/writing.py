"""Making the package in the worker: streamed to disk, a block of a file in memory at a time.

Every entry of the ZIP is stored as it is (the evidence is compressed already) and bears the same date, so that the
same data gives the same bytes. The row is told how far it is as the bytes go by; where it was stopped or given to
another worker meanwhile, the work ends there.
"""

import hashlib
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from reports import asking
from reports.holding import beat, store
from reports.models import ReportJob
from reports.package.index import Made, text_to_paste, write_index
from reports.package.plan import Item, PlannedFile
from reports.queries.package import Sources, sources

log = logging.getLogger(__name__)

BLOCK = 1 << 20
#: Bytes between two signs of life, and how far reading and packing take the progress; the rest is storing.
BEAT_AFTER = 32 << 20
READ, PACKED = 10, 85
TRIES = 3


class Stopped(Exception):
    """Somebody stopped the job, or another worker has it."""


def make(job: ReportJob) -> None:
    """Make the package of a claimed job and store it. A file that goes while it is packed begins it anew, without."""
    _clear_earlier(job)
    try:
        for _ in range(TRIES):
            rows = _read(job)
            with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as out, suppress(FileNotFoundError):
                _write(job, rows, out)
                _store(job, rows, out)
                return
            log.warning("A file of package %s went while it was packed", job.code)
        raise FileNotFoundError(f"files of package {job.code} go faster than they are packed")
    except Stopped:
        return


def _read(job: ReportJob) -> Sources:
    """What it is made of; read again where that changed while it was read."""
    for _ in range(TRIES):
        rows = sources(job.period_id)
        if sources(job.period_id).key == rows.key:
            break
    return rows


class _Pulse:
    """Tells the row how many of all bytes have gone by. Raises `Stopped`."""

    def __init__(self, job: ReportJob, total: int, start: int, end: int, step: str):
        self._job, self._total = job, max(total, 1)
        self._start, self._end, self.step = start, end, step
        self._done = self._told = 0

    def went(self, number: int) -> None:
        self._done += number
        if self._done - self._told >= BEAT_AFTER:
            self.tell()

    def tell(self) -> None:
        self._told = self._done
        share = min(self._done / self._total, 1)
        if not beat(self._job, self._start + int((self._end - self._start) * share), self.step):
            raise Stopped


def _write(job: ReportJob, rows: Sources, out: IO[bytes]) -> None:
    pulse = _Pulse(job, rows.size, READ, PACKED, "Menyusun berkas")
    made: dict[str, Made] = {}
    damaged: list[tuple[Item, str]] = []
    sums: list[tuple[str, str]] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, item in enumerate(rows.items):
            pulse.step = f"{number} dari {len(rows.items)} indikator"
            pulse.tell()
            for file in item.files:
                made[file.name], changed = _pack(archive, file, pulse)
                sums.append((made[file.name].sha256, f"berkas/{file.name}"))
                damaged += [(item, title) for title in changed]
        papers = {f"teks/{item.text_name}": text_to_paste(item) for item in rows.items}
        papers["indeks.xlsx"] = write_index(rows, made, damaged)
        for name, content in papers.items():
            archive.writestr(_entry(name), content)
            sums.append((hashlib.sha256(content).hexdigest(), name))
        lines = "".join(f"{digest}  {name}\n" for digest, name in sums)
        archive.writestr(_entry("SHA256SUMS"), lines.encode())


def _entry(name: str, size: int = 0) -> zipfile.ZipInfo:
    """An entry without anything of when or where it was made."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_STORED, 3, 0o644 << 16
    entry.file_size = size
    return entry


def _pack(archive: zipfile.ZipFile, file: PlannedFile, pulse: _Pulse) -> tuple[Made, list[str]]:
    """One file of the package; its size and digest, and the titles of what is not what was uploaded."""
    with archive.open(_entry(f"berkas/{file.name}", file.size), "w") as target:
        if file.is_plain:
            piece = file.inside[0].piece
            size, digest = _copy(piece.file, target, pulse)
            return Made(size, digest), [] if digest == piece.sha256 else [piece.title]
        # Made apart: a ZIP within a ZIP has to be sought in, to say its sizes in front.
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as inner:
            changed = []
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as own:
                for one in file.inside:
                    with own.open(_entry(one.name, one.piece.size), "w") as part:
                        _, digest = _copy(one.piece.file, part, pulse)
                    if digest != one.piece.sha256:
                        changed.append(one.piece.title)
            inner.seek(0)
            counted = _Counted(target)
            shutil.copyfileobj(inner, counted, BLOCK)
            return Made(counted.size, counted.digest.hexdigest()), changed


class _Counted:
    """A target that counts and digests what goes through it."""

    def __init__(self, target: IO[bytes]):
        self._target, self.size, self.digest = target, 0, hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.size += len(block)
        self.digest.update(block)
        return self._target.write(block)


def _copy(name: str, target: IO[bytes], pulse: _Pulse) -> tuple[int, str]:
    """A stored file into `target`, block by block; its size and digest. Raises `FileNotFoundError`."""
    counted = _Counted(target)
    with default_storage.open(name, "rb") as source:
        while block := source.read(BLOCK):
            counted.write(block)
            pulse.went(len(block))
    return counted.size, counted.digest.hexdigest()


class _Told(File):
    """A file on its way into the storage: as its blocks go by, the row is told."""

    def __init__(self, file: IO[bytes], size: int, pulse: _Pulse):
        super().__init__(file, "paket.zip")
        self.size, self._pulse = size, pulse

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.seek(0)
        while block := self.read(BLOCK):
            self._pulse.went(len(block))
            yield block


def _store(job: ReportJob, rows: Sources, out: IO[bytes]) -> None:
    size = out.seek(0, 2)
    pulse = _Pulse(job, 2 * size, PACKED, 99, "Menyimpan paket")
    pulse.tell()
    digest = hashlib.sha256()
    out.seek(0)
    while block := out.read(BLOCK):
        digest.update(block)
        pulse.went(len(block))
    facts: dict[str, Any] = {
        "size": size,
        "pages": 0,
        "sha256": digest.hexdigest(),
        "is_draft": rows.is_draft,
        "result_revision": rows.revision,
        "shown_index": f"{len(rows.items)} indikator, {rows.files} berkas, {rows.gaps} kekurangan",
    }
    try:
        store(job, _Told(out, size, pulse), facts, key=asking.key_of(rows.key, job.format))
    except Stopped:
        _clear(job, job.attempts)
        raise


def _clear_earlier(job: ReportJob) -> None:
    """Half a file that a worker left when it died while storing."""
    for attempt in range(1, job.attempts):
        _clear(job, attempt)


def _clear(job: ReportJob, attempt: int) -> None:
    name = f"reports/{job.period.year}/{job.pk}-{attempt}.{job.format}"
    if default_storage.exists(name):
        default_storage.delete(name)
