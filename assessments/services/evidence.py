"""Evidence of an answer: files, links, documents used again. Frozen with the answer.

A file becomes a document in the agency's library (see `services.library`); the answer points to one version of it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from assessments import previews, uploads
from assessments.errors import Invalid
from assessments.models import (
    Answer,
    DecisionKind,
    Document,
    DocumentVersion,
    Evidence,
    Review,
    Status,
)
from assessments.queries.library import shared_by
from assessments.services import library
from assessments.services._base import Acting, answer_for_edit, locked, refresh_totals
from assessments.services._details import clean_details, clean_url, kind_from, title_of_link
from assessments.services.answers import touch
from assessments.tasks import make_previews

logger = logging.getLogger(__name__)

MAX_PER_ANSWER = 20

FROZEN_DOCUMENT = (
    "Dokumen ini juga menjadi bukti pada isian yang sudah diajukan, jadi judul, nomor, tanggal, dan jenisnya tidak "
    "dapat diubah. Halaman dan level tetap dapat diubah."
)

INHERITED_DOCUMENT = (
    "Dokumen ini diwarisi dari OPD terdahulu, jadi judul, nomor, tanggal, dan jenisnya tidak dapat diubah. Halaman "
    "dan level tetap dapat diubah."
)


@dataclass(frozen=True)
class Added:
    """New evidence; `was_known`: its content was in the agency's library already."""

    evidence: Evidence
    was_known: bool


@dataclass(frozen=True)
class Attached:
    """What came of attaching several documents at once; `known`: how many were attached already."""

    added: list[Evidence]
    replaced: list[Evidence]  # point to a newer version now
    known: int


def add_file(
    *, assessment_id: int, code: str, user: User, file: File, name: str, details: Mapping[str, Any] | None = None
) -> Added:
    """Check, store and attach one uploaded file; queue its preview.

    `details` may hold title, number, date, kind, pages and level; the title defaults to the file's
    name. The assessment is locked only before and after the file is written. Raises
    `Answer.DoesNotExist`, `PermissionDenied`, `WrongState`, `TooLate` and `Invalid` (key "file" or a
    field).
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        _room(answer_for_edit(acting, code))
        agency_id, instrument = acting.assessment.agency_id, acting.assessment.period.instrument
    size = file.size or 0
    checked = uploads.inspect(file, name, size)  # type: ignore[arg-type]
    wanted = {"title": uploads.title_of(checked.name), "kind": kind_from(checked.name)}
    wanted |= {key: value for key, value in (details or {}).items() if value not in (None, "")}
    cleaned = clean_details(wanted, instrument)
    with library.incoming(agency_id, file, checked) as incoming, transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        _room(answer)
        kept = incoming.keep(user=acting.user, now=acting.now, details=cleaned)
        there = Evidence.objects.filter(answer=answer, version=kept.version).first() if kept.is_healed else None
        evidence = there or _attach(acting, answer, kept.version, cleaned)
    return Added(evidence, kept.was_known)


def require_room(*, assessment_id: int, code: str, user: User) -> None:
    """Whether a file could be added to this answer now; raises as `add_file` does."""
    with transaction.atomic():
        _room(answer_for_edit(locked(assessment_id, user), code))


def add_link(
    *, assessment_id: int, code: str, user: User, url: str, details: Mapping[str, Any] | None = None
) -> Evidence:
    """Attach a web address instead of a file; raises as `add_file` does (key "url")."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        _room(answer)
        address = clean_url(url)
        wanted = {"title": title_of_link(address)}
        wanted |= {key: value for key, value in (details or {}).items() if value not in (None, "")}
        cleaned = clean_details(wanted, acting.assessment.period.instrument)
        version = library.keep_link(acting.assessment.agency_id, acting.user, address, cleaned).version
        return _attach(acting, answer, version, cleaned)


