"""What every test stands on: the finished site at the root of the repository, set up once."""

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "gs2.settings"
django.setup()
