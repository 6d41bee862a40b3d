"""Users of the site in the working directory, made where they are missing, and logged in.

python -m coach.notebook.users Ana Ben        {"Ana": "k3y…", "Ben": "…"}
"""

import json
import os
import sys

from coach.child.crowd import log_in


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")
    import django

    django.setup()
    from django.contrib.auth.models import User

    keys = {}
    for name in sys.argv[1:]:
        user, _ = User.objects.get_or_create(username=name)
        session = log_in(user)
        session.create()
        keys[name] = session.session_key
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
