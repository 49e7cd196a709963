"""Who you are: sessions, passwords, national eIDs."""
