"""Consent: asked for, declared, taken back, what it opens; and what opens without it, by law."""
