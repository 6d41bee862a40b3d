"""Which path is answered by what over WebSocket."""

from django.urls import path, re_path

from myapp import chat, consumers, guards, outage, reporting, shared, trap

websocket_urlpatterns = [
    path("ws/hello/", consumers.hello),
    path("ws/sc/", consumers.MySyncConsumer.as_asgi()),
    path("ws/ac/", consumers.MyAsyncConsumer.as_asgi()),
    path("ws/trap/", trap.TrapConsumer.as_asgi()),
    path("ws/report/", reporting.ReportConsumer.as_asgi()),
    path("ws/shared/", shared.shared),
    path(
        "ws/chat/<slug:room>/",
        guards.FewPerUser(outage.EndTogether(chat.ChatConsumer.as_asgi())),
    ),
    re_path("", guards.refuse),  # every other path, and therefore the last one
]
