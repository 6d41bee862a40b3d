"""The pages of the site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def show_map(request: HttpRequest) -> HttpResponse:
    """The front page: what this site is, and where its parts are."""
    return render(request, "myapp/map.html")
