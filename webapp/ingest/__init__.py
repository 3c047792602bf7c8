"""How facts come in: the only room that changes runs, attempts, results and logs."""
