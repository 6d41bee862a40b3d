"""Makes users of the site in the working directory where they are missing, logs them in, and prints
their session keys.

python -m coach.notebook.users Ana Ben        {"Ana": "k3y…", "Ben": "…"}
"""

import json
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    keys = {}
    for name in sys.argv[1:]:
        user, _ = User.objects.get_or_create(username=name)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys[name] = session.session_key
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
