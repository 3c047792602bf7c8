"""The tests of the product; the tree under here mirrors `webapp`."""
