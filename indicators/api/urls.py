from django.urls import path

from indicators.api.differences import InstrumentDifferences
from indicators.api.editing import InstrumentCopy, InstrumentPublish
from indicators.api.instruments import InstrumentDetail, InstrumentList

urlpatterns = [
    path("instruments/", InstrumentList.as_view(), name="api_instruments"),
    path("instruments/<slug:code>/", InstrumentDetail.as_view(), name="api_instrument"),
    path("instruments/<slug:code>/copy/", InstrumentCopy.as_view(), name="api_instrument_copy"),
    path("instruments/<slug:code>/publish/", InstrumentPublish.as_view(), name="api_instrument_publish"),
    path("instruments/<slug:code>/differences/", InstrumentDifferences.as_view(), name="api_instrument_differences"),
]
