from asgiref.sync import ThreadSensitiveContext


def thread_per_connection(inner):
    async def application(scope, receive, send):
        async with ThreadSensitiveContext():
            return await inner(scope, receive, send)

    return application
