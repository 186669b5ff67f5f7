"""Users that were deleted, datasets that were exported, and what is counted."""

from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.text import section


def deletions(ending: Ending) -> str:
    """The data deletion jobs: how much went, and what that means."""
    lines: list[str] = []
    for item in ending.of("DataDeletionJob"):
        how = "done in an earlier run, and nothing was imported since" if item.did == "reused" else "this run"
        lines += [
            f"{item.name}: {item.details.get('numDeleted', 0):,} records ({how})",
            f"  users named in {item.details.get('input')}",
        ]
    return section("Users that were deleted", lines)


def exports(ending: Ending) -> str:
    """The dataset export jobs."""
    lines: list[str] = []
    for item in ending.of("DatasetExportJob"):
        earlier = ", an earlier run: nothing was imported or deleted since" if item.did == "reused" else ""
        lines += [
            f"{item.name} ({item.details.get('ingestionMode')}{earlier})",
            f"  wrote    {item.details.get('output')}",
        ]
    return section("Exports, and where they are", lines)


def attributions(ending: Ending) -> str:
    """The metric attribution: what is counted, where it is seen, and how events get into it."""
    lines: list[str] = []
    for item in ending.of("MetricAttribution"):
        lines += [f"{item.name} ({item.did or item.status})", f"  {item.arn}"]
        lines += [
            f"  {metric['metricName']}: {metric['expression']} of {metric['eventType']} events"
            for metric in item.details.get("metrics", ())
        ]
        output = item.details.get("output")
        lines.append(f"  in Amazon CloudWatch{f', and in {output}' if output else ''}")
        lines.append("  Send the recommendationId of the answer with each event (PutEvents).")
    return section("What recommendations bring about", lines)
