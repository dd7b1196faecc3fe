from django.urls import path

from reports.views import jobs, package, pemda, verify

urlpatterns = [
    path("pemda/", pemda.pemda, name="pemda"),
    path("pemda/peta/", pemda.heat, name="heat"),
    path("posisi/", pemda.own_place, name="own_place"),
    path("laporan/", jobs.report_list, name="report_list"),
    path("laporan/<uuid:pk>/", jobs.report, name="report"),
    path("laporan/<uuid:pk>/unduh/", jobs.report_download, name="report_download"),
    path("laporan/<uuid:pk>/ulangi/", jobs.report_retry, name="report_retry"),
    path("laporan/<uuid:pk>/hentikan/", jobs.report_cancel, name="report_cancel"),
    path("penilaian/<int:pk>/laporan/", jobs.report_request, name="report_request"),
    path("periode/<int:pk>/laporan/", jobs.report_request_period, name="report_request_period"),
    path("periode/<int:pk>/paket-nasional/", package.package, name="package"),
    path("cek/", verify.verify, name="verify"),
    path("cek/<str:code>/", verify.verify_code, name="verify_code"),
]
