"""What a run would do: asked of the same resources that the run uses, and nothing is changed."""
