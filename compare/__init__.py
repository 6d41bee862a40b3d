"""The laboratory: sync and async consumers, measured side by side on a real server."""
