"""The course's coach: everything behind `python -m coach`."""
