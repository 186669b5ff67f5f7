"""Batch jobs: what they read, and where their results are."""

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.text import section
from personalize_pipeline.resources.resource import tail


def batch_jobs(ending: Ending) -> str:
    """All batch jobs of the run."""
    lines: list[str] = []
    for item in (*ending.of("BatchInferenceJob"), *ending.of("BatchSegmentJob")):
        lines += [
            f"{item.name} ({item.did or item.status})",
            f"  read     {item.details.get('input')}",
            f"  wrote    {item.details.get('output')}",
            f"  version  {tail(item.details.get('solutionVersionArn', ''))}",
            "",
        ]
    return section("Batch jobs, and where their results are", lines)
