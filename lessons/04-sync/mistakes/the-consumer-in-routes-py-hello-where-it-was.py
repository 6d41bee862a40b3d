from django.urls import path
from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer
from .consumers import *
from myapp import consumers


class Sync(SyncConsumer):
    n = 0
    def websocket_connect(self, e):
        self.send({'type': 'websocket.accept'})
    def websocket_receive(self, e):
        self.n += 1
        t = e.get('text')
        b = e.get('bytes')
        if t is not None: self.send({'type': 'websocket.send', 'text': f'{self.n}: {t}'})
        elif b is not None: self.send({'type': 'websocket.send', 'bytes': f'{self.n}: '.encode('utf-8') + b})
    def websocket_disconnect(self, e):
        print('disconnected...', e)
        raise StopConsumer()


websocket_urlpatterns = (
    path('ws/hello/', consumers.hello),
    path('ws/sc/', Sync.as_asgi()),
)
