"""The verbs. Each checks the rule, changes rows, leaves a trace; the caller commits once."""
