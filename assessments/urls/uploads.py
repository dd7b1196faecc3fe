"""Files that arrive in parts."""

from django.urls import URLPattern, path

from assessments.views import uploads

urlpatterns: list[URLPattern] = [
    path("unggahan/", uploads.upload_begin, name="upload_begin"),
    path("unggahan/<uuid:key>/", uploads.upload, name="upload"),
    path("unggahan/<uuid:key>/batal/", uploads.upload_cancel, name="upload_cancel"),
]
