"""manage.py seed_demo: two users to try the chat with."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

# Everybody who has this course knows these passwords.
PASSWORDS = {"ana": "ana-learns", "ben": "ben-learns"}


class Command(BaseCommand):
    help = "Makes the users ana and ben, with passwords that everybody knows."

    def handle(self, **options: object) -> None:
        self.refuse_where_it_harms()
        for name, password in PASSWORDS.items():
            self.stdout.write(told_of(name, password))
        self.stdout.write(
            "Start the site and open /chat/tea/ in two windows, one of them a private one: "
            "a window knows one user."
        )

    def refuse_where_it_harms(self) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "DEBUG is False, so this may be a public site, and everybody knows the passwords "
                "of these users. Make users of your own: manage.py createsuperuser"
            )
        if get_user_model()._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The database has no table of users yet. First: manage.py migrate")


def told_of(name: str, password: str) -> str:
    """Makes the user where there is none of this name; what can be said of the user then."""
    users = get_user_model().objects
    user = users.filter(username=name).first() or users.create_user(name, password=password)
    # One of the same name and another password is somebody's own. A password that is set again
    # would also end the user's sessions.
    if not user.check_password(password):
        return f"{name} is here already, with a password of your own, which stays."
    return f"{name} logs in with the password {password}"
