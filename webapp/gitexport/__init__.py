"""How runs get into Git, and whether a repository can be reached at all."""
