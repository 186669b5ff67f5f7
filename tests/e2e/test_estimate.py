"""`personalize estimate` before, the mail after: what it costs on AWS, by one price list."""

import json
import re
from pathlib import Path
from typing import Any

from tests.support.command import folder_with, personalize
from tests.support.deployed_stack import DeployedStack, params

SIMILAR = "arn:aws:personalize:::recipe/aws-similar-items"


def shop(name: str) -> dict[str, Any]:
    document = params(name)
    document["solutions"][0]["campaigns"][0]["minProvisionedTPS"] = 2
    document["solutions"].append(
        {"name": f"{name}-similar", "recipeArn": SIMILAR, "campaigns": [{"name": f"{name}-similar"}]}
    )
    return document


def test_what_is_estimated_before_is_in_the_mail_after(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(tmp_path, "priced", shop("priced"))

    code, text, err = personalize(stack, "estimate", folder)
    assert code == 0, err
    assert "1,500 interactions" in text
    assert "$0.24 per training hour; how many training hours it takes shows only afterwards" in text
    # 2 requests per second at $0.15 per 1,000; 1 at $0.0556
    assert "$25.92 a day" in text
    assert "$4.80 a day" in text
    code, out, _ = personalize(stack, "estimate", folder, "--json")
    found = json.loads(out)
    assert found["once"] == round(found["costs"][0]["once"] + 1500 / 1000 * 0.002, 6)
    assert found["daily"] == round(24 * 3.6 * (2 * 0.15 + 0.0556), 6)

    code, mail, err = personalize(stack, "run", folder)
    assert code == 0, err
    costs = mail[mail.index("What it costs on AWS") :].split("\n\nThe run\n")[0]
    assert re.search(r"1,500 interactions +\$0.002 per 1,000 interactions", costs)
    assert "$0.24 per training hour" in costs
    assert "shows only afterwards" not in costs  # now it is known
    assert "then $30.72 a day ($935 a month)." in costs


def test_what_is_not_known_is_named(stack: DeployedStack, tmp_path: Path):
    folder = folder_with(tmp_path, "far", params("far"))

    code, text, _ = personalize(stack, "estimate", folder, "--region", "eu-north-1")

    assert code == 0
    assert "campaign far-for-you: no price for eu-north-1 is known here" in text
    assert "So nothing can be said about the sum." in text
