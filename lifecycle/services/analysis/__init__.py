"""What can be computed from files alone: drift, performance, fairness, quality."""
