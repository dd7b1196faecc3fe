from assessments.urls import fill, pemda, periods, review

urlpatterns = [*fill.urlpatterns, *review.urlpatterns, *periods.urlpatterns, *pemda.urlpatterns]
