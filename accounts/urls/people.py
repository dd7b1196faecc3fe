"""Log-in by allauth's own views; its other pages (sign-up, e-mail, reset by mail) do not exist here."""

from allauth.account.views import LogoutView, PasswordChangeView
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from accounts.views import agencies, passwords, people
from accounts.views.log_in import log_in

#: Django's form views would take a PUT for a POST.
FORM = ["get", "head", "post"]

urlpatterns = [
    path("masuk/", log_in, name="account_login"),
    # Open to all: pressed after the session ended, it still leads to log-in.
    path("keluar/", login_not_required(LogoutView.as_view(http_method_names=["post"])), name="account_logout"),
    path("sandi/", PasswordChangeView.as_view(http_method_names=FORM), name="account_change_password"),
    path("sandi/lupa/", passwords.password_forgotten, name="password_forgotten"),
    path("sandi/<str:uidb64>/<str:token>/", passwords.password_link, name="password_link"),
    path("opd/", agencies.agency_list, name="agency_list"),
    path("opd/baru/", agencies.agency_create, name="agency_create"),
    path("opd/<int:pk>/", agencies.agency, name="agency"),
    path("opd/<int:pk>/ubah/", agencies.agency_edit, name="agency_edit"),
    path("opd/<int:pk>/akhiri/", agencies.agency_end, name="agency_end"),
    path("opd/<int:pk>/berlakukan/", agencies.agency_reinstate, name="agency_reinstate"),
    path("pengguna/", people.person_list, name="person_list"),
    path("pengguna/baru/", people.person_create, name="person_create"),
    path("pengguna/<int:pk>/", people.person, name="person"),
    path("pengguna/<int:pk>/ubah/", people.person_edit, name="person_edit"),
    path("pengguna/<int:pk>/nonaktifkan/", people.person_deactivate, name="person_deactivate"),
    path("pengguna/<int:pk>/aktifkan/", people.person_activate, name="person_activate"),
    path("pengguna/<int:pk>/peran/", people.membership_add, name="membership_add"),
    path("pengguna/<int:pk>/tautan-sandi/", people.person_password_link, name="person_password_link"),
    path("pengguna/<int:pk>/undang/", people.person_invite, name="person_invite"),
    path("pengguna/undang/", people.people_invite, name="people_invite"),
    path("peran/<int:pk>/akhiri/", people.membership_end, name="membership_end"),
]
