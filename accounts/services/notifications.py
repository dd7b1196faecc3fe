"""Telling people something: behind the bell and, where they want it, by e-mail."""

from collections.abc import Iterable

from accounts.models import Notification, NotificationKind, User


def notify(
    people: Iterable[User], *, kind: NotificationKind, title: str, key: str, text: str = "", path: str = ""
) -> list[Notification]:
    """Tell each of `people` once per `key`, inside the caller's transaction; e-mails are queued on commit.

    `path` leads within the portal and begins with "/". Closed accounts are passed over, as is who chose
    not to be told of this kind at all. A constant number of queries.
    """
    raise NotImplementedError
