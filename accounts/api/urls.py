from django.urls import path

from accounts.api.tokens import TokenView

urlpatterns = [
    path("auth/token/", TokenView.as_view(), name="api_token"),
]
