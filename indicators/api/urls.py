from django.urls import path

from indicators.api.instruments import InstrumentDetail, InstrumentList

urlpatterns = [
    path("instruments/", InstrumentList.as_view(), name="api_instruments"),
    path("instruments/<slug:code>/", InstrumentDetail.as_view(), name="api_instrument"),
]
