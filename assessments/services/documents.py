"""Acts on the documents of an agency's library: adding, describing, new versions, removing.

Documents belong to no assessment, so their events are in the stream "library:<agency>". What points to a document in
an assessment (evidence) changes under that assessment's lock. Locks are taken in one order everywhere: assessments by
id, then the document.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments import permissions, uploads
from assessments.errors import Invalid, Refused, Stale, WrongState
from assessments.models import Assessment, Document, DocumentVersion, Evidence, FollowUp, PagePreview
from assessments.queries.library import heirs_of
from assessments.services import library
from assessments.services._base import answer_for_edit, locked, refresh_totals, require
from assessments.services._details import clean_details, clean_url, kind_from, title_of_link
from assessments.services.answers import clean_text
from assessments.services.evidence import is_frozen, point_to
from audit.models import Event
from spbe_portal.stale import CHANGED

logger = logging.getLogger(__name__)

CHANGE_MAX = 300  # characters that say what changed

FROZEN = (
    "Dokumen ini menjadi bukti pada isian yang sudah diajukan, jadi keterangannya tidak dapat diubah. Bila dokumennya "
    "berubah, unggah versi baru."
)
USED = (
    "Dokumen ini dipakai, atau pernah dipakai, sebagai bukti. Karena itu dokumennya tetap disimpan dan tidak dapat "
    "dihapus."
)


@dataclass(frozen=True)
class NewVersion:
    """A version that was added, the evidence that points to it now, and why other evidence does not."""

    version: DocumentVersion
    moved: list[Evidence]
    kept: list[str]


# --- Adding ------------------------------------------------------------------------------------------


def add_file(
    *, agency_id: int, user: User, file: File, name: str, details: Mapping[str, Any] | None = None
) -> library.Kept:
    """Keep a file in the agency's library; what is there already is given instead of being stored twice.

    `details` may hold title, number, date, validity and kind. Raises `PermissionDenied` and `Invalid` (key "file"
    or a field).
    """
    require(permissions.can_keep_library(rights_of(user), agency_id))
    checked = uploads.inspect(file, name, file.size or 0)  # type: ignore[arg-type]
    wanted = {"title": uploads.title_of(checked.name), "kind": kind_from(checked.name)}
    cleaned = clean_details(wanted | _given(details))
    with library.incoming(agency_id, file, checked) as incoming, transaction.atomic():
        return incoming.keep(user=user, now=timezone.now(), details=cleaned)


def add_link(*, agency_id: int, user: User, url: str, details: Mapping[str, Any] | None = None) -> library.Kept:
    """Keep a web address in the agency's library; as `add_file` (key "url")."""
    require(permissions.can_keep_library(rights_of(user), agency_id))
    address = clean_url(url)
    cleaned = clean_details({"title": title_of_link(address)} | _given(details))
    with transaction.atomic():
        return library.keep_link(agency_id, user, address, cleaned)


# --- Describing --------------------------------------------------------------------------------------


def edit_document(*, document_id: int, user: User, details: Mapping[str, Any], version: int) -> Document:
    """Change what is said of a document (names as in `library.DETAILS`).

    Every answer that uses it shows the same, so nothing changes while one of them is handed in. Saving what is
    stored already changes nothing. Raises `PermissionDenied`, `WrongState`, `Invalid`, `Stale`.
    """
    with transaction.atomic():
        document = _locked_with_its_users(document_id)
        require(permissions.can_keep_library(rights_of(user), document.agency_id))
        before = library.details_of(document)
        after = before | clean_details(before | dict(details))
        if after == before:
            return document
        if document.version != version:
            raise Stale(CHANGED, document)
        if is_frozen(document):
            raise WrongState(FROZEN)
        for name, value in after.items():
            setattr(document, name, value)
        document.version += 1
        document.save(update_fields=[*library.DETAILS, "version"])
        library.note(document, user, "document.edit", before=before, after=after)
        return document


# --- Versions ----------------------------------------------------------------------------------------


