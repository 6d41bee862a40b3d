from myapp.consumers.both import MyAsyncConsumer, MySyncConsumer


async def hello(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    while (await receive())["type"] != "websocket.disconnect":
        pass
