"""What gunicorn loads for the pretended eID: `portal.demo.wsgi:app`."""

import os

from portal import logs
from portal.demo.eid import create_eid
from portal.settings import Settings

logs.configure()
_settings = Settings()
app = create_eid(_settings, _settings.data_dir, os.environ["EID_ISSUER"])