def add_file_version(
    *, document_id: int, user: User, file: File, name: str, change: str = "", evidence_ids: Iterable[int] = ()
) -> NewVersion:
    """A new state of a document; the evidence named points to it from now on, where it can be changed.

    What cannot be changed (any more) keeps the old version; old versions stay. Raises `PermissionDenied`,
    `Evidence.DoesNotExist`, `Invalid` (keys "file", "change") and `library.AlreadyThere`.
    """
    agency_id = Document.objects.values_list("agency_id", flat=True).get(pk=document_id)
    require(permissions.can_keep_library(rights_of(user), agency_id))
    said = _change(change)
    checked = uploads.inspect(file, name, file.size or 0)  # type: ignore[arg-type]
    with library.incoming(agency_id, file, checked) as incoming, transaction.atomic():
        acting = _Moving(document_id, user, evidence_ids)
        return acting.to(incoming.keep_as_next(acting.document, user=user, change=said))


def add_link_version(
    *, document_id: int, user: User, url: str, change: str = "", evidence_ids: Iterable[int] = ()
) -> NewVersion:
    """The same with a web address (key "url")."""
    agency_id = Document.objects.values_list("agency_id", flat=True).get(pk=document_id)
    require(permissions.can_keep_library(rights_of(user), agency_id))
    said, address = _change(change), clean_url(url)
    with transaction.atomic():
        acting = _Moving(document_id, user, evidence_ids)
        known = library.known_link(agency_id, address)
        if known is not None:
            raise library.already_there(known, acting.document, "url")
        made = DocumentVersion.objects.create(
            document=acting.document,
            number=library.next_number(acting.document),
            url=address,
            change=said,
            uploaded_by=user,
        )
        return acting.to(made)


def use_newest(*, document_id: int, user: User, evidence_ids: Iterable[int]) -> NewVersion:
    """Point the evidence named to the newest version there is. Raises as `add_file_version`."""
    with transaction.atomic():
        acting = _Moving(document_id, user, evidence_ids)
        newest = acting.document.versions.order_by("-number")[0]
        newest.document = acting.document
        return acting.to(newest, is_new=False)


class _Moving:
    """Evidence of one document on its way to another of its versions: everything locked, nothing written yet."""

    def __init__(self, document_id: int, user: User, evidence_ids: Iterable[int]):
        wanted = set(evidence_ids)
        found = list(
            Evidence.objects.filter(pk__in=wanted, version__document_id=document_id)
            .select_related("version", "answer__indicator", "answer__assessment")
            .order_by("answer__assessment_id", "pk")
        )
        if len(found) < len(wanted):
            raise Evidence.DoesNotExist
        rights = rights_of(user)
        require(all(permissions.may_write(rights, each.answer.assessment) for each in found))
        self.user = user
        self.chosen = found
        self.acting = {pk: locked(pk, user) for pk in sorted({each.answer.assessment_id for each in found})}
        library.one_at_a_time(Document.objects.values_list("agency_id", flat=True).get(pk=document_id))
        self.document = _locked(document_id)

    def to(self, version: DocumentVersion, *, is_new: bool = True) -> NewVersion:
        if is_new:
            library.note(self.document, self.user, "document.version", after=library.described(version))
        moved: list[Evidence] = []
        kept: list[str] = []
        for evidence in self.chosen:
            try:
                if self._move(evidence, version):
                    moved.append(evidence)
            except Refused as refusal:
                kept.append(f"Indikator {evidence.answer.indicator.code}: {refusal.message}")
        for pk in sorted({each.answer.assessment_id for each in moved}):
            refresh_totals(self.acting[pk])
        return NewVersion(version, moved, kept)

    def _move(self, evidence: Evidence, version: DocumentVersion) -> bool:
        acting = self.acting[evidence.answer.assessment_id]
        answer = answer_for_edit(acting, evidence.answer.indicator.code)
        # Read again under the lock: somebody may have removed or moved it meanwhile.
        before = Evidence.objects.filter(pk=evidence.pk).select_related("version").first()
        if before is None or before.version_id == version.pk:
            return False
        before.answer = answer
        if Evidence.objects.filter(answer=answer, version=version).exists():
            raise WrongState(f"versi {version.number} sudah dilampirkan.")
        point_to(acting, before, version, {})
        return True


