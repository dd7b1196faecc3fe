"""An agency's library on screen: whose documents they are, the list, what may be attached. (One: `documents`.)"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Agency
from accounts.permissions import Rights
from assessments.models import (
    Answer,
    Document,
    DocumentVersion,
    Evidence,
    FollowUp,
)
from spbe_portal.formatting import date_id

PER_PAGE = 25
PICKER_PER_PAGE = 10
SOON_DAYS = 60

ALL, VALID, SOON, EXPIRED, UNUSED, FILES, LINKS = "", "berlaku", "segera", "habis", "belum-dipakai", "berkas", "tautan"
STATES = {
    ALL: "Semua",
    EXPIRED: "Habis masa berlaku",
    SOON: f"Habis dalam {SOON_DAYS} hari",
    VALID: "Masih berlaku",
    UNUSED: "Belum dipakai",
    FILES: "Berkas",
    LINKS: "Tautan",
}
NEWEST, TITLE, DATE, MOST_USED = "", "judul", "tanggal", "dipakai"
ORDERS = {
    NEWEST: "Terbaru diunggah",
    TITLE: "Judul",
    DATE: "Tanggal dokumen",
    MOST_USED: "Paling banyak dipakai",
}


# --- Whose documents -----------------------------------------------------------------------------------


def shared_by(agency_ids: Iterable[int]) -> frozenset[int]:
    """These agencies and all those that they succeeded: a successor inherits the documents. One query."""
    return frozenset().union(*shared_by_each(agency_ids).values())


def shared_by_each(agency_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """`shared_by` of each of these agencies by itself. One query."""
    before: dict[int, list[int]] = {}
    for ended, successor in _successions():
        before.setdefault(successor, []).append(ended)
    return {agency_id: _with_ended(agency_id, before) for agency_id in agency_ids}


def _with_ended(agency_id: int, before: Mapping[int, list[int]]) -> frozenset[int]:
    found, waiting = {agency_id}, [agency_id]
    while waiting:
        for ended in before.get(waiting.pop(), ()):
            if ended not in found:
                found.add(ended)
                waiting.append(ended)
    return frozenset(found)


def heirs_of(agency_id: int) -> frozenset[int]:
    """The agency and all that came after it: who may use its documents. One query."""
    following = dict(_successions())
    found: set[int] = set()
    current: int | None = agency_id
    while current is not None and current not in found:
        found.add(current)
        current = following.get(current)
    return frozenset(found)


def _successions() -> list[tuple[int, int]]:
    """Ended agency, the one that took over."""
    return list(Agency.objects.filter(successor__isnull=False).order_by().values_list("pk", "successor_id"))  # type: ignore[arg-type]


def visible(rights: Rights) -> QuerySet[Document]:
    """Documents that this person may know of (`permissions.can_see_library`, and what their agency inherited)."""
    if rights.is_coordinator:
        return Document.objects.all()
    if not rights.operator_of:
        return Document.objects.none()
    return Document.objects.filter(agency_id__in=shared_by(rights.operator_of))


def agencies_of(rights: Rights) -> list[Agency]:
    """Whose library this person may choose. One query."""
    found = Agency.objects.order_by("name")
    return list(found if rights.is_coordinator else found.filter(pk__in=rights.operator_of))


# --- Rows ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Validity:
    """Until when a document is valid, in words; `kind` as the states of screens have it."""

    text: str
    kind: str  # "", "warn" or "danger"

    @property
    def is_expired(self) -> bool:
        return self.kind == "danger"


def validity_of(document: Document, today: date) -> Validity:
    """ "Habis masa berlaku 3 Mei 2025", "Berlaku sampai 3 Mei 2027"; nothing where none is stated."""
    until = document.valid_until
    if until is None:
        return Validity("", "")
    if until < today:
        return Validity(f"Habis masa berlaku {date_id(until)}", "danger")
    return Validity(f"Berlaku sampai {date_id(until)}", "warn" if until <= today + timedelta(days=SOON_DAYS) else "")


@dataclass(frozen=True)
class DocumentRow:
    """A document in a list with its newest version and how much it is used."""

    document: Document
    newest: DocumentVersion
    validity: Validity
    answers: int
    periods: int
    follow_ups: int
    is_inherited: bool
    attached: int = 0  # in a picker: the number of the version that the answer has; 0: none
    is_known_here: bool = False  # in a picker: served this indicator before

    @property
    def is_behind(self) -> bool:
        """The answer has an older version than there is."""
        return 0 < self.attached < self.newest.number


def rows_of(
    documents: list[Document], agency_id: int | None = None, attached: Mapping[int, int] | None = None
) -> list[DocumentRow]:
    """Documents with what stands beside them in a list of this agency's. Three queries, however many documents."""
    today = timezone.localdate()
    newest: dict[int, DocumentVersion] = {}
    for version in DocumentVersion.objects.filter(document__in=documents).order_by("document", "number"):
        newest[version.document_id] = version
    uses = {
        row["version__document"]: (row["answers"], row["periods"])
        for row in Evidence.objects.filter(version__document__in=documents)
        .order_by()
        .values("version__document")
        .annotate(answers=Count("answer", distinct=True), periods=Count("answer__assessment__period", distinct=True))
    }
    proofs = dict(
        FollowUp.objects.filter(proof__document__in=documents)
        .order_by()
        .values_list("proof__document")
        .annotate(Count("pk"))
    )
    return [
        DocumentRow(
            document=document,
            newest=newest[document.pk],
            validity=validity_of(document, today),
            answers=uses.get(document.pk, (0, 0))[0],
            periods=uses.get(document.pk, (0, 0))[1],
            follow_ups=proofs.get(document.pk, 0),
            is_inherited=agency_id is not None and document.agency_id != agency_id,
            attached=(attached or {}).get(document.pk, 0),
            is_known_here=getattr(document, "is_known_here", False),
        )
        for document in documents
        if document.pk in newest
    ]


