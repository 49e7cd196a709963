"""Ways in and out: passwords, second factors, passkeys, eID, sessions."""
