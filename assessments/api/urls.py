from assessments.api import exchange_urls, loop_urls, period_urls, sheet_urls

urlpatterns = [
    *loop_urls.urlpatterns,
    *period_urls.urlpatterns,
    *sheet_urls.urlpatterns,
    *exchange_urls.urlpatterns,
]
