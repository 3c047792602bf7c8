"""Who is asking: people, their passwords, sessions and tokens, and the record of what they changed."""
