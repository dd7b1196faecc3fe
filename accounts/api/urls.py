from django.urls import path

from accounts.api import agencies, own, people, webhooks
from accounts.api.tokens import TokenView

urlpatterns = [
    path("auth/token/", TokenView.as_view(), name="api_token"),
    path("me/", own.Me.as_view(), name="api_me"),
    path("notifications/", own.NotificationList.as_view(), name="api_notifications"),
    path("notifications/read-all/", own.NotificationReadAll.as_view(), name="api_notifications_read_all"),
    path("notifications/<int:pk>/read/", own.NotificationRead.as_view(), name="api_notification_read"),
    path("agencies/", agencies.AgencyList.as_view(), name="api_agencies"),
    path("agencies/<int:pk>/", agencies.AgencyDetail.as_view(), name="api_agency"),
    path("agencies/<int:pk>/end/", agencies.AgencyEnding.as_view(), name="api_agency_end"),
    path("agencies/<int:pk>/reinstate/", agencies.AgencyReinstate.as_view(), name="api_agency_reinstate"),
    path("people/", people.PersonList.as_view(), name="api_people"),
    path("people/<int:pk>/", people.PersonDetail.as_view(), name="api_person"),
    path("people/<int:pk>/deactivate/", people.PersonDeactivate.as_view(), name="api_person_deactivate"),
    path("people/<int:pk>/activate/", people.PersonActivate.as_view(), name="api_person_activate"),
    path("people/<int:pk>/memberships/", people.RoleAdd.as_view(), name="api_membership_add"),
    path("memberships/<int:pk>/end/", people.RoleEnding.as_view(), name="api_membership_end"),
    path("webhooks/", webhooks.WebhookList.as_view(), name="api_webhooks"),
    path("webhooks/<int:pk>/", webhooks.WebhookDetail.as_view(), name="api_webhook"),
    path("webhooks/<int:pk>/test/", webhooks.WebhookTest.as_view(), name="api_webhook_test"),
    path("webhooks/<int:pk>/deliveries/", webhooks.DeliveryList.as_view(), name="api_webhook_deliveries"),
]
