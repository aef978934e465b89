"""How well does a model do where outcomes are known."""
