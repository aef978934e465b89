"""How sound a model is: compared on the same rows, tried on other rows, searched for weak spots."""
