"""By which ways can somebody hear of a run: one module each, found by walking this folder; none knows another."""
