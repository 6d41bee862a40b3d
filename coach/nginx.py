"""A configuration for nginx, where one stands before several Daphnes."""

from collections.abc import Iterable
from pathlib import Path

HOST = "127.0.0.1"
CONFIGURATION = """\
# nginx in front of the site, as the coach made it for these ports. To start it:
#     nginx -e stderr -c "{folder}/nginx.conf"
daemon off;
pid "{folder}/nginx.pid";
error_log stderr;
events {{}}
http {{
    types {{ text/css css; text/javascript js; image/svg+xml svg; image/png png; }}
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";

    # A WebSocket begins as a request to upgrade; any other request has no such header.
    map $http_upgrade $connection_wanted {{ default upgrade; "" close; }}

    upstream site {{
{servers}
    }}

    server {{
        listen {host}:{port};

        # Files need no Python.
        location /static/ {{ alias "{site}/myapp/static/"; }}

        location / {{
            proxy_pass http://site;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_wanted;
            # What the visitor asked for, by which the site judges the origin of a WebSocket.
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


def configuration(port: int, behind: Iterable[int], site: Path, folder: Path) -> str:
    """What nginx needs to listen on `port` and share out what comes to the ports behind it."""
    return CONFIGURATION.format(
        host=HOST, port=port, site=site.as_posix(), folder=folder.as_posix(),
        servers="\n".join(f"        server {HOST}:{one};" for one in behind),
    )  # fmt: skip
