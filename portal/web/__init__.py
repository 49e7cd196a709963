"""What every page shares: the application, its guard, forms, layout and words."""
