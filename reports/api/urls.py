from django.urls import path

from reports.api import package_urls, place, reports

urlpatterns = [
    path("reports/", reports.ReportList.as_view(), name="api_reports"),
    path("reports/<uuid:pk>/", reports.ReportDetail.as_view(), name="api_report"),
    path("reports/<uuid:pk>/download/", reports.ReportDownload.as_view(), name="api_report_download"),
    path("reports/<uuid:pk>/retry/", reports.ReportRetry.as_view(), name="api_report_retry"),
    path("reports/<uuid:pk>/cancel/", reports.ReportCancel.as_view(), name="api_report_cancel"),
    path("periods/<int:pk>/own-place/", place.OwnPlace.as_view(), name="api_own_place"),
    *package_urls.urlpatterns,
]
