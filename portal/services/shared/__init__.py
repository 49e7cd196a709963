"""What several capabilities stand on."""
