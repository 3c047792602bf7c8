"""What people see: pages that translate between the browser and the rooms below, and decide nothing."""
