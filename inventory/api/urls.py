from django.urls import path

from inventory.api import applications

urlpatterns = [
    path("applications/", applications.ApplicationList.as_view(), name="api_applications"),
    path("applications/overlaps/", applications.ApplicationOverlaps.as_view(), name="api_application_overlaps"),
    path("applications/<int:pk>/", applications.ApplicationDetail.as_view(), name="api_application"),
    path("applications/<int:pk>/confirm/", applications.ApplicationConfirm.as_view(), name="api_application_confirm"),
    path("applications/<int:pk>/mark/", applications.ApplicationMark.as_view(), name="api_application_mark"),
    path("applications/<int:pk>/remove/", applications.ApplicationRemove.as_view(), name="api_application_remove"),
]
