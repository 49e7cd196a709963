"""The door that word processors come through."""
