"""Log-in and log-out, with the views that Django brings."""

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

urlpatterns = [
    path("login/", LoginView.as_view(extra_context={"is_learning": settings.DEBUG}), name="login"),
    # Asked by POST: a link that logs people out could be put on any other site.
    path("logout/", LogoutView.as_view(), name="logout"),
]
