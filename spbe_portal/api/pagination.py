"""Lists in pages: `{count, next, previous, results}`."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """50 a page unless `page_size` asks for another number, at most 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    invalid_page_message = "Halaman ini tidak ada."
    last_page_strings = ()
    page_query_description = "Halaman keberapa, mulai dari 1"
    page_size_query_description = "Jumlah baris tiap halaman"

    def get_page_size(self, request: Request) -> int | None:
        """Raises `ValidationError` for what is no size."""
        asked = request.query_params.get(self.page_size_query_param, "")
        if not asked:
            return self.page_size
        if not asked.isascii() or not asked.isdigit() or len(asked) > 9 or not 1 <= int(asked) <= self.max_page_size:
            raise ValidationError({self.page_size_query_param: [f"Isi dengan 1 sampai {self.max_page_size}."]})
        return int(asked)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page, size = super().get_schema_operation_parameters(view)
        page["schema"] |= {"minimum": 1, "default": 1}
        size["schema"] |= {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [page, size]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        shape = super().get_paginated_response_schema(schema)
        shape["properties"]["count"]["description"] = "Jumlah seluruhnya"
        shape["properties"]["next"]["description"] = "Alamat halaman berikutnya"
        shape["properties"]["previous"]["description"] = "Alamat halaman sebelumnya"
        return shape
