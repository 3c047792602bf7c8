"""Where facts are kept: the only room that knows SQL."""
