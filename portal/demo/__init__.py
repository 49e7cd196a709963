"""Everything `portal demo` needs on one machine: a database of its own, a pretended eID, and people to try it with."""