def reuse(
    *, assessment_id: int, code: str, user: User, version_id: int, details: Mapping[str, Any] | None = None
) -> Evidence:
    """Point to a document version that is in the agency's library already.

    `details` may hold pages and level. Raises `DocumentVersion.DoesNotExist` for another agency's.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        _room(answer)
        version = _shared_versions(acting).get(pk=version_id)
        return _attach(acting, answer, version, _use(acting, details))


def attach(*, assessment_id: int, code: str, user: User, wanted: Mapping[int, Mapping[str, Any]]) -> Attached:
    """Several documents of the library at once, all or none: `wanted` has pages and level by version id.

    Where the answer has an older version of the same document, that evidence points to this one from now on.
    Raises as `reuse`; what is attached already is passed over.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        # Documents are locked one after the other: in one order for everybody.
        versions = list(_shared_versions(acting).filter(pk__in=wanted).order_by("document_id", "pk"))
        if len(versions) < len(wanted):
            raise DocumentVersion.DoesNotExist
        there: dict[int, Evidence] = {
            each.version.document_id: each
            for each in Evidence.objects.filter(answer=answer).select_related("version").order_by("version__number")
        }
        attached = Attached([], [], sum(_is_there(there, version) for version in versions))
        for version in versions:
            if _is_there(there, version):
                continue
            cleaned = _use(acting, wanted[version.pk])
            older = there.get(version.document_id)
            if older is not None:
                attached.replaced.append(point_to(acting, older, version, cleaned))
            else:
                _room(answer)
                attached.added.append(_attach(acting, answer, version, cleaned, counts=False))
        if attached.added or attached.replaced:
            refresh_totals(acting)
        return attached


def point_to(acting: Acting, evidence: Evidence, version: DocumentVersion, use: Mapping[str, Any]) -> Evidence:
    """Evidence of an answer that may be changed points to another version of its document. Totals are the caller's.

    `use` may hold pages and level; what is empty stays. Raises `Invalid` for a version that is infected.
    """
    _refuse_infected(version)
    before = _pointed(evidence)
    evidence.version = version
    evidence.pages = use.get("pages") or evidence.pages
    evidence.level = evidence.level if use.get("level") is None else use["level"]
    evidence.on_behalf = acting.on_behalf_of is not None
    evidence.save(update_fields=["version", "pages", "level", "on_behalf"])
    touch(acting, evidence.answer)
    acting.record(
        "evidence.version",
        evidence,
        before=before,
        after=_pointed(evidence) | {"indicator": evidence.answer.indicator.code},
        on_behalf_of=acting.on_behalf_of,
    )
    return evidence


def edit(*, assessment_id: int, code: str, user: User, evidence_id: int, details: Mapping[str, Any]) -> Evidence:
    """Change what is said of a piece of evidence: of the document, and of its use here.

    The document's own details are shared by every answer that uses it; they stay as they are while
    one of those is handed in. Raises `Evidence.DoesNotExist`, otherwise as `add_file` does.
    """
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        evidence = Evidence.objects.select_related("version__document").get(pk=evidence_id, answer=answer)
        document = evidence.version.document = _locked_document(evidence.version.document_id)
        before = _values(evidence)
        cleaned = clean_details({**before, **details}, acting.assessment.period.instrument)
        after = {**before, **cleaned}
        if after == before:
            return evidence
        changed = [name for name in library.OF_DOCUMENT if after[name] != before[name]]
        if changed and is_frozen(document):
            raise Invalid({changed[0]: FROZEN_DOCUMENT})
        if changed and document.agency_id != acting.assessment.agency_id:
            raise Invalid({changed[0]: INHERITED_DOCUMENT})
        if changed:
            for name in changed:
                setattr(document, name, after[name])
            if document.valid_until and document.date and document.valid_until < document.date:
                raise Invalid({"date": "Tanggal dokumen tidak boleh sesudah masa berlakunya berakhir."})
            document.version += 1
            document.save(update_fields=[*changed, "version"])
            library.note(
                document,
                acting.user,
                "document.edit",
                before={name: before[name] for name in changed},
                after={name: after[name] for name in changed},
            )
        evidence.pages, evidence.level = after["pages"], after["level"]
        evidence.save(update_fields=["pages", "level"])
        touch(acting, answer)
        acting.record("evidence.edit", evidence, before=before, after=after, on_behalf_of=acting.on_behalf_of)
        refresh_totals(acting)
        return evidence


def remove(*, assessment_id: int, code: str, user: User, evidence_id: int) -> None:
    """Take the evidence from the answer. The document stays in the agency's library."""
    with transaction.atomic():
        acting = locked(assessment_id, user)
        answer = answer_for_edit(acting, code)
        evidence = Evidence.objects.select_related("version__document").get(pk=evidence_id, answer=answer)
        acting.record("evidence.remove", evidence, before=_described(evidence), on_behalf_of=acting.on_behalf_of)
        evidence.delete()
        touch(acting, answer)
        refresh_totals(acting)


