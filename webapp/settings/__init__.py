"""What can be set, where its value comes from, and how its secrets are kept."""
