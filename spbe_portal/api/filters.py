"""Lists in the order asked for."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request


class Ordering(OrderingFilter):
    """`?ordering=name` or `-name`, several with commas; an order that is not offered is refused, not passed over.

    Rows that are equal in it keep their order from page to page.
    """

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> Any:
        offered = choices_of(view)
        text = request.query_params.get(self.ordering_param)
        asked = [] if text is None else text.split(",")
        if unknown := [word for word in asked if word not in offered]:
            raise ValidationError(
                {self.ordering_param: [f"Urutan “{unknown[0]}” tidak dikenal. Pilih: {', '.join(offered)}."]}
            )
        return asked or self.get_default_ordering(view)

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        ordered = super().filter_queryset(request, queryset, view)
        by = [str(word) for word in (ordered.query.order_by or ordered.model._meta.ordering)]
        return ordered if {"pk", "-pk", "id", "-id"} & set(by) else ordered.order_by(*by, "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        offered = choices_of(view)
        if not offered:
            return []
        return [
            {
                "name": self.ordering_param,
                "required": False,
                "in": "query",
                "description": "Urutan; beberapa dipisahkan koma, tanda minus untuk urutan menurun",
                "schema": {"type": "array", "items": {"type": "string", "enum": offered}},
                "style": "form",
                "explode": False,
            }
        ]


def choices_of(view: Any) -> list[str]:
    """What a view may be ordered by, upwards and downwards."""
    names = getattr(view, "ordering_fields", None) or []
    return [sign + name for name in names for sign in ("", "-")]
