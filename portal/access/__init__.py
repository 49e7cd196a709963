"""Who may do what, and who you are."""
