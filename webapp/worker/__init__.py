"""What happens without anybody asking: background jobs, when they are due, and what runs them."""
