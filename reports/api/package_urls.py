from django.urls import path

from reports.api.package import Package

urlpatterns = [path("periods/<int:pk>/package/", Package.as_view(), name="api_package")]
