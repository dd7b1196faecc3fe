"""Agencies and people brought in from a file; invitations."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
