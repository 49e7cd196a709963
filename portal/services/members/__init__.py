"""Who is in a case: the team, the family, the network, and what changes for them."""
