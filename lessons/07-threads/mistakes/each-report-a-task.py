import asyncio

from channels.generic.websocket import AsyncWebsocketConsumer

from myapp.reports import slow_report


class ReportConsumer(AsyncWebsocketConsumer):
    tasks = set()

    async def receive(self, text_data=None, bytes_data=None):
        task = asyncio.create_task(self.report(text_data))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def report(self, subject):
        loop = asyncio.get_running_loop()
        await self.send(text_data=await loop.run_in_executor(None, slow_report, subject))
