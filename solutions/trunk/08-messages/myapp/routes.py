"""Which path is answered by what over WebSocket."""

from django.urls import path

from myapp import chat, consumers, reporting, shared, trap

websocket_urlpatterns = [
    path("ws/hello/", consumers.hello),
    path("ws/sc/", consumers.MySyncConsumer.as_asgi()),
    path("ws/ac/", consumers.MyAsyncConsumer.as_asgi()),
    path("ws/trap/", trap.TrapConsumer.as_asgi()),
    path("ws/report/", reporting.ReportConsumer.as_asgi()),
    path("ws/shared/", shared.shared),
    path("ws/chat/<slug:room>/", chat.ChatConsumer.as_asgi()),
]
