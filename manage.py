#!/usr/bin/env python
"""Django's commands for this site: runserver, migrate, check and the others."""

import os
import sys


def main() -> None:
    """Runs the command that the command line names, with this site's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gs2.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise ImportError(
            "This Python cannot import Django. Run manage.py with the Python of the "
            "environment in which Django is installed."
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
