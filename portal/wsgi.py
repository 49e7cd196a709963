"""What gunicorn loads: `portal.wsgi:app`."""

import gc

from portal import create_app, logs

logs.configure()
app = create_app()

# What is loaded by now stays until the process ends: looking through it for garbage again and again finds none.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
