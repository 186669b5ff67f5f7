"""The price list: `prices.toml`, or another file of the same form."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

HOURS_OF_A_DAY: Final = 24
HOURS_OF_A_MONTH: Final = 730
"""As AWS counts: a twelfth of a year."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Model):
    """From so many units in a month on, the rest has another price."""

    # `from` is a word of Python.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.rstrip("_"),
        populate_by_name=True,
    )

    from_: int
    amount: float


class Price(_Model):
    """`amount` for each `per` units."""

    amount: float
    per: int = 1
    unit: str
    confirmed: bool = False
    tiers: tuple[Tier, ...] = ()

    def of(self, units: float) -> float:
        """What so many units cost, at the first price."""
        return units / self.per * self.amount

    def of_month(self, units: float) -> float:
        """What so many units in one month cost."""
        starts = [0, *(tier.from_ for tier in self.tiers)]
        ends = [*starts[1:], float("inf")]
        amounts = [self.amount, *(tier.amount for tier in self.tiers)]
        return sum(
            max(0.0, min(units, end) - start) / self.per * amount
            for start, end, amount in zip(starts, ends, amounts, strict=True)
        )

    def __str__(self) -> str:
        unit = f"{self.per:,} {self.unit}" if self.per > 1 else self.unit.removesuffix("s")
        return f"${self.amount:g} per {unit}"


class Source(_Model):
    """Where the prices are from, and of which day."""

    url: str
    date: date
    how: str


class PriceList(_Model):
    """All prices, by region and by what is charged."""

    source: Source
    regions: dict[str, dict[str, Price]]
    unknown: dict[str, str] = {}

    def price(self, region: str, what: str) -> Price | None:
        """None: it is not known."""
        return self.regions.get(region, {}).get(what)


class PricesInvalid(Exception):  # noqa: N818
    """A price list that cannot be used; the text says why."""


@cache
def price_list() -> PriceList:
    """The prices that come with this version."""
    return _read(files("personalize_pipeline.costs").joinpath("prices.toml").read_text("utf-8"))


def read_prices(path: Path) -> PriceList:
    """Prices of one's own.

    Raises:
        PricesInvalid: there is no such file, or it has another form.
    """
    try:
        return _read(path.read_text("utf-8"))
    except OSError as error:
        raise PricesInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PricesInvalid(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        wrong = "\n".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise PricesInvalid(f"{path} has not the form of a price list:\n{wrong}") from error


def _read(text: str) -> PriceList:
    document: dict[str, Any] = tomllib.loads(text)
    return PriceList.model_validate(document)
