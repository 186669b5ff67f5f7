"""One module per kind of model, and what they share."""
