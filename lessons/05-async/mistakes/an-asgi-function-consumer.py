async def counter(scope, receive, send):
    count = 0
    while True:
        event = await receive()
        if event["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif event["type"] == "websocket.disconnect":
            return
        else:
            count += 1
            if event.get("text") is not None:
                await send({"type": "websocket.send", "text": f"{count}: {event['text']}"})
            else:
                await send({"type": "websocket.send", "bytes": b"%d: %b" % (count, event["bytes"])})
