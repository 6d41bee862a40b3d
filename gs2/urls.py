"""Which view answers which path over HTTP."""

from django.urls import include, path

from myapp import views

urlpatterns = [
    path("", views.show_map, name="map"),
    path("", include("myapp.pages")),
    path("chat/", include("myapp.chat_pages")),
    path("accounts/", include("myapp.accounts")),
]
