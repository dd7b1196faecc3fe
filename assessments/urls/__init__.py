from assessments.urls import fill, periods, review

urlpatterns = [*fill.urlpatterns, *review.urlpatterns, *periods.urlpatterns]
