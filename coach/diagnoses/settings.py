"""Causes in gs2/settings.py, as lesson 1 edits it: the list of apps, and ASGI_APPLICATION."""

import re

from coach.diagnoses import lines
from coach.diagnoses.catalogue import Because, diagnosis, in_file, line_with
from coach.diagnoses.lines import missing_module
from coach.diagnoses.syntax import line_text
from coach.evidence import Evidence, Told, shown

FILE = "gs2/settings.py"
SETTING = "ASGI_APPLICATION"
RIGHT = "gs2.asgi.application"


def settings_of(evidence: Evidence) -> Told:
    return evidence.facts.get("settings") or {}


def apps_of(evidence: Evidence) -> list[str]:
    """The entries of INSTALLED_APPS that are strings."""
    return [
        app for app in settings_of(evidence).get("INSTALLED_APPS") or () if isinstance(app, str)
    ]


def missing_app(evidence: Evidence) -> str:
    """The entry of INSTALLED_APPS whose module Python did not find, while it loaded the apps."""
    missing = missing_module(evidence)
    apps = apps_of(evidence) if missing else []
    return next((app for app in apps if app == missing or app.startswith(missing + ".")), "")


@diagnosis("comma-missing-between-apps")
def comma_missing(evidence: Evidence) -> Because | None:
    app = missing_app(evidence)
    line = lines.line_of_joined(evidence, FILE, app) if app else 0
    if not line:
        return None
    why = f"a comma is missing after this string, so Python joins it with the next one to {app!r}"
    return Because(why, in_file(FILE, line))


@diagnosis("app-name-misspelt")
def app_name_misspelt(evidence: Evidence) -> Because | None:
    app = missing_app(evidence)
    if not app:
        return None
    why = f"INSTALLED_APPS lists {app!r}, and no package of that name is installed or in your site"
    if len(app) == 1 and (line := lines.list_grown_by_string(evidence, FILE, "INSTALLED_APPS")):
        return Because(
            '+= adds the letters of a string one by one; it takes a list, ["…"]',
            in_file(FILE, line),
        )
    return Because(why, line_with(evidence, FILE, f'"{app}"', f"'{app}'"))


@diagnosis("app-listed-twice")
def app_listed_twice(evidence: Evidence) -> Because | None:
    error = evidence.raised("ImproperlyConfigured", "Application labels aren't unique")
    found = re.search(r"duplicates: (\w+)", error["text"]) if error else None
    if not found:
        return None
    why = f"INSTALLED_APPS lists {found[1]} twice"
    return Because(why, line_with(evidence, FILE, f'"{found[1]}"', f"'{found[1]}'"))


@diagnosis("apps-not-a-list")
def apps_not_a_list(evidence: Evidence) -> Because | None:
    if not evidence.raised(
        "ImproperlyConfigured", "INSTALLED_APPS setting must be a list or a tuple"
    ):
        return None
    why = "INSTALLED_APPS is no list; one string in parentheses is still a string"
    return Because(why, in_file(FILE, lines.assigned(evidence, FILE).get("INSTALLED_APPS", 0)))


@diagnosis("app-not-listed")
def app_not_listed(evidence: Evidence) -> Because | None:
    error = evidence.raised("RuntimeError", "isn't in an application in INSTALLED_APPS")
    found = re.match(r"Model class ([\w.]+)\.models\.", error["text"]) if error else None
    if not found or found[1] in apps_of(evidence):
        return None
    why = f"INSTALLED_APPS, as this line leaves it, lacks {found[1]}, whose models are in use"
    return Because(why, in_file(FILE, lines.assigned(evidence, FILE).get("INSTALLED_APPS", 0)))


@diagnosis("app-in-middleware")
def app_in_middleware(evidence: Evidence) -> Because | None:
    for link in evidence.error:
        found = re.match(r"(\w+) doesn't look like a module path", link["text"])
        line = lines.line_in_list(evidence, FILE, "MIDDLEWARE", found[1]) if found else 0
        if found and line:
            why = (
                "MIDDLEWARE lists classes by their dotted names; "
                f"{found[1]} is an app, and belongs in INSTALLED_APPS"
            )
            return Because(why, in_file(FILE, line))
    return None


@diagnosis("myapp-not-installed")
def myapp_not_installed(evidence: Evidence) -> Because | None:
    apps = apps_of(evidence)
    if evidence.status != 500 or not apps or any(app.split(".")[0] == "myapp" for app in apps):
        return None
    why = "myapp is not in INSTALLED_APPS, so Django does not look for the page's template in it"
    return Because(why, line_with(evidence, FILE, "INSTALLED_APPS"))


@diagnosis("host-not-allowed")
def host_not_allowed(evidence: Evidence) -> Because | None:
    allowed = settings_of(evidence).get("ALLOWED_HOSTS")
    if evidence.status != 400 or not isinstance(allowed, list) or "127.0.0.1" in allowed:
        return None
    why = "the page was asked of 127.0.0.1, and ALLOWED_HOSTS does not list that name"
    return Because(why, line_with(evidence, FILE, "ALLOWED_HOSTS"))


@diagnosis("daphne-not-installed")
def daphne_not_installed(evidence: Evidence) -> Because | None:
    apps = apps_of(evidence)
    if evidence.kind != "runserver" or any(app.split(".")[0] == "daphne" for app in apps):
        return None
    channels = '; "channels" does not bring one' if "channels" in apps else ""
    is_in = lines.line_in_list(evidence, FILE, "INSTALLED_APPS", "daphne")
    left = ", as this line leaves it" * bool(is_in)
    why = f'"daphne" is not in INSTALLED_APPS{left}, so runserver is the one of Django{channels}'
    line = lines.assigned(evidence, FILE).get("INSTALLED_APPS", 0)
    return Because(
        why, in_file(FILE, line) if line else line_with(evidence, FILE, "INSTALLED_APPS")
    )


