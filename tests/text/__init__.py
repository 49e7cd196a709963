"""What people type: text, names, addresses, numbers."""
