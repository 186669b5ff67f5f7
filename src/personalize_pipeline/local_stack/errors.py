"""What can go wrong with the local stack, in the words of the person who typed the command."""


class LocalStackError(Exception):
    """The local stack could not be set up, started or stopped; the text says why and what to do."""
