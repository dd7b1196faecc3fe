from assessments.urls import carry_over, fill, history, library, pemda, periods, reminders, review, uploads

urlpatterns = [
    *fill.urlpatterns,
    *library.urlpatterns,
    *uploads.urlpatterns,
    *carry_over.urlpatterns,
    *review.urlpatterns,
    *history.urlpatterns,
    *periods.urlpatterns,
    *reminders.urlpatterns,
    *pemda.urlpatterns,
]
