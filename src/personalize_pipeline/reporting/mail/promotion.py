"""What the promotion gate decided: which campaigns moved to the new version, which kept theirs, and why."""

from personalize_pipeline.reporting.mail.ending import Ending, Outcome
from personalize_pipeline.reporting.mail.text import section
from personalize_pipeline.resources.resource import tail


def promotions(ending: Ending) -> str:
    """Each campaign that has a gate, with the numbers; and what to do about a version that was refused."""
    lines: list[str] = []
    for item in ending.of("Promotion"):
        lines += [f"{item.name}: {item.details.get('reason', '')}", *_way_out(item)]
    return section("Which campaigns moved to the new version, and which not", lines)


def summary(ending: Ending) -> str:
    """In a few words, what did not move; empty if all did."""
    decisions = [item.details.get("decision") for item in ending.of("Promotion")]
    said = []
    if "kept" in decisions:
        said.append("kept the previous version")
    if withheld := decisions.count("withheld"):
        said.append("a campaign was not made" if withheld == 1 else f"{withheld} campaigns were not made")
    return ", ".join(said)


def _way_out(item: Outcome) -> list[str]:
    version = tail(item.arn).rpartition("/")[2]
    match item.details.get("decision"):
        case "kept":
            return [f"  To serve the new one nevertheless: personalize promote {item.name} {version}"]
        case "withheld":
            return ["  Lower solutions[].promotion or improve the data, and upload the params file again."]
    return []
