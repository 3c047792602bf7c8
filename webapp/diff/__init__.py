"""How do two texts, two logs or two JSON values differ: pure engines on plain values, usable without the rest."""
