"""What the product computes: pure functions on arrays and counts."""
