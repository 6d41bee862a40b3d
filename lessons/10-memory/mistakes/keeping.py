"""What is kept in the database, in a module that myapp/models.py imports."""

from typing import Self

from django.conf import settings
from django.db import models


class Line(models.Model):
    """One line that was said in a room."""

    room = models.SlugField(max_length=100)
    # The name at that time. A line outlives its writer's account; "" where nobody had a name yet.
    user = models.CharField(max_length=150, default="", blank=True)
    text = models.TextField()
    said_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} in {self.room}: {self.text}"

    @classmethod
    def newest_of(cls, room: str) -> models.QuerySet[Self]:
        """The last lines of a room, the newest first. No query is made yet."""
        return cls.objects.filter(room=room).order_by("-id")[: settings.CHAT_HISTORY_LINES]
