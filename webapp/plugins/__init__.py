"""How does anything plug in: registries of what packages, entry points and allowed paths offer."""
