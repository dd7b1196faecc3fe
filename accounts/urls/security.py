"""A person's own security: two-factor, sign-in with the government's account, sessions."""

from django.urls import path

from accounts.views import security

urlpatterns = [
    path("akun/keamanan/", security.account_security, name="account_security"),
]
