"""How far has a column moved: distances between two profiles, or two samples, of it."""
