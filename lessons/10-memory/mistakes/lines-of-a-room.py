from django.conf import settings
from django.db import models


class Room(models.Model):
    name = models.SlugField(max_length=100, unique=True)


class Line(models.Model):
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    text = models.TextField()

    @classmethod
    def newest_of(cls, room):
        lines = cls.objects.filter(room__name=room).select_related("room")
        return lines.order_by("-id")[: settings.CHAT_HISTORY_LINES]
