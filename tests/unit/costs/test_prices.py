"""The price list: the only place with prices; what is not in it is unknown."""

import re
from pathlib import Path

import pytest

from personalize_pipeline.costs.prices import Price, PricesInvalid, Tier, price_list, read_prices

ROOT = Path(__file__).parents[3]
REGION = "us-east-1"


def shown(what: str) -> Price:
    price = price_list().price(REGION, what)
    assert price
    return price


def test_the_prices_in_the_readme_are_those_of_the_list():
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What it costs on AWS")[2]
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in section.partition("\n## ")[0].splitlines()
        if line.startswith("| ") and "$" in line
    ]
    v2, others = shown("requests-v2").of(3600), shown("requests").of(3600)

    assert rows == [
        ["data imported", str(shown("ingestion")), str(shown("ingestion"))],
        ["each training", str(shown("training-v2")), str(shown("training"))],
        ["recommendations", "$0.15 per 1,000", "$0.0556 per 1,000"],
        ["a campaign, for as long as it exists", f"up to ${v2:.2f} an hour", f"${others:.2f} an hour"],
    ]
    assert str(shown("requests-v2")) == "$0.15 per 1,000 requests"
    assert str(shown("requests")) == "$0.0556 per 1,000 requests"
    month = (v2 + others) * 730
    assert f"some ${month:.0f} a month" in " ".join(section.split())


def test_no_price_is_written_anywhere_else():
    amounts = {f"{price.amount:g}" for prices in price_list().regions.values() for price in prices.values()}
    pattern = re.compile(r"\$(" + "|".join(map(re.escape, amounts)) + r")\b")
    sources = [path for path in (ROOT / "src").rglob("*.py") if pattern.search(path.read_text("utf-8"))]

    assert sources == []


def test_more_in_a_month_is_cheaper():
    price = Price(
        amount=0.5, per=10, unit="requests", tiers=(Tier(from_=100, amount=0.2), Tier(from_=200, amount=0.1))
    )

    assert [price.of_month(units) for units in (50, 100, 150, 300)] == pytest.approx([2.5, 5, 6, 8])


def test_the_source_and_its_date_are_named_and_what_is_not_confirmed_is_marked():
    source = price_list().source

    assert source.url == "https://aws.amazon.com/personalize/pricing/"
    assert source.date.year >= 2026
    assert not shown("recommender").confirmed
    assert shown("ingestion").confirmed
    assert price_list().price("eu-west-1", "ingestion") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be read"),
        ("[source", "is no TOML"),
        ("[regions]", "source: Field required"),
    ],
    ids=["missing", "no TOML", "another form"],
)
def test_a_price_list_of_ones_own_that_cannot_be_used_says_why(tmp_path: Path, text: str | None, reason: str):
    file = tmp_path / "prices.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(PricesInvalid, match=re.escape(reason)):
        read_prices(file)
