"""Measurements of the whole product, as people meet it. `python -m bench` runs them all; README.md has the figures."""
