"""How much Amazon Personalize takes at once, as far as sizes and beginnings of files tell it before a run.

Only what holds for every account, and for a first import, which is always a full one. The rest an import
looks at itself (`resources/dataset_import.py`): a plan says it, and a run before its import job.
"""

from collections.abc import Iterator, Mapping, Sequence

from personalize_pipeline.data.batch_lines import Lines
from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Problem

_OF_EVENTS = frozenset({DatasetType.INTERACTIONS, DatasetType.ACTION_INTERACTIONS})


def check_import(
    kind: DatasetType | None, location: str, heads: Mapping[str, bytes], total_bytes: int
) -> Iterator[Problem]:
    """Check how much there is to import; `heads` are the beginnings of all files by name."""
    most = quotas.FULL_IMPORT_SIZE_RAISED if kind in _OF_EVENTS else quotas.FULL_IMPORT_SIZE
    if total_bytes > most:
        message = f"{total_bytes:,} bytes; Amazon Personalize takes at most {most:,} in an import."
        yield Problem(location, message, "Leave out what is not needed.")
    if kind != DatasetType.INTERACTIONS or sum(map(len, heads.values())) < total_bytes:
        return  # how many there are in large files is not known without reading them
    # A value may have line breaks: there are as many rows or fewer.
    rows = sum(sum(bool(line.strip()) for line in head.splitlines()[1:]) for head in heads.values())
    if rows < quotas.INTERACTIONS_PER_IMPORT:
        least = f"{quotas.INTERACTIONS_PER_IMPORT:,}"
        message = f"{rows:,} interactions; Amazon Personalize takes {least} or more in an import."
        yield Problem(location, message, "Add the data that is missing.")


def check_batch(lines: Lines, heads: Mapping[str, bytes], sizes: Sequence[int]) -> Iterator[Problem]:
    """Check how much a batch job is asked; `heads` are the beginnings of its files by name."""
    if len(sizes) > quotas.BATCH_FILES:
        message = f"{len(sizes):,} files; a batch job takes at most {quotas.BATCH_FILES:,}."
        yield Problem(lines.location, message, "Join them, or divide them among several jobs.")
    if sum(sizes) > quotas.BATCH_SIZE:
        message = f"{sum(sizes):,} bytes; a batch job takes at most {quotas.BATCH_SIZE:,}."
        yield Problem(lines.location, message, "Divide them among several jobs.")
    for name, head in heads.items():
        if lines.most is not None and sum(bool(line.strip()) for line in head.split(b"\n")) > lines.most:
            message = f"more than {lines.most} lines; this is the most for such a job."
            yield Problem(name, message, "Divide them among several jobs.")
