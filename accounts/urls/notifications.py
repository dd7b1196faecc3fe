"""The bell, and how each person wants to be told."""

from django.urls import path

from accounts.views import notifications

urlpatterns = [
    path("pemberitahuan/", notifications.notification_list, name="notification_list"),
    path("pemberitahuan/jumlah/", notifications.notification_count, name="notification_count"),
    path("pemberitahuan/dibaca/", notifications.notification_read_all, name="notification_read_all"),
    path("pemberitahuan/<int:pk>/", notifications.notification_open, name="notification_open"),
    path("pemberitahuan/pilihan/", notifications.notification_settings, name="notification_settings"),
]
