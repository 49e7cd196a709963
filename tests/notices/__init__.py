"""What people are told of by mail."""
