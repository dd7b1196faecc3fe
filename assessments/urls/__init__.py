from assessments.urls import (
    carry_over,
    exports,
    external,
    fill,
    history,
    library,
    pemda,
    periods,
    reminders,
    review,
    uploads,
    working_paper,
)

urlpatterns = [
    *fill.urlpatterns,
    *library.urlpatterns,
    *uploads.urlpatterns,
    *carry_over.urlpatterns,
    *working_paper.urlpatterns,
    *exports.urlpatterns,
    *review.urlpatterns,
    *history.urlpatterns,
    *periods.urlpatterns,
    *reminders.urlpatterns,
    *external.urlpatterns,
    *pemda.urlpatterns,
]
