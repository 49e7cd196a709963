"""What keeps an installation in order, beside all cases."""
