"""What people are told of outside the portal: that there is something new, and no more."""
