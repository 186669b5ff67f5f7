"""Values of the command's options that are more than a word: `--durations`, `--quota`."""

from __future__ import annotations

import argparse
import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from personalize_local.service.durations import (
    ATTRIBUTION_SECONDS,
    INCREMENTAL_UPDATE_SECONDS,
    PUT_RECORDS_SECONDS,
    TREND_UPDATE_SECONDS,
    realistic,
)
from personalize_local.service.settings import Quotas
from personalize_rules.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


def durations(text: str) -> dict[str, Any]:
    """`realistic`, or `realistic/60` for sixty times as fast, as values of Settings.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    word, slash, divisor = text.partition("/")
    try:
        speed = float(divisor) if slash else 1.0
    except ValueError:
        speed = math.nan
    if word != "realistic" or not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a choice: realistic, or realistic/SPEED with a number such as realistic/60"
        )
    return {
        "durations": realistic(speed),
        "incremental_update_seconds": INCREMENTAL_UPDATE_SECONDS / speed,
        "put_records_seconds": PUT_RECORDS_SECONDS / speed,
        "trend_update_seconds": TREND_UPDATE_SECONDS / speed,
        "attribution_seconds": ATTRIBUTION_SECONDS / speed,
    }


def quota(text: str) -> tuple[str, int]:
    """`NAME=VALUE`, as a field of Quotas and its value.

    Raises:
        argparse.ArgumentTypeError: no such quota, or no whole number from 0.
    """
    name, _, value = text.partition("=")
    known = _names()
    if name not in known:
        raise argparse.ArgumentTypeError(
            f"'{name}' is no quota.{did_you_mean(name, known)} --list-quotas shows all, and their values"
        )
    if not value.isdecimal() or not value.isascii():
        raise argparse.ArgumentTypeError(f"'{text}': give a whole number, as in {name}={_default(name)}")
    return known[name], int(value)


def quotas(chosen: Sequence[tuple[str, int]]) -> Quotas:
    """Amazon's quotas with the chosen ones instead; of two values for one the last counts."""
    return replace(Quotas(), **dict(chosen))


def listed_quotas() -> str:
    """All quotas that can be chosen, one per line, with Amazon's values."""
    return "\n".join(f"{name:<44}{_default(name):>15,}" for name in _names())


def _names() -> dict[str, str]:
    return {field.name.replace("_", "-"): field.name for field in fields(Quotas)}


def _default(name: str) -> int:
    return int(getattr(Quotas(), _names()[name]))
