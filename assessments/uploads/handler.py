"""Files on their way in: what is too large is not read to its end."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

FILES_PER_REQUEST = 4  # without script, several files come in one form
_BLOCK = 1024 * 1024


class LimitedUploadHandler(FileUploadHandler):
    """Stops reading what is too large before it fills the disk; comes before Django's own handlers.

    A whole request larger than a form of `FILES_PER_REQUEST` files is refused unread (413). A single
    file over the limit is skipped, and its name kept in `request.too_large_files` for the view.
    """

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > settings.EVIDENCE_MAX_BYTES * FILES_PER_REQUEST + _BLOCK:
            raise RequestDataTooBig("Kiriman terlalu besar.")

    def new_file(self, *args, **kwargs) -> None:
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.seen += len(raw_data)
        if self.seen > settings.EVIDENCE_MAX_BYTES:
            names = [*getattr(self.request, "too_large_files", []), self.file_name or ""]
            setattr(self.request, "too_large_files", names)  # noqa: B010
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
