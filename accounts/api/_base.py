"""What the resources of people and agencies share: the pages' own forms say what may be typed."""

from typing import Any

from django import forms
from rest_framework import serializers

from accounts.errors import Invalid
from accounts.models import Agency, Membership
from accounts.permissions import Rights, can_manage_accounts
from accounts.services._base import require

#: The largest key there can be.
MAX_KEY = 2**31 - 1


def for_managers(rights: Rights) -> None:
    """Raises `PermissionDenied` for whoever does not manage agencies and people."""
    require(can_manage_accounts(rights))


def cleaned(form: forms.Form) -> dict[str, Any]:
    """What a valid form says of the thing itself. Raises `Invalid` with the form's messages, by field."""
    if not form.is_valid():
        raise Invalid(
            {
                "detail" if name == forms.forms.NON_FIELD_ERRORS else name: " ".join(str(each) for each in found)
                for name, found in form.errors.items()
            }
        )
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


class AgencyName(serializers.ModelSerializer):
    """An agency beside something else."""

    class Meta:
        model = Agency
        fields = ["id", "slug", "name", "short_name"]
        read_only_fields = fields


class RoleShape(serializers.ModelSerializer):
    """A role at an agency, on its first until its last day."""

    agency = AgencyName()

    class Meta:
        model = Membership
        fields = ["id", "agency", "role", "valid_from", "valid_until"]
        read_only_fields = fields