# --- Removing ----------------------------------------------------------------------------------------


def was_used(document: Document) -> bool:
    """Whether it is evidence or proof of anything, or ever was: such a document is never removed."""
    versions = document.versions.all()
    if Evidence.objects.filter(version__in=versions).exists() or FollowUp.objects.filter(proof__in=versions).exists():
        return True
    agencies = heirs_of(document.agency_id)
    assessments = Assessment.objects.filter(agency_id__in=agencies).values_list("pk", flat=True)
    follow_ups = FollowUp.objects.filter(agency_id__in=agencies).values_list("pk", flat=True)
    streams = [*(f"assessment:{pk}" for pk in assessments), *(f"followup:{pk}" for pk in follow_ups)]
    held = Q(after__document=document.pk) | Q(after__proof__in=list(versions.values_list("pk", flat=True)))
    return Event.objects.filter(held, stream__in=streams).exists()


def remove_document(*, document_id: int, user: User) -> None:
    """Take a document that was never used out of the library, with its files; what it was stays in the events.

    Raises `PermissionDenied`, `WrongState`.
    """
    with transaction.atomic():
        document = _locked(document_id)
        require(permissions.can_keep_library(rights_of(user), document.agency_id))
        if was_used(document):
            raise WrongState(USED)
        # Locked before the library's chain: the verdict of a virus scan takes them in this order too.
        versions = list(document.versions.select_for_update().order_by("number"))
        names = [version.original_name or version.url for version in versions]
        before = {**library.details_of(document), "versions": names}
        before["sha256"] = [version.sha256 for version in versions]
        library.note(document, user, "document.remove", before=before)
        pictures = PagePreview.objects.filter(version__in=versions)
        names = [str(name) for name in pictures.values_list("file", flat=True)]
        names += _only_here(versions)
        document.versions.all().delete()
        document.delete()
        transaction.on_commit(lambda: _delete_files(names), robust=True)


def _only_here(versions: Sequence[DocumentVersion]) -> list[str]:
    """Names of files that no other document's version points to."""
    names = {str(version.file.name) for version in versions if version.file}
    shared = DocumentVersion.objects.filter(file__in=names).exclude(pk__in=[version.pk for version in versions])
    return sorted(names - set(shared.values_list("file", flat=True)))


def _delete_files(names: Sequence[str]) -> None:
    for name in names:
        try:
            default_storage.delete(name)
        except OSError:
            logger.warning("The file %s of a removed document could not be deleted", name)


# --- Shared ------------------------------------------------------------------------------------------


def _locked(document_id: int) -> Document:
    return Document.objects.select_for_update(of=("self",)).select_related("agency").get(pk=document_id)


def _locked_with_its_users(document_id: int) -> Document:
    """The document, and before it the assessments that use it, so that none is handed in meanwhile."""
    using = Assessment.objects.filter(answers__evidence__version__document_id=document_id).order_by("pk")
    held = set(
        Assessment.objects.select_for_update()
        .filter(pk__in=list(using.values_list("pk", flat=True).distinct()))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    document = _locked(document_id)
    if not set(using.values_list("pk", flat=True)) <= held:
        raise WrongState("Dokumen ini baru saja dilampirkan di tempat lain. Simpan sekali lagi.")
    return document


def _given(details: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (details or {}).items() if value not in (None, "")}


def _change(text: str) -> str:
    try:
        said = " ".join(clean_text(text, 2_000).split())
    except Invalid as refusal:
        raise Invalid({"change": refusal.errors["text"]}) from None
    if len(said) > CHANGE_MAX:
        raise Invalid({"change": f"Terlalu panjang: {len(said)} karakter, paling banyak {CHANGE_MAX}."})
    return said
