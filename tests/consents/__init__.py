"""Consent: asked for, given, noted, taken back; and what opens or shuts without it, by law."""
