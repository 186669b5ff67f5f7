"""The role with which Personalize reads and writes for the pipeline."""

import os

from personalize_pipeline.resources.resource import Found


def role_of_the_stack() -> str:
    """Its ARN, for what the params file gives no role of its own."""
    return os.environ["PERSONALIZE_ROLE_ARN"]


def lacks_permission(found: Found) -> bool:
    """Whether it failed for what a role or a bucket does not allow."""
    return "privilege" in found.failure_reason.lower()
