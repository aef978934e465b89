"""What the product calls: model files, explainers, and the processes that run them."""
