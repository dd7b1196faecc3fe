"""How many notifications a person has not read: the number on every page."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Notification, User
from spbe_portal.formatting import count_id


def _unread() -> QuerySet[Notification]:
    return Notification.objects.filter(read_at=None, is_shown=True).order_by()


def unread(user: User) -> int:
    """One query."""
    return _unread().filter(user=user).count()


def unread_of(user_field: str) -> Coalesce:
    """The number beside rows of another table, for the price of no query; `user_field` names their person."""
    counted = _unread().filter(user=OuterRef(user_field)).values("user").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number"), output_field=IntegerField()), 0)


def bell_text(number: int) -> str:
    """What the bell says."""
    return f"Pemberitahuan, {count_id(number)} belum dibaca" if number else "Pemberitahuan, semua sudah dibaca"
