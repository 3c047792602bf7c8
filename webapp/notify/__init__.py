"""Who hears what of a run: the plan, what is said, by which channel, and what became of it."""
