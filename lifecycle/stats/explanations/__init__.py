"""What explanations are made of: rankings of columns, effects along a column, columns alike."""
