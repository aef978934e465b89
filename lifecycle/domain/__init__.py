"""What the product talks about: immutable values and their rules, standard library only."""
