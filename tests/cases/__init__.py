"""Cases: opened, found, begun, and the story of one from its opening on."""
