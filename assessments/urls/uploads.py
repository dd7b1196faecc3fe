"""Files that arrive in parts."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
