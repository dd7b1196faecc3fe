"""What programs send, whatever the app: this module knows none of them."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

#: What JSON has for a field, and what is said of anything else: the framework's own fields read a number as a text
#: and a text as a number, and the document says otherwise.
KINDS: tuple[tuple[tuple[type, ...], tuple[type, ...], str], ...] = (
    ((serializers.CharField, serializers.ChoiceField, serializers.UUIDField), (str,), "Isi dengan teks."),
    ((serializers.BooleanField,), (bool,), "Isi dengan true atau false."),
    ((serializers.IntegerField,), (int,), "Isi dengan bilangan bulat."),
)


class Strict(serializers.Serializer):
    """What a program sends: a field that means nothing here is refused, not passed over, as is a value of another
    kind. A form (`multipart/form-data`) has nothing but texts."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            wrong = {name: [f"Kolom {name} tidak dikenal."] for name in data if name not in self.fields}
            if not hasattr(data, "getlist"):
                wrong |= self._of_another_kind(data)
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)

    def _of_another_kind(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        found = {}
        for name in self.fields.keys() & data.keys():
            if said := _refused(self.fields[name], data[name]):
                found[name] = [said]
        return found


def _refused(field: Any, value: Any) -> str:
    """What is said of a value of another kind than the field's, or longer than it may be sent; empty: nothing."""
    if value is None or isinstance(value, list | dict):  # the field's own words are better
        return ""
    if isinstance(value, str) and len(value) > (getattr(field, "max_length", None) or len(value)):  # blanks count
        return str(field.error_messages["max_length"]).format(max_length=field.max_length)
    for fields, kinds, said in KINDS:
        if isinstance(field, fields):
            return "" if isinstance(value, kinds) and (isinstance(value, bool) == (kinds == (bool,))) else said
    return ""
