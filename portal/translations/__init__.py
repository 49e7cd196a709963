"""Texts of the portal in its languages. English is the language of the source, so only the others have catalogues."""
