"""One module for each verb of the coach; each has a click command called `command`."""
