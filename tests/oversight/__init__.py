"""The audit trail: who looked, what leaders and auditors see, and whether somebody falsified it."""
