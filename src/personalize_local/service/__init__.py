"""The service: the resource graph of Amazon Personalize, its rules and its life cycles."""
