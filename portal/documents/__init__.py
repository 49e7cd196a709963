"""Documents out of data, and data back in; no database."""
