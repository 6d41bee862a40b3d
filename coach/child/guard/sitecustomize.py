"""Python imports this by its name at its start, where PYTHONPATH holds this folder."""

import own_database  # type: ignore[import-not-found]  # beside this file, on that path

own_database.install()
