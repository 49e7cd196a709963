"""Files and their versions: in, out, named, put in order, looked at."""
