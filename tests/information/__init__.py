"""What the foot of every page leads to."""
