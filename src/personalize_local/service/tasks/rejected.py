"""How a task says that its job fails, and not by a bug."""


class Rejected(Exception):  # noqa: N818 -- reads as what happened
    """The job fails, and not by a bug; the text is its failureReason."""
