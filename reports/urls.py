from django.urls import path

from reports import views

urlpatterns = [
    path("laporan/", views.report_list, name="report_list"),
    path("laporan/<uuid:pk>/", views.report, name="report"),
    path("laporan/<uuid:pk>/unduh/", views.report_download, name="report_download"),
    path("laporan/<uuid:pk>/ulangi/", views.report_retry, name="report_retry"),
    path("penilaian/<int:pk>/laporan/", views.report_request, name="report_request"),
]
