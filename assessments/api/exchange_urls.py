"""What comes from elsewhere, and what is made of it."""

from django.urls import path

from assessments.api import external, history, projection

_PERIOD = "periods/<int:pk>/"

urlpatterns = [
    path(f"{_PERIOD}external/", external.ExternalImport.as_view(), name="api_external_import"),
    path(f"{_PERIOD}comparison/", external.ExternalComparison.as_view(), name="api_comparison"),
    path("history/", history.HistoryImport.as_view(), name="api_history"),
    path("history/file/", history.HistoryFile.as_view(), name="api_history_file"),
    path("history/<int:list_pk>/", history.HistoryDraft.as_view(), name="api_history_list"),
    path(f"{_PERIOD}history/", history.PeriodHistory.as_view(), name="api_period_history"),
    path(f"{_PERIOD}projection/", projection.Projection.as_view(), name="api_projection"),
]
