"""What programs talk to: version 1 of the HTTP API, which translates and decides nothing."""
