"""Many users of the learner's site at once, each of them logged in."""

from typing import Any

PASSWORD = "!"  # none that anybody could have


def log_in(user: Any) -> Any:
    """A session of this user, which is not kept yet."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return session


def session_keys(count: int) -> list[str]:
    """The keys of so many sessions, each of a user of its own."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.models import Session

    users = get_user_model().objects
    made = users.bulk_create(
        users.model(username=f"visitor-{number}", password=PASSWORD) for number in range(count)
    )
    sessions = [log_in(user) for user in made]
    rows = [session.create_model_instance(dict(session.items())) for session in sessions]
    return [str(row.session_key) for row in Session.objects.bulk_create(rows)]
