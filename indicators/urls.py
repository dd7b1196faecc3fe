from django.urls import path

from indicators import views

urlpatterns = [
    path("instrumen/<slug:code>/", views.instrument, name="instrument"),
]
