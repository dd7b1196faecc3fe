"""Telling people something: behind the bell and, where they want it, by e-mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import tasks
from accounts.models import Notification, NotificationChoice, NotificationKind, User
from spbe_portal.paths import is_own_path

#: E-mails one task sends: a mail server that is slow holds up this many at most.
AT_ONCE = 25
#: What was read stays behind the bell this long.
KEPT = timedelta(days=180)
TITLE_MAX = 200


@dataclass(frozen=True)
class Message:
    """One thing to tell `people`, each once per `key`. `path` leads within the portal and begins with "/"."""

    people: Sequence[User]
    kind: NotificationKind
    title: str
    key: str
    text: str = ""
    path: str = ""


def notify(
    people: Iterable[User], *, kind: NotificationKind, title: str, key: str, text: str = "", path: str = ""
) -> list[Notification]:
    """Tell each of `people` once per `key`, inside the caller's transaction; e-mails are queued on commit.

    `path` leads within the portal and begins with "/". Closed accounts are passed over, as is who chose
    not to be told of this kind at all. Returns what is told for the first time. A constant number of queries.
    """
    return notify_all([Message(tuple(people), kind, title, key, text, path)])


def notify_all(messages: Iterable[Message]) -> list[Notification]:
    """As `notify`, for several messages in the same number of queries: three, none where there is nobody."""
    told: dict[tuple[int, str], tuple[User, Message]] = {}
    for message in messages:
        if message.path and not is_own_path(message.path):
            raise ValueError(f"not an address within the portal: {message.path!r}")
        for person in message.people:
            if person.is_active:
                told.setdefault((person.pk, message.key), (person, message))
    if not told:
        return []
    people = {user_id for user_id, _ in told}
    choices = {(choice.user_id, choice.kind): choice for choice in NotificationChoice.objects.filter(user__in=people)}
    now = timezone.now()
    prepared = [_prepared(*each, choices.get((each[0].pk, each[1].kind)), now) for each in told.values()]
    with transaction.atomic():
        Notification.objects.bulk_create([row for row in prepared if row], batch_size=500, ignore_conflicts=True)
        # Rows with another time were told before.
        keys = {key for _, key in told}
        made = list(
            Notification.objects.filter(user__in=people, key__in=keys, created_at=now)
            .select_related("user")
            .order_by("pk")
        )
        _queue([row.pk for row in made if row.email_wanted])
    return made


def _prepared(person: User, message: Message, choice: NotificationChoice | None, now: datetime) -> Notification | None:
    in_app, by_email = (choice.in_app, choice.by_email) if choice else (True, True)
    if not in_app and not by_email:
        return None
    title = " ".join(message.title.split())
    return Notification(
        user=person,
        kind=message.kind,
        title=title if len(title) <= TITLE_MAX else f"{title[: TITLE_MAX - 1]}…",
        text=message.text.strip(),
        path=message.path,
        key=message.key,
        created_at=now,
        is_shown=in_app or not person.email,  # who wants e-mail alone and has no address is told here
        email_wanted=by_email and bool(person.email),
    )


def _queue(pks: list[int]) -> None:
    """Have e-mails sent once the rows are there; a broker that is down does not undo what they tell of."""
    for start in range(0, len(pks), AT_ONCE):
        _queue_task(pks[start : start + AT_ONCE])


def _queue_task(pks: list[int]) -> None:
    transaction.on_commit(lambda: tasks.send_emails.delay(pks), robust=True)


def mark_read(*, user: User, pk: int) -> Notification:
    """What `pk` says, read from now on. Raises `Notification.DoesNotExist` where it is not the person's."""
    shown = shown_to(user).get(pk=pk)
    if shown.read_at is None:
        shown.read_at = timezone.now()
        Notification.objects.filter(pk=pk, read_at=None).update(read_at=shown.read_at)
    return shown


def mark_all_read(*, user: User, until: int) -> int:
    """Everything up to the newest the person has seen, `until`; how many were unread."""
    return shown_to(user).filter(read_at=None, pk__lte=until).update(read_at=timezone.now())


def choose(*, user: User, choices: dict[str, tuple[bool, bool]]) -> None:
    """How the person wants to be told, kind by kind: (behind the bell, by e-mail). Raises KeyError."""
    rows = [
        NotificationChoice(user=user, kind=NotificationKind(kind), in_app=in_app, by_email=by_email)
        for kind, (in_app, by_email) in choices.items()
    ]
    NotificationChoice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["in_app", "by_email"]
    )


def shown_to(user: User) -> QuerySet[Notification]:
    """What stands behind the person's bell, newest first."""
    return Notification.objects.filter(user=user, is_shown=True)


def clean_up() -> int:
    """Take away what was read long ago, or was only ever an e-mail; how many."""
    old = Notification.objects.filter(created_at__lt=timezone.now() - KEPT)
    gone = old.filter(read_at__isnull=False) | old.filter(is_shown=False)
    return gone.delete()[0]
