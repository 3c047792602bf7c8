"""What runs the jobs: one adapter a task engine."""
