"""Say what a folder costs on AWS before anything is made there."""

from pathlib import Path
from typing import Any

from personalize_pipeline.cli import checking
from personalize_pipeline.cli import folder as folders
from personalize_pipeline.cli.folder_data import FolderData
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.costs.estimate import Estimate, estimate
from personalize_pipeline.costs.prices import PricesInvalid, price_list, read_prices
from personalize_pipeline.params import read
from personalize_pipeline.params.plan import plan

_BUCKET = "input-bucket"  # where the folder will be; no stack is needed for an estimate


def look(path: Path, region: str, prices: Path | None) -> Estimate:
    """Price everything that the folder asks for.

    Raises:
        CommandError: the folder has problems, or the file with the prices.
    """
    folder = folders.find(path)
    if (report := checking.check(path)).problems:
        raise CommandError(report.error())
    made = plan(read(folder.params.read_bytes()), bucket=_BUCKET)
    try:
        listed = read_prices(prices) if prices else price_list()
    except PricesInvalid as error:
        raise CommandError(str(error)) from error
    return estimate(made, region, listed, FolderData(folder, _BUCKET).look)


def as_json(found: Estimate) -> dict[str, Any]:
    """The estimate for a script."""
    return {
        "region": found.region,
        "currency": "USD",
        "once": round(found.once, 6),
        "daily": round(found.daily, 6),
        "monthly": round(found.monthly, 6),
        "costs": [cost.output() for cost in found.costs],
        "prices": found.prices.source.model_dump(mode="json"),
    }
