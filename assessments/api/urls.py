from assessments.api import loop_urls, period_urls

urlpatterns = [*loop_urls.urlpatterns, *period_urls.urlpatterns]
