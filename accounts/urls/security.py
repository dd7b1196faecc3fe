"""A person's own security: two-factor, sign-in with the government's account, sessions.

The second step of log-in and "is it still you?" are allauth's own views; its other pages do not exist here.
"""

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from django.urls import path

from accounts.views import oidc, security, tokens

#: Django's form views would take a PUT for a POST.
FORM = ["get", "head", "post"]

urlpatterns = [
    path("masuk/kode/", AuthenticateView.as_view(http_method_names=FORM), name="mfa_authenticate"),
    path("masuk/pemerintah/", oidc.oidc_start, name="oidc_start"),
    path("masuk/pemerintah/kembali/", oidc.oidc_back, name="oidc_back"),
    path("akun/keamanan/", security.account_security, name="account_security"),
    path(
        "akun/keamanan/konfirmasi/", ReauthenticateView.as_view(http_method_names=FORM), name="account_reauthenticate"
    ),
    path(
        "akun/keamanan/konfirmasi-kode/",
        ReauthenticateByCodeView.as_view(http_method_names=FORM),
        name="mfa_reauthenticate",
    ),
    path("akun/keamanan/dua-langkah/", security.two_factor_on, name="two_factor_on"),
    path("akun/keamanan/dua-langkah/kode-pemulihan/", security.two_factor_codes, name="two_factor_codes"),
    path("akun/keamanan/dua-langkah/matikan/", security.two_factor_off, name="two_factor_off"),
    path("akun/keamanan/sesi/<int:pk>/akhiri/", security.session_end, name="session_end"),
    path("akun/keamanan/sesi/akhiri-lainnya/", security.sessions_end_others, name="sessions_end_others"),
    path("akun/keamanan/token/", tokens.token_list, name="token_list"),
    path("akun/keamanan/token/baru/", tokens.token_make, name="token_make"),
    path("akun/keamanan/token/<int:pk>/cabut/", tokens.token_revoke, name="token_revoke"),
    path("pengguna/<int:pk>/akhiri-sesi/", security.person_sessions_end, name="person_sessions_end"),
    path("pengguna/<int:pk>/cabut-dua-langkah/", security.person_two_factor_reset, name="person_two_factor_reset"),
    path("pengguna/<int:pk>/lepas-akun-pemerintah/", security.person_identity_unlink, name="person_identity_unlink"),
]
