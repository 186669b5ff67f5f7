"""The mail at the end of a run: what was built and how good it is, or what failed and what to do about it.

Plain text, because SNS sends nothing else. A pure function: the same input and time give the same mail. What
it says is in one module per subject; which of them a mail has, in which order, is in `run` and `deletion`.
"""

from datetime import datetime

from personalize_pipeline.reporting.mail.deletion import deletion_mail
from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.frame import Mail
from personalize_pipeline.reporting.mail.run import run_mail
from personalize_pipeline.reporting.mail.text import duration

__all__ = ["Ending", "Mail", "write_mail"]


def write_mail(ending: Ending, now: datetime, *, console: bool = True) -> Mail:
    """Write the mail of a run that ends `now`.

    `console`: whether there is an AWS console to link to; on the local stack commands are given instead.
    """
    took = duration(now - ending.run.start_time)
    write = deletion_mail if ending.deletes else run_mail
    return write(ending, took, console=console)
