"""What programs send, whatever the app: this module knows none of them."""

from typing import Any

from rest_framework import serializers


class Strict(serializers.Serializer):
    """What a program sends: a field that means nothing here is refused, not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = {name: [f"Kolom {name} tidak dikenal."] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)
