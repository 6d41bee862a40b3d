from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.test import AsyncClient, TransactionTestCase

from gs2.asgi import application
from myapp.consumers import MySyncConsumer
from myapp.models import Line

HOME = (b"origin", b"http://localhost")


class ChatTests(TransactionTestCase):
    async def enter(self, name, room="tea"):
        user = await User.objects.acreate_user(name, password=name)
        client = AsyncClient()
        await client.aforce_login(user)
        session = client.cookies["sessionid"].value
        cookie = (b"cookie", b"sessionid=" + session.encode())
        browser = WebsocketCommunicator(application, f"/ws/chat/{room}/", [HOME, cookie])
        connected, _ = await browser.connect()
        self.assertTrue(connected)
        return browser

    async def say(self, browser, text):
        await browser.send_json_to({"text": text})
        told = await browser.receive_json_from()
        self.assertEqual(told["text"], text)

    async def test_rooms(self):
        cy = await self.enter("cy", "coffee")
        await self.say(cy, "hello")
        ana = await self.enter("ana")
        await self.say(ana, "secret")
        await self.say(cy, "marker")

    async def test_order(self):
        ana = await self.enter("ana")
        for text in ("a", "b", "c"):
            await self.say(ana, text)
        ben = await self.enter("ben")
        for text in ("a", "b", "c"):
            told = await ben.receive_json_from()
            self.assertEqual(told, {"user": "ana", "text": text})

    async def test_once(self):
        await self.say(await self.enter("ana"), "milk")
        self.assertEqual(await Line.objects.acount(), 1)

    async def test_heard_is_kept(self):
        await self.say(await self.enter("ana"), "milk")
        line = await Line.objects.alast()
        self.assertEqual(line.text, "milk")

    async def test_anonymous(self):
        browser = WebsocketCommunicator(application, "/ws/chat/tea/", [HOME])
        connected, code = await browser.connect()
        self.assertFalse(connected)

    async def test_leaving(self):
        ana = await self.enter("ana")
        await self.say(ana, "milk")
        await ana.disconnect()
        self.assertEqual(get_channel_layer().groups, {})

    async def test_error(self):
        ana = await self.enter("ana")
        await ana.send_to(bytes_data=b"tea")
        self.assertIn("error", await ana.receive_json_from())
        self.assertTrue(await ana.receive_nothing())

    async def test_counts(self):
        one = WebsocketCommunicator(MySyncConsumer(), "ws/sc/")
        await one.connect()
        await one.send_to("x")
        await one.receive_from()
        await one.disconnect()
        two = WebsocketCommunicator(MySyncConsumer.as_asgi(), "/ws/sc/")
        await two.connect()
        await two.send_to("x")
        self.assertEqual(await two.receive_from(), "1: x")
