"""How do files of other tools become messages."""
