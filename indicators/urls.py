from django.urls import path

from indicators import views

urlpatterns = [
    path("instrumen/", views.instrument_list, name="instrument_list"),
    path("instrumen/<slug:code>/", views.instrument, name="instrument"),
]
