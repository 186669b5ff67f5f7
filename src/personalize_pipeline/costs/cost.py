"""What one resource costs."""

from personalize_pipeline.context import Message


class Cost(Message):
    """What one resource costs. An amount that is absent is not known, if `unknown` says why, or not due."""

    resource: str
    name: str
    quantity: str = ""
    price: str = ""
    once: float | None = None
    hourly: float | None = None
    monthly: float | None = None
    unknown: str = ""
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In a few words: `$0.53`, `$0.54 an hour`, `unknown`."""
        if self.once is not None:
            return money(self.once)
        if self.hourly is not None:
            return f"{money(self.hourly)} an hour"
        return "unknown" if self.unknown else ""


def money(amount: float) -> str:
    """An amount in dollars; small ones with as many digits as say something."""
    if amount >= 100:
        return f"${amount:,.0f}"
    return f"${amount:.2f}" if amount >= 0.01 or amount == 0 else "less than $0.01"
