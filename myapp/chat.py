"""What answers a browser in a room of the chat: the async way."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from myapp import guards, lines
from myapp.models import Line


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One browser's connection to one room, of a user who has logged in.

    In from the browser:           {"text": str}
    Out to this browser at first:  {"user": str, "text": str}, for each of the last lines, the
                                   oldest first
    Out to every browser in there: {"user": str, "text": str}
    Out to this browser:           {"error": str}, where a line was not said; the connection stays
                                   open, or is closed with a code that myapp/guards.py names
    """

    group = ""  # of no room yet

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.user = self.scope["user"]
        if not self.user.is_authenticated or len(self.room) > settings.CHAT_ROOM_MAX_CHARS:
            await self.close()
            return
        await self.accept()
        self.rate = guards.Rate(settings.CHAT_LINES_PER_S, settings.CHAT_BURST_LINES)
        await self.join()

    async def join(self) -> None:
        self.group = f"room.{self.room}"
        # First, so that no line falls between: one that is said meanwhile is in both.
        await self.channel_layer.group_add(self.group, self.channel_name)
        newest_first = [line async for line in Line.newest_of(self.room)]
        self.told = {line.id for line in newest_first}
        for line in reversed(newest_first):
            await self.send_json({"user": line.user, "text": line.text})

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.rate.allows():
            await self.slow_down()
            return
        # In the place of the base class's, which raises where a frame is not JSON.
        try:
            text = lines.read(text_data, settings.CHAT_LINE_MAX_CHARS)
        except lines.LineError as error:
            await self.send_json({"error": str(error)})
        else:
            await self.say(text)

    async def slow_down(self) -> None:
        if self.rate.refused < settings.CHAT_FLOOD_LINES:
            await self.send_json({"error": guards.too_fast()})
        elif self.rate.refused == settings.CHAT_FLOOD_LINES:
            await self.close(guards.TOO_MUCH)

    async def say(self, text: str) -> None:
        session = self.scope["session"]
        if not await session.aexists(session.session_key):
            await self.close(guards.LOGGED_OUT)
            return
        # Kept first: a line that somebody has heard is in the database.
        line = await Line.objects.acreate(room=self.room, user=self.user.get_username(), text=text)
        message = {"type": "chat.message", "id": line.id, "user": line.user, "text": line.text}
        await self.channel_layer.group_send(self.group, message)

    async def chat_message(self, event: dict) -> None:
        if event["id"] not in self.told:
            await self.send_json({"user": event["user"], "text": event["text"]})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)
