"""What a trace sends: the scope that a server would make of a URL."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from coach.asgi import http_scope
from coach.evidence import Told

PROTOCOLS = {"ws": "websocket", "wss": "websocket", "http": "http", "https": "http"}
SECURE = ("wss", "https")


@dataclass(frozen=True)
class Address:
    """A URL taken apart. `path` is as it is typed, with its query; of a channel it is the name."""

    url: str
    protocol: str
    scheme: str
    host: str
    path: str
    origin: str

    @property
    def scope(self) -> Told:
        """The scope as JSON can carry it."""
        if self.protocol in ("channel", "lifespan"):
            told: Told = {"type": self.protocol, "asgi": {"version": "3.0", "spec_version": "2.0"}}
            more: Told = {"channel": self.path} if self.protocol == "channel" else {"state": {}}
            return told | more
        origin = self.origin if self.protocol == "websocket" else ""
        scope = http_scope(self.path, headers={"host": self.host, "origin": origin})
        scope |= {"type": self.protocol, "scheme": self.scheme, "path": unquote(scope["path"])}
        if self.protocol == "websocket":
            del scope["method"]
            scope["subprotocols"] = []
        return scope

    @property
    def note(self) -> str:
        """What a server makes of this address, where that may surprise."""
        if not self.path.startswith("//") or self.path.startswith("///"):
            return ""
        host, _, path = self.path[2:].partition("/")
        return f'Daphne takes "{host}", behind two slashes, for a host, and looks for "/{path}".'


def address(url: str, protocol: str = "websocket", origin: str | None = None) -> Address:
    """The address that a URL names; `protocol` is for a path alone.

    origin: that of the page which opens the WebSocket, "" for none; else a page of the same host
    A `ValueError` in words for what is no such URL.
    """
    url = url.encode("utf-8", "replace").decode().strip()
    if not url:
        raise ValueError("This is no URL. The path of the page itself is /.")
    scheme, colon, rest = url.partition(":")
    if colon and scheme == "channel":
        if not rest:
            raise ValueError("A channel has a name: channel:thumbnails.")
        return Address(url, "channel", "", "", rest, "")
    if url == "lifespan:":
        return Address(url, "lifespan", "", "", "", "")
    if "://" not in url.partition("?")[0]:
        path = url.partition("#")[0]
        return _at(url, protocol, "ws" if protocol == "websocket" else "http", "", path, origin)
    parts = urlsplit(url)
    if parts.scheme not in PROTOCOLS or not parts.netloc:
        raise ValueError(
            f"{url} is no address that a site answers. Write a path, ws://host/path, "
            "http://host/path, channel:name or lifespan: alone."
        )
    path = parts.path + ("?" + parts.query if parts.query else "")
    return _at(url, PROTOCOLS[parts.scheme], parts.scheme, parts.netloc, path, origin)


def _at(url: str, protocol: str, scheme: str, host: str, path: str, origin: str | None) -> Address:
    host = host.rpartition("@")[2] or "127.0.0.1"
    page = "https" if scheme in SECURE else "http"
    path = path if path.startswith("/") else "/" + path
    return Address(
        url, protocol, scheme, host, path, f"{page}://{host}" if origin is None else origin
    )
