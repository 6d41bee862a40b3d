"""Causes in gs2/asgi.py before any router: which settings are named, and what `application` is."""

import re

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.lines import SETTINGS_VARIABLE
from coach.diagnoses.syntax import call_dropped, line_text
from coach.evidence import Evidence, Told

ENTRY = "gs2/asgi.py"
MAKER = "get_asgi_application"


def needs_settings(evidence: Evidence) -> Told | None:
    """The learner's innermost line that failed because no settings module is named."""
    error = evidence.raised("ImproperlyConfigured", "settings are not configured")
    if error is None or evidence.facts.get("settings_module") or evidence.kind == "server":
        return None
    ours = [frame for frame in error["frames"] if frame["work"]]
    return dict(ours[-1]) if ours else None


def entry_line(evidence: Evidence) -> int:
    """The line of gs2/asgi.py that was running when the first exception was raised."""
    frames = evidence.error[0]["frames"] if evidence.error else ()
    return next((int(frame["line"]) for frame in frames if frame["file"] == ENTRY), 0)


@diagnosis("setdefault-too-late")
def setdefault_too_late(evidence: Evidence) -> Because | None:
    place, running = needs_settings(evidence), entry_line(evidence)
    named = [
        line for line, name, _ in lines.environment(evidence, ENTRY) if name == SETTINGS_VARIABLE
    ]
    if not place or not running or not named or min(named) <= running:
        return None
    why = f"this line needs Django's settings, and they are named only later, in line {min(named)}"
    if place["file"] != ENTRY:
        why = (
            f"this line leads to line {place['line']} of {place['file']}, which needs Django's "
            f"settings, and they are named only later, in line {min(named)}"
        ) + not_by_manage(evidence)
    return Because(why, in_file(ENTRY, running))


def not_by_manage(evidence: Evidence, done: str = "named them and set Django up") -> str:
    """Why `runserver` does not stumble over what is too early here, where manage.py is as usual."""
    names = [name for _, name, _ in lines.environment(evidence, "manage.py")]
    if SETTINGS_VARIABLE not in names:
        return ""
    return (
        f"; runserver gets past it, because manage.py has {done} before it "
        "imports this file, and a server like Daphne runs no manage.py"
    )


@diagnosis("settings-variable-misspelt")
def settings_variable_misspelt(evidence: Evidence) -> Because | None:
    if not needs_settings(evidence):
        return None
    for line, name, _ in lines.environment(evidence, ENTRY):
        if name != SETTINGS_VARIABLE and lines.nearest(name, [SETTINGS_VARIABLE]):
            why = f"Django reads {SETTINGS_VARIABLE}, and this line sets {name}"
            return Because(why, in_file(ENTRY, line))
    return None


@diagnosis("settings-not-named")
def settings_not_named(evidence: Evidence) -> str | None:
    if not needs_settings(evidence):
        return None
    return (
        f"nothing has set {SETTINGS_VARIABLE} by the time this line needs the settings; "
        "manage.py does so for its own commands, and a server does not run manage.py"
    )


@diagnosis("settings-named-elsewhere")
def settings_named_elsewhere(evidence: Evidence) -> str | None:
    """The module that ASGI_APPLICATION names leans on gs2/asgi.py, which no server imports then."""
    module = evidence.entry.partition(":")[0]
    error = evidence.raised("ImproperlyConfigured", "settings are not configured")
    names = [name for _, name, _ in lines.environment(evidence, ENTRY)]
    if error is None or evidence.kind != "server" or module == "gs2.asgi":
        return None
    if SETTINGS_VARIABLE not in names:
        return None
    return f"a server imports {module} alone, and the line that names the settings is in {ENTRY}"


@diagnosis("settings-module-wrong")
def settings_module_wrong(evidence: Evidence) -> Because | None:
    error = evidence.raised("ModuleNotFoundError")
    named = evidence.facts.get("settings_module") or ""
    found = re.match(r"No module named '([^']+)'", error["text"]) if error else None
    if not found or not (named == found[1] or named.startswith(found[1] + ".")):
        return None
    why = f"{SETTINGS_VARIABLE} is {named!r}, and your site has no module {found[1]}"
    return Because(why, line_with(evidence, ENTRY, named))


@diagnosis("settings-configured-by-hand")
def settings_configured_by_hand(evidence: Evidence) -> Because | None:
    settings = evidence.facts.get("settings") or {}
    if evidence.kind != "settings" or settings.get("SETTINGS_MODULE", "") is not None:
        return None
    why = "settings.configure() gives Django settings of its own, so no module that is named counts"
    return Because(why, line_with(evidence, ENTRY, "configure("))


@diagnosis("settings-forced")
def settings_forced(evidence: Evidence) -> Because | None:
    if evidence.kind != "settings":
        return None
    why = (
        f"the site sets {SETTINGS_VARIABLE} even where the environment has set it; "
        "setdefault leaves that value alone"
    )
    for file in (ENTRY, "gs2/__init__.py", "gs2/settings.py"):
        for number in lines.naming(evidence, file, SETTINGS_VARIABLE):
            if ".setdefault(" not in line_text(evidence, in_file(file, number)):
                return Because(why, in_file(file, number))
    return Because(why)


@diagnosis("models-before-setup")
def models_before_setup(evidence: Evidence) -> Because | None:
    if not evidence.raised("AppRegistryNotReady") or not entry_line(evidence):
        return None
    why = f"this line leads to a model, and models can be imported only after {MAKER}() has run"
    why += not_by_manage(evidence, "set Django up")
    return Because(why, in_file(ENTRY, entry_line(evidence)))


