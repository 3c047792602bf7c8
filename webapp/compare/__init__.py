"""Two runs into one comparison: with what, of which devices and cases, logs and results."""
