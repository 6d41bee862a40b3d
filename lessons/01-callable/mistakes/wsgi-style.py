"""A callable for WSGI, written by hand."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<title>gs2</title>"]
