"""Who read which evidence: an event wherever somebody from outside the agency opens or takes a file.

Nothing of the assessment is locked for it; reading holds nobody up.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import rights_of
from assessments.models import DocumentVersion, Evidence, FollowUp
from audit.models import Event
from audit.services import record

#: The rest of a download belongs to one that began this long ago at most.
CONTINUED_FOR = timedelta(hours=24)


def note_download(*, evidence: Evidence, user: User, is_rest: bool = False) -> None:
    """Somebody takes the file of a piece of evidence; `is_rest` as in `downloads.serve`.

    The rest of a file is no second download, but only for who began one: asking for all but the first byte
    is a download like any other.
    """
    assessment = evidence.answer.assessment
    if assessment.agency_id in rights_of(user).member_of:
        return
    if is_rest and _known("evidence.download", evidence, user):
        return
    with transaction.atomic():
        record(
            "evidence.download",
            evidence,
            actor=user,
            stream=f"assessment:{assessment.pk}",
            after={"indicator": evidence.answer.indicator.code, **_file(evidence.version)},
        )


def note_view(*, evidence: Evidence, user: User) -> None:
    """Somebody looks at pictures of the evidence: one event a day, however many pages.

    So no page may fetch pictures of evidence that it does not show: the event says that somebody opened it.
    """
    assessment = evidence.answer.assessment
    if assessment.agency_id in rights_of(user).member_of or _viewed(evidence, user):
        return
    with transaction.atomic():
        _take_turn(user)
        if _viewed(evidence, user):
            return
        record(
            "evidence.view",
            evidence,
            actor=user,
            stream=f"assessment:{assessment.pk}",
            after={"indicator": evidence.answer.indicator.code, **_file(evidence.version)},
        )


def note_document_download(*, version: DocumentVersion, user: User, is_rest: bool = False) -> None:
    """Somebody takes a file from the library of an agency that is not theirs."""
    if version.document.agency_id in rights_of(user).member_of:
        return
    if is_rest and _known("document.download", version, user):
        return
    with transaction.atomic():
        record(
            "document.download",
            version,
            actor=user,
            stream=f"library:{version.document.agency_id}",
            after={"document": version.document.title, "version": version.number, **_file(version)},
        )


def note_document_view(*, version: DocumentVersion, user: User) -> None:
    """Somebody looks at pictures in the library of an agency that is not theirs; one event a day."""
    if version.document.agency_id in rights_of(user).member_of or _viewed_document(version, user):
        return
    with transaction.atomic():
        _take_turn(user)
        if _viewed_document(version, user):
            return
        record(
            "document.view",
            version,
            actor=user,
            stream=f"library:{version.document.agency_id}",
            after={"document": version.document.title, "version": version.number, **_file(version)},
        )


def note_proof_download(*, follow_up: FollowUp, user: User, is_rest: bool = False) -> None:
    """Somebody who does not carry it out takes the proof of a follow-up."""
    if follow_up.proof is None or follow_up.agency_id in rights_of(user).operator_of:
        return
    if is_rest and _known("followup.download", follow_up, user):
        return
    with transaction.atomic():
        record("followup.download", follow_up, actor=user, after={"file": follow_up.proof.original_name})


def _file(version: DocumentVersion) -> dict[str, str]:
    return {"file": version.original_name, "sha256": version.sha256}


def _known(action: str, subject: Evidence | DocumentVersion | FollowUp, user: User) -> bool:
    return _events(action, subject, user).filter(at__gte=timezone.now() - CONTINUED_FOR).exists()


def _take_turn(user: User) -> None:
    """Several pictures come at once: the person's row lets one of them say it."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _viewed(evidence: Evidence, user: User) -> bool:
    """Today, of this version: the evidence may point to another one now."""
    found = _events("evidence.view", evidence, user).filter(at__gte=_midnight()).values_list("after", flat=True)
    return any(after.get("sha256") == evidence.version.sha256 for after in found)


def _viewed_document(version: DocumentVersion, user: User) -> bool:
    return _events("document.view", version, user).filter(at__gte=_midnight()).exists()


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def _events(action: str, subject: Evidence | DocumentVersion | FollowUp, user: User) -> QuerySet[Event]:
    return Event.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=str(subject.pk), action=action, actor=user
    )