@diagnosis("application-missing")
def application_missing(evidence: Evidence) -> Because | str | None:
    for link in evidence.error:
        if link["text"] == "module 'gs2.asgi' has no attribute 'application'":
            near = lines.nearest("application", evidence.facts.get("names") or [])
            dropped = 0 if near else call_dropped(evidence, ENTRY, MAKER)
            if dropped:
                why = (
                    f"line {dropped} calls {MAKER}() and does not keep what it returns; a server "
                    "asks this file for the name application"
                )
                return Because(why, in_file(ENTRY, dropped))
            other = f" (it has one called {near})" if near else ""
            other = other or (
                "; there is another file, asgi.py" if "asgi.py" in evidence.tree else ""
            )
            return (
                f"a server asks this file for the name application, and nothing here has it{other}"
            )
    return None


@diagnosis("application-is-wsgi")
def application_is_wsgi(evidence: Evidence) -> Because | None:
    told = evidence.facts.get("application", {})
    kinds = [told.get("kind"), *(inner.get("kind") for inner in told.get("inner", ()))]
    if "WSGIHandler" not in kinds or not evidence.raised("TypeError", "WSGIHandler.__call__()"):
        return None
    why = f"get_wsgi_application makes Django's callable for WSGI; {MAKER} makes the one for ASGI"
    return Because(why, line_with(evidence, ENTRY, "wsgi"))


@diagnosis("application-not-called")
def application_not_called(evidence: Evidence) -> Because | None:
    is_maker = evidence.facts.get("application", {}).get("name") == MAKER
    if not is_maker or not evidence.raised("TypeError", f"{MAKER}() takes 0 positional"):
        return None
    why = f"application is the function {MAKER} itself; the callable is what a call of it returns"
    return Because(why, line_with(evidence, ENTRY, "application ="))


@diagnosis("application-not-callable")
def application_not_callable(evidence: Evidence) -> Because | None:
    kind = evidence.facts.get("application", {}).get("kind", "")
    if not evidence.raised("TypeError", f"'{kind}' object is not callable") or not kind:
        return None
    named = "None" if kind == "NoneType" else f"of type {kind}"
    why = f"application is {named}, and a server has to be able to call it"
    return Because(why, in_file(ENTRY, lines.assigned(evidence, ENTRY).get("application", 0)))


@diagnosis("application-is-class")
def application_is_class(evidence: Evidence) -> Because | None:
    told = evidence.facts.get("application", {})
    name = str(told.get("name", ""))
    called = re.compile(rf"{re.escape(name)}(\.__init__)?\(\) takes ")
    if told.get("kind") != "class" or not any(
        called.match(link["text"]) for link in evidence.error
    ):
        return None
    why = f"application is the class {name} itself; a server calls what it makes, {name}(…)"
    place = in_file(ENTRY, lines.assigned(evidence, ENTRY).get("application", 0))
    return Because(why, place)


@diagnosis("application-argument-names")
def application_argument_names(evidence: Evidence) -> Because | None:
    for link in evidence.error:
        found = re.match(r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'", link["text"])
        if found and found[2] in ("scope", "receive", "send") and evidence.status == 500:
            why = (
                "Daphne hands over its three arguments by name, so they have to be called "
                f"scope, receive and send, and {found[1]} has no {found[2]}"
            )
            return Because(why, line_with(evidence, ENTRY, f"def {found[1].split('.')[-1]}("))
    return None


@diagnosis("application-signature")
def application_signature(evidence: Evidence) -> Because | None:
    told = evidence.facts.get("application", {})
    if told.get("kind") != "function":
        return None
    for link in evidence.error[:1]:
        called = rf"{re.escape(told['name'])}\(\) (takes|missing) \d+ "
        if evidence.kind == "raised" and re.match(called, link["text"]):
            why = "a server calls application with three arguments: scope, receive and send"
            return Because(why, line_with(evidence, ENTRY, f"def {told['name']}("))
    return None


@diagnosis("application-not-async")
def application_not_async(evidence: Evidence) -> Because | None:
    told = evidence.facts.get("application", {})
    error = evidence.raised("TypeError", "can't be used in 'await' expression")
    if told.get("kind") != "function" or not error or any(f["work"] for f in error["frames"]):
        return None
    why = "a server awaits what application returns, so application has to be an async def"
    return Because(why, line_with(evidence, ENTRY, f"def {told['name']}("))


@diagnosis("application-taken-for-asgi-2")
def application_taken_for_asgi_2(evidence: Evidence) -> Because | None:
    told = evidence.facts.get("application", {})
    is_function = told.get("kind") == "function"
    called = told["name"] if is_function else f"{told.get('kind')}.__call__"
    missing = f"{called}() missing 2 required positional arguments"
    if evidence.status != 500 or not evidence.raised("TypeError", missing):
        return None
    what, make = ("a function", "application") if is_function else ("an object", "__call__")
    that = "that" if is_function else "whose __call__"
    why = (
        f"Daphne takes {what} {that} is no async def for one of ASGI 2, and calls it with the "
        f"scope alone: make {make} an async def that awaits"
    )
    words = ("lambda",) if called == "<lambda>" else (f"def {called.rpartition('.')[2]}(",)
    return Because(why, line_with(evidence, ENTRY, *words))
