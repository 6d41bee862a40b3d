"""What a browser does with pages: it asks for them, keeps their cookies, fills in a form."""

import contextlib
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin

from coach.asgi import HOME, broken_http_rule, event_got, http_scope
from coach.evidence import Evidence, Failure, Told, error_named
from coach.tracebacks import last_error

if TYPE_CHECKING:
    from coach.conversation import Conversation
    from coach.site import Site

LOG_IN = "/accounts/login/"
SESSION = "sessionid"
MOST_REDIRECTS = 3


class Answer:
    """An HTTP response, put together from its events.

    Of a header that comes more than once, as Set-Cookie does, it has all the texts, a line each.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_complete = False

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def add(self, told: Told, talk: "Conversation") -> None:
        """Take one event that the application sent, if a server would take it."""
        event = told["event"]
        rule = broken_http_rule(event, has_started=bool(self.status))
        if rule:
            place = told["by"]
            evidence = talk.site.evidence("illegal-http", event=event, path=talk.path, place=place)
            raise Failure("an answer over HTTP", f"{event_got(event)}: {rule}", evidence)
        if event["type"] == "http.response.start":
            self.status = event["status"]
            for name, value in event.get("headers") or ():
                key, text = name.decode("latin-1").lower(), value.decode("latin-1")
                self.headers[key] = "\n".join(filter(None, [self.headers.get(key), text]))
        else:
            self.body += event.get("body", b"")
            self.is_complete = not event.get("more_body", False)


async def answered(site: "Site", scope: Told, expected: str, body: bytes = b"") -> Answer:
    """What comes back for one request; fails the step where the application raises."""
    path = scope["path"]
    talk = site._open(scope, "a browser", path)
    talk.tell({"type": "http.request", "body": body, "more_body": False})
    answer = Answer()
    while not answer.is_complete:
        told = await talk.next(expected, waits="never")
        if told["say"] != "sent":
            kind = "raised" if told["say"] == "raised" else "returned"
            talk.fail(expected, told, kind)
        answer.add(told, talk)
    talk.tell({"type": "http.disconnect"}, on_tape=False)
    return answer


def answer_evidence(site: "Site", answer: Answer, path: str) -> Evidence:
    """What is known of an answer that is not as expected."""
    evidence = site.evidence("http", path=path, status=answer.status)
    if answer.status == 500:  # Django has logged the exception that it turned into this page
        evidence.error = last_error(evidence.output, site.folder)
    return evidence


class Forms(HTMLParser):
    """The forms of a page: where each leads, and its fields as they are filled in at first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.found.append((told.get("action") or "", {}))
        elif tag in ("input", "textarea") and self.found and told.get("name"):
            self.found[-1][1][str(told["name"])] = told.get("value") or ""


class Browser:
    """Somebody's browser: it has cookies, and follows where an answer leads."""

    def __init__(self, site: "Site", who: str) -> None:
        self.site = site
        self.who = who
        self.cookies: dict[str, str] = {}

    async def ask(self, path: str, fields: dict[str, str] | None = None) -> Answer:
        """What comes back for a path; with `fields` for a form that is sent there."""
        await self.site.load()
        headers = {"cookie": "; ".join(f"{name}={text}" for name, text in self.cookies.items())}
        body = b""
        if fields is not None:
            body = urlencode(fields).encode()
            headers |= {
                "content-type": "application/x-www-form-urlencoded",
                "content-length": str(len(body)), "origin": HOME,
            }  # fmt: skip
        scope = http_scope(path, "GET" if fields is None else "POST", headers)
        answer = await answered(self.site, scope, "an answer over HTTP", body)
        for line in answer.headers.get("set-cookie", "").splitlines():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip().strip('"')
        return answer

    async def log_in(self, name: str, password: str) -> str:
        """Fill in the log-in page, and go where that leads; the key of the session."""
        self.site.story.add(f"{self.who} logs in at {LOG_IN}")
        action, fields = await self._form()
        filled = fields | {"username": name, "password": password}
        path = urljoin(LOG_IN, action)
        answer = await self.ask(path, filled)
        if not self.cookies.get(SESSION):
            self._fail(answer, path, f"a session for {name}, whose password this is")
        await self._follow(answer, path)
        return self.cookies[SESSION]

    async def _form(self) -> tuple[str, dict[str, str]]:
        answer = await self.ask(LOG_IN)
        if answer.status == 200:
            with contextlib.suppress(AssertionError):  # a page that is not HTML
                for action, fields in Forms(answer.text).found:
                    if {"username", "password"} <= fields.keys():
                        return action, fields
        self._fail(answer, LOG_IN, "a form with the fields username and password")
        raise AssertionError

    async def _follow(self, answer: Answer, path: str) -> None:
        """Go where the answers lead; what stands there has to be a page."""
        for _ in range(MOST_REDIRECTS):
            if answer.status not in (301, 302, 303):
                break
            path = urljoin(path, answer.headers.get("location", ""))
            answer = await self.ask(path)
        if answer.status != 200:
            self._fail(answer, path, f"a page for {self.who}, who has logged in")

    def _fail(self, answer: Answer, path: str, expected: str) -> None:
        evidence = answer_evidence(self.site, answer, path)
        urls = self.site.facts["settings"].get("ROOT_URLCONF", "gs2.urls").replace(".", "/") + ".py"
        evidence.place = {"file": urls, "line": 0, "name": "", "work": True}
        raised = f": {error_named(evidence.error)}" if evidence.error else ""
        raise Failure(expected, f"status {answer.status} at {path}{raised}", evidence)