# --- The list ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LibraryFilter:
    """What is asked for; empty fields do not narrow. `state` is a key of `STATES`, `order` of `ORDERS`."""

    text: str = ""
    state: str = ALL
    kind: str = ""
    order: str = NEWEST


@dataclass(frozen=True)
class LibraryList:
    page: Page
    rows: list[DocumentRow]
    states: list[tuple[str, str, int]]  # value, title, how many
    kinds: list[tuple[str, str, int]]
    total: int  # in this library at all


def library_list(agency_id: int, wanted: LibraryFilter, page_number: str | int | None = 1) -> LibraryList:
    """A page of the agency's library, what it inherited included. Seven queries; one more when searched."""
    everything = Document.objects.filter(agency_id__in=shared_by([agency_id]))
    found = _marked(containing(everything, wanted.text))
    conditions = _conditions(timezone.localdate())
    of_kind = found.filter(kind=wanted.kind) if wanted.kind else found
    counts = of_kind.order_by().aggregate(
        **{f"n{at}": Count("pk", filter=condition) for at, condition in enumerate(conditions.values())},
    )
    numbers = {state: counts[f"n{at}"] for at, state in enumerate(conditions)}
    in_state = found.filter(conditions[wanted.state])
    kinds = dict(in_state.order_by().values_list("kind").annotate(Count("pk")))
    labels = dict(Document.Kind.choices)
    rows = _ordered(of_kind.filter(conditions[wanted.state]), wanted.order).select_related("agency")
    paginator = Paginator(rows, PER_PAGE)
    paginator.count = numbers[wanted.state]
    page = paginator.get_page(page_number)
    return LibraryList(
        page,
        rows_of(list(page), agency_id),
        [(state, title, numbers[state]) for state, title in STATES.items()],
        sorted(((kind, str(labels[kind]), count) for kind, count in kinds.items()), key=lambda row: (-row[2], row[1])),
        numbers[ALL] if not (wanted.text or wanted.kind) else everything.count(),
    )


