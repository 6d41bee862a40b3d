async def counter(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    count = 0
    while True:
        event = await receive()
        count += 1
        if event.get("text") is not None:
            await send({"type": "websocket.send", "text": f"{count}: {event['text']}"})
        elif event.get("bytes") is not None:
            await send({"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])})
