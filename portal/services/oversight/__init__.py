"""Who has looked, told to those it is about; and what administrators, leaders and auditors see."""
