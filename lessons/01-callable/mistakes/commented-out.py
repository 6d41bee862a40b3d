# """
# WSGI config for gs2 project.
# """
# import os
# from django.core.wsgi import get_wsgi_application
# os.environ['DJANGO_SETTINGS_MODULE'] = 'gs.settings'
# application = get_wsgi_application()
# import django
# django.setup()
# from channels.routing import get_default_application
# application = get_default_application()

"""
ASGI config for gs2 project.

It exposes the ASGI callable as a module-level variable named ``application``.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')  # noqa

application = get_asgi_application()  # hier beginnt Django · यहाँ से शुरू
