"""Who may what: the rules alone, readable without the rest. Pure: nothing here asks a clock or a database."""
