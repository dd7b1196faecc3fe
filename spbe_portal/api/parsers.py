"""What programs send, read with a limit."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

BROKEN = "Kiriman ini bukan JSON yang sah."
#: Begins half a character, written as JSON escapes it.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "Kiriman terlalu besar. Bagi menjadi beberapa permintaan."


class BoundedJson(JSONParser):
    """JSON up to what a form of a page may hold: the framework's own reads without an end.

    Half a character, which no text can hold, is refused here: no refusal that repeats it could be written.
    """

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        text = stream.read(limit + 1)
        if len(text) > limit:
            raise TooLarge
        try:
            sent = super().parse(io.BytesIO(text), media_type, parser_context)
            if _HALF.search(text):
                json.dumps(sent, ensure_ascii=False).encode()
        except (ParseError, RecursionError, UnicodeEncodeError):  # RecursionError: lists in lists in lists
            raise ParseError(BROKEN) from None
        return sent
