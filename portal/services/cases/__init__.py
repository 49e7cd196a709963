"""Cases: opened, found, begun from the front page, searched, moved between compartments."""
