"""What answers a client that asks for a report."""

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from myapp.reports import slow_report


class ReportConsumer(AsyncConsumer):
    """One connection that gets a report on each subject that it names.

    In from the client: the subject, as text
    Out to the client:  the report, as text
    """

    async def websocket_connect(self, event: dict) -> None:
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event: dict) -> None:
        report = slow_report(event.get("text") or "nothing")
        await self.send({"type": "websocket.send", "text": report})

    async def websocket_disconnect(self, event: dict) -> None:
        raise StopConsumer()
