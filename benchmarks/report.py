"""Tables of measurements as Markdown: what is measured, the reference, our figure, their ratio, the bar."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One line. A bar is checked only where the run has the size that it is meant for.

    Attributes:
        what: is measured.
        reference, ours: with their units, as shown.
        ratio: of ours to the reference; None where they cannot be compared.
        bar: in words; empty without one.
        met: whether it is; None if there is none, or none for this size.

    """

    what: str
    reference: str
    ours: str
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None


@dataclass(slots=True)
class Report:
    """A table that grows."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Add a line."""
        self.rows.append(row)

    def print(self) -> int:
        """Print the table, and return an exit code: 1 if a bar is not met."""
        print(f"\n### {self.title}\n")
        print("| what | reference | ours | ratio | bar | |")
        print("|---|---|---|---|---|---|")
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            verdict = {True: "met", False: "**missed**", None: ""}[row.met]
            print(f"| {row.what} | {row.reference} | {row.ours} | {ratio} | {row.bar} | {verdict} |")
        return int(any(row.met is False for row in self.rows))
