"""The lesson pages and the executed notebooks as one static site: what `make book` makes."""
