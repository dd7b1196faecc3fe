from accounts.urls import imports, notifications, people, security, webhooks

urlpatterns = [
    # First: "pengguna/impor/" is not a person.
    *imports.urlpatterns,
    *people.urlpatterns,
    *security.urlpatterns,
    *notifications.urlpatterns,
    *webhooks.urlpatterns,
]
