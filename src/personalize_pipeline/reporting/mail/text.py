"""How a mail in plain text looks: sections, tables, durations."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

# SNS takes 256 KB; but the mail is in the function's answer too, with the cause, and Step Functions takes
# 256 KiB of that: more would end the execution with an error that no state can catch.
MAX_BODY_BYTES = 100_000
_CUT = "\n\n(The rest is left out: the history of the execution has all of it.)\n"


def join(*sections: str) -> str:
    """The sections that are not empty, one after the other, cut to what can be sent."""
    text = "\n\n".join(section for section in sections if section) + "\n"
    if len(text.encode()) <= MAX_BODY_BYTES:
        return text
    return text.encode()[: MAX_BODY_BYTES - len(_CUT)].decode(errors="ignore") + _CUT


def section(title: str, lines: Iterable[str]) -> str:
    """A section with an underlined title; without lines, nothing."""
    text = "\n".join(lines).rstrip("\n")
    return f"{title}\n{'-' * len(title)}\n{text}" if text else ""


def bullet(text: str) -> str:
    """An entry of a list; further lines of it are indented."""
    return "- " + text.replace("\n", "\n  ")


def indent(text: str) -> list[str]:
    """The lines of a text, indented."""
    return [f"  {line}" for line in text.splitlines()]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side; those with numbers under a heading to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [all(_numeric(cell) for cell in column[1:]) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if numbers else cell.ljust(width)
            for cell, width, numbers in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _numeric(cell: str) -> bool:
    return cell == "-" or cell.replace(".", "", 1).lstrip("+-").isdigit()


def amount(number: float) -> str:
    """A number as people write it, with at most three decimals."""
    if 0 < number < 0.001:
        return "less than 0.001"
    return f"{number:,.3f}".rstrip("0").rstrip(".")


def duration(time: timedelta) -> str:
    """A duration as people say it: `1 h 5 min`."""
    seconds = max(0, round(time.total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