def is_frozen(document: Document) -> bool:
    """Whether the document is evidence of an answer that cannot be changed now."""
    open_again = Review.objects.filter(is_current=True, decision=DecisionKind.RETURN).values("answer")
    used = Evidence.objects.filter(version__document=document)
    return used.exclude(
        Q(answer__assessment__status=Status.DRAFT)
        | Q(answer__assessment__status=Status.CANCELLED)
        | Q(answer__assessment__status=Status.RETURNED, answer__in=open_again)
    ).exists()


def requeue_stuck(versions: Iterable[DocumentVersion]) -> None:
    """Ask again for pictures whose task must have been lost, at most once in a while each.

    Nothing is read or written where nothing is stuck; otherwise two queries, however many there are.
    """
    stuck = [version.pk for version in versions if previews.is_stuck(version)]
    if not stuck:
        return
    now = timezone.now()
    # The stamp says which of them are ours: another request may be asking at this moment.
    if not previews.stuck(now).filter(pk__in=stuck).update(queued_at=now):
        return
    for pk in DocumentVersion.objects.filter(pk__in=stuck, queued_at=now).values_list("pk", flat=True):
        try:
            make_previews.delay(pk)
        except (OperationalError, OSError):
            logger.warning("No broker: the previews of document versions %s wait", stuck)
            return


def _room(answer: Answer) -> None:
    if Evidence.objects.filter(answer=answer).count() >= MAX_PER_ANSWER:
        raise Invalid(
            {
                "file": f"Sudah ada {MAX_PER_ANSWER} bukti pada indikator ini, dan itu batasnya. Gabungkan beberapa "
                "berkas menjadi satu PDF atau ZIP, atau hapus yang tidak diperlukan."
            }
        )


def _shared_versions(acting: Acting) -> QuerySet[DocumentVersion]:
    """Versions that the agency may use: its own, and those it inherited."""
    found = DocumentVersion.objects.filter(document__agency_id__in=shared_by([acting.assessment.agency_id]))
    return found.select_related("document")


def _locked_document(document_id: int) -> Document:
    """Its row, locked: nobody edits or removes it while evidence comes to point to it."""
    return Document.objects.select_for_update().get(pk=document_id)


def _use(acting: Acting, details: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is said of the use of a document here: pages and level."""
    wanted = {key: value for key, value in (details or {}).items() if key in ("pages", "level")}
    return clean_details(wanted, acting.assessment.period.instrument)


def _is_there(there: Mapping[int, Evidence], version: DocumentVersion) -> bool:
    held = there.get(version.document_id)
    return held is not None and held.version.number >= version.number


def _refuse_infected(version: DocumentVersion) -> None:
    if version.scan == DocumentVersion.Scan.INFECTED:
        raise Invalid(
            {
                "file": f"Berkas “{version.document.title}” dinyatakan berbahaya oleh pemeriksaan virus, jadi tidak "
                "dapat dilampirkan."
            }
        )


def _attach(
    acting: Acting, answer: Answer, version: DocumentVersion, cleaned: Mapping[str, Any], *, counts: bool = True
) -> Evidence:
    _locked_document(version.document_id)
    _refuse_infected(version)
    if Evidence.objects.filter(answer=answer, version=version).exists():
        raise Invalid(
            {
                "file": f"Berkas yang sama sudah dilampirkan pada indikator ini sebagai “{version.document.title}”. "
                "Tidak perlu diunggah lagi."
            }
        )
    evidence = Evidence.objects.create(
        answer=answer,
        version=version,
        pages=cleaned.get("pages", ""),
        level=cleaned.get("level"),
        added_by=acting.user,
        on_behalf=acting.on_behalf_of is not None,
    )
    touch(acting, answer)
    acting.record("evidence.add", evidence, after=_described(evidence), on_behalf_of=acting.on_behalf_of)
    if counts:
        refresh_totals(acting)
    return evidence


def _pointed(evidence: Evidence) -> dict[str, Any]:
    version = evidence.version
    return {
        "document": version.document_id,
        "version": version.number,
        "file": version.original_name,
        "url": version.url,
        "sha256": version.sha256,
        "pages": evidence.pages,
        "level": evidence.level,
    }


def _values(evidence: Evidence) -> dict[str, Any]:
    document = evidence.version.document
    return {
        **{name: getattr(document, name) for name in library.OF_DOCUMENT},
        "pages": evidence.pages,
        "level": evidence.level,
    }


def _described(evidence: Evidence) -> dict[str, Any]:
    version = evidence.version
    return {
        "indicator": evidence.answer.indicator.code,
        **_values(evidence),
        "document": version.document_id,
        "version": version.number,
        "file": version.original_name,
        "url": version.url,
        "sha256": version.sha256,
    }
