"""The API's front door: its OpenAPI document, and that document to read in a browser."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny


class Schema(SpectacularAPIView):
    """The OpenAPI document. Open to everybody: it says nothing of anybody."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = False
        return view
