"""What a server serves for the laboratory: the site, and the laboratory's own paths beside it.

This folder is copied into the throw-away copy of the site as `compare_stage`, so it imports nothing
of the course.
"""