@diagnosis("daphne-after-staticfiles")
def daphne_after_staticfiles(evidence: Evidence) -> Because | None:
    apps = [app.removesuffix(".apps.DaphneConfig") for app in apps_of(evidence)]
    both = [app for app in apps if app in ("daphne", "django.contrib.staticfiles")]
    is_silenced = evidence.kind == "runserver" and both[-1:] == ["daphne"] and len(both) == 2
    if "(daphne.E001)" not in evidence.output and not is_silenced:
        return None
    why = (
        "daphne has to come before django.contrib.staticfiles: "
        "the runserver of the app that is listed first counts"
    )
    return Because(why, line_with(evidence, FILE, '"daphne', "'daphne"))


def has_no_asgi_application(evidence: Evidence) -> bool:
    return evidence.raised("CommandError", f"You have not set {SETTING}") is not None


@diagnosis("asgi-application-outside-settings")
def asgi_application_outside_settings(evidence: Evidence) -> Because | None:
    if not has_no_asgi_application(evidence) or SETTING not in (evidence.facts.get("names") or ()):
        return None
    why = f"{SETTING} is set here, and Django looks for it in gs2/settings.py alone"
    return Because(why, line_with(evidence, "gs2/asgi.py", SETTING))


@diagnosis("asgi-application-misspelt")
def asgi_application_misspelt(evidence: Evidence) -> Because | None:
    if not has_no_asgi_application(evidence):
        return None
    names = lines.assigned(evidence, FILE)
    near = lines.nearest(SETTING, [name for name in names if name != "WSGI_APPLICATION"])
    if not near:
        return None
    return Because(
        f"the setting is called {SETTING}, and here it is {near}", in_file(FILE, names[near])
    )


@diagnosis("asgi-application-unset")
def asgi_application_unset(evidence: Evidence) -> Because | None:
    if not has_no_asgi_application(evidence):
        return None
    why = f"the settings have no {SETTING}, which tells runserver where the callable is"
    return Because(why, line_with(evidence, FILE, "ROOT_URLCONF"))


@diagnosis("channels-2-entry")
def channels_2_entry(evidence: Evidence) -> Because | None:
    asks_itself = lines.calls(evidence, "gs2/asgi.py", "get_default_application")
    if not asks_itself or settings_of(evidence).get(SETTING) != RIGHT:
        return None
    why = (
        f"get_default_application() reads {SETTING}, which leads back to this very file; "
        "get_asgi_application() makes the callable itself"
    )
    return Because(why, line_with(evidence, "gs2/asgi.py", "get_default_application("))


@diagnosis("asgi-application-wrong")
def asgi_application_wrong(evidence: Evidence) -> Because | None:
    named = settings_of(evidence).get(SETTING, RIGHT)
    if named == RIGHT or not (told := what_is_wrong_with(evidence, named)):
        return None
    why = f"{SETTING} is {shown(named)}, and {told}; the callable is {RIGHT}"
    line = lines.assigned(evidence, FILE).get(SETTING, 0)
    return Because(why, in_file(FILE, line) if line else line_with(evidence, FILE, SETTING))


def what_is_wrong_with(evidence: Evidence, named: object) -> str:
    """What keeps a server from the callable that ASGI_APPLICATION names, or nothing."""
    module, _, name = named.rpartition(".") if isinstance(named, str) else ("", "", "")
    if evidence.raised("ImproperlyConfigured", f"Cannot find {SETTING} setting"):
        return "it has to be a string: a module, a dot, and a name in that module"
    missing = missing_module(evidence)
    if missing and (module == missing or module.startswith(missing + ".")):
        return f"there is no module {missing}"
    finds = (
        f"Cannot find '{name}' in {SETTING} module",
        f"module '{module}' has no attribute '{name}'",
    )
    if any(text in link["text"] for link in evidence.error for text in finds):
        return f"the module {module} has nothing called {name!r}"
    uncalled = re.compile(
        r"get_asgi_application\(\) takes 0 positional|object is not callable|WSGIHandler"
    )
    is_asked = evidence.kind in ("http", "raised")
    if is_asked and any(uncalled.search(link["text"]) for link in evidence.error):
        return "what it names is no ASGI callable"
    return ""


@diagnosis("setting-missing")
def setting_missing(evidence: Evidence) -> Because | None:
    error = evidence.raised("AttributeError", "'Settings' object has no attribute")
    if error is None:
        return None
    name = error["text"].split("'")[-2]
    ours = [line_text(evidence, frame) for frame in error["frames"] if frame["work"]]
    asks = "your code asks for" if ours and name in ours[-1] else "Django needs"
    return Because(f"{asks} the setting {name}, and gs2/settings.py has none", in_file(FILE))


@diagnosis("manage-file-missing")
def manage_file_missing(evidence: Evidence) -> Because | None:
    if (
        "manage.py" in evidence.tree
        or evidence.kind != "server"
        or "manage.py'" not in evidence.output
    ):
        return None
    return Because(
        "there is no manage.py any more, and it is what starts runserver", in_file("manage.py")
    )


@diagnosis("manage-names-other-settings")
def manage_names_other_settings(evidence: Evidence) -> Because | None:
    missing = missing_module(evidence)
    if not missing or evidence.kind != "server":
        return None
    for line, name, value in lines.environment(evidence, "manage.py"):
        is_it = value == missing or value.startswith(missing + ".")
        if name == lines.SETTINGS_VARIABLE and is_it:
            why = f"manage.py names the settings module {value!r}, and there is no module {missing}"
            return Because(why, in_file("manage.py", line))
    return None
