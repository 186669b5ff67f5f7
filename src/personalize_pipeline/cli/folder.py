"""A folder with a params.json and its data, and where its files go in the bucket.

    FOLDER/params.json                       s3://bucket/PREFIX/params.json
    FOLDER/data/Interactions/*.csv           s3://bucket/PREFIX/Interactions/*.csv
    FOLDER/data/batch/SOLUTION/*             s3://bucket/PREFIX/batch/SOLUTION/*
    FOLDER/data/deletions/**                 s3://bucket/PREFIX/deletions/**

`data/` may be left out: the dataset folders may lie beside params.json, as they do in the bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.params.batch import INPUT
from personalize_pipeline.params.data_jobs import DELETIONS

PARAMS = "params.json"
DATASETS = ("Interactions", "Items", "Users", "Actions", "ActionInteractions")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder to run."""

    path: Path
    file: str = PARAMS

    @property
    def params(self) -> Path:
        return self.path / self.file

    @property
    def data(self) -> Path:
        """Where the dataset folders are."""
        return self.path / "data" if (self.path / "data").is_dir() else self.path

    @property
    def datasets(self) -> list[str]:
        """The dataset folders there are, and those with lines for batch jobs and users to delete."""
        batch = self.data / INPUT
        solutions = sorted(path.name for path in batch.iterdir() if path.is_dir()) if batch.is_dir() else []
        names = [*DATASETS, *(f"{INPUT}/{name}" for name in solutions), DELETIONS]
        return [name for name in names if (self.data / name).is_dir()]

    def files(self) -> Iterator[tuple[Path, str]]:
        """Each data file with its key under the prefix: what is read, see `reads`."""
        for dataset in self.datasets:
            for path in sorted((self.data / dataset).rglob("*")):
                key = path.relative_to(self.data).as_posix()
                if path.is_file() and not path.name.startswith(".") and reads(dataset, key):
                    yield path, key


def reads(folder: str, key: str) -> bool:
    """Whether a file is read; of datasets and batch jobs those on the first level, of deletions all."""
    return folder == DELETIONS or "/" not in key.removeprefix(f"{folder}/")


def find_params(path: Path) -> Folder:
    """The folder at `path`, or that of the params file at `path`, which may have any name.

    Raises:
        CommandError: it is neither, or the folder has no params.json.
    """
    if path.is_file():
        return Folder(path.parent, path.name)
    if not path.is_dir():
        raise CommandError(
            f"{path} is not there. Give a folder with a {PARAMS} and its data, or a params file."
        )
    return find(path)


def find(path: Path) -> Folder:
    """The folder at `path`.

    Raises:
        CommandError: it is none, or has no params.json.
    """
    folder = Folder(path)
    if not path.is_dir():
        raise CommandError(f"{path} is not a folder. Give one with a {PARAMS} and its data.")
    if not folder.params.is_file():
        raise CommandError(f"{path} has no {PARAMS}. README.md shows one; so does example/{PARAMS}.")
    return folder
