"""Files: in, out, named, put in order, looked at, and their versions."""
