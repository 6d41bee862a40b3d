"""What an ASGI server imports: a callable named application."""