def containing(found: QuerySet[Document], text: str) -> QuerySet[Document]:
    """Those whose title, number, file name or address contains the text, in any case."""
    if not text:
        return found
    versions = DocumentVersion.objects.filter(document=OuterRef("pk"))
    named = versions.filter(Q(original_name__icontains=text) | Q(url__icontains=text))
    return found.filter(Q(title__icontains=text) | Q(number__icontains=text) | Exists(named))


def in_state(found: QuerySet[Document], state: str) -> QuerySet[Document]:
    """Those of one of `STATES` today."""
    return _marked(found).filter(_conditions(timezone.localdate())[state])


def newest_first(found: QuerySet[Document]) -> QuerySet[Document]:
    return _ordered(found, NEWEST)


def _marked(found: QuerySet[Document]) -> QuerySet[Document]:
    return found.annotate(
        has_file=Exists(DocumentVersion.objects.filter(document=OuterRef("pk")).exclude(file="")),
        is_used=Exists(Evidence.objects.filter(version__document=OuterRef("pk")))
        | Exists(FollowUp.objects.filter(proof__document=OuterRef("pk"))),
    )


def _conditions(today: date) -> dict[str, Q]:
    """Of documents annotated by `_marked`; in the order of `STATES`."""
    soon = today + timedelta(days=SOON_DAYS)
    return {
        ALL: Q(),
        EXPIRED: Q(valid_until__lt=today),
        SOON: Q(valid_until__gte=today, valid_until__lte=soon),
        VALID: Q(valid_until=None) | Q(valid_until__gte=today),
        UNUSED: Q(is_used=False),
        FILES: Q(has_file=True),
        LINKS: Q(has_file=False),
    }


def _ordered(found: QuerySet[Document], order: str) -> QuerySet[Document]:
    if order == TITLE:
        return found.order_by(Lower("title"), "pk")
    if order == DATE:
        return found.order_by(F("date").desc(nulls_last=True), "pk")
    if order == MOST_USED:
        uses = Evidence.objects.filter(version__document=OuterRef("pk")).order_by().values("version__document")
        return found.annotate(uses=Subquery(uses.annotate(n=Count("pk")).values("n")[:1])).order_by(
            F("uses").desc(nulls_last=True), Lower("title"), "pk"
        )
    versions = DocumentVersion.objects.filter(document=OuterRef("pk")).order_by("-number")
    return found.annotate(arrived_at=Subquery(versions.values("uploaded_at")[:1])).order_by("-arrived_at", "-pk")


def recent(agency_id: int, user_id: int, limit: int = 20) -> list[DocumentRow]:
    """What this person brought into the agency's library today, latest first. Four queries."""
    since = timezone.now() - timedelta(hours=12)
    found = Document.objects.filter(
        Exists(
            DocumentVersion.objects.filter(
                document=OuterRef("pk"), uploaded_by=user_id, number=1, uploaded_at__gte=since
            )
        ),
        agency_id=agency_id,
    )
    return rows_of(list(found.order_by("-pk")[:limit]), agency_id)


# --- What may be attached to an answer -----------------------------------------------------------------


@dataclass(frozen=True)
class Picker:
    page: Page
    rows: list[DocumentRow]
    text: str


def picker(answer: Answer, text: str, page_number: str | int | None = 1) -> Picker:
    """Documents that the agency of this answer may use, those that served the indicator before first.

    Seven queries, however many documents.
    """
    agency_id = answer.assessment.agency_id
    attached: dict[int, int] = {}
    for document, number in Evidence.objects.filter(answer=answer).values_list("version__document", "version__number"):
        attached[document] = max(number, attached.get(document, 0))
    before = Evidence.objects.filter(
        version__document=OuterRef("pk"), answer__indicator=answer.indicator_id, answer__assessment__agency=agency_id
    ).exclude(answer=answer)
    found = containing(Document.objects.filter(agency_id__in=shared_by([agency_id])), text)
    found = found.annotate(is_known_here=Exists(before)).select_related("agency")
    paginator = Paginator(found.order_by("-is_known_here", Lower("title"), "pk"), PICKER_PER_PAGE)
    page = paginator.get_page(page_number)
    return Picker(page, rows_of(list(page), agency_id, attached), text)
