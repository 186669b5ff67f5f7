"""What a dataset holds on disk: the parts that were imported, and snapshots of them for training.

A manifest names the parts; every change writes new files and then replaces the manifest in one step, so
that a crash leaves the old state or the new one. Nothing is ever changed in place: who reads a file goes on
reading. An import only adds or replaces parts. Which record of an ID is the newest, and which interactions
are there twice, is found when a snapshot is made; snapshots are kept, and made once for the same data.

Source: Developer Guide, "Importing bulk records with a dataset import job", "Updating existing bulk data".
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from personalize_local.engine.atomic import publish, written
from personalize_local.engine.database import connect, name, text
from personalize_local.engine.dataset_rows import KEYS, DatasetRows, Part, write_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from personalize_rules.schemas import DatasetType, Schema

UNUSED_SECONDS: Final = 24 * 3600.0
"""Files that nothing names are deleted when not asked for in so long a time; no training takes longer."""

_MANIFEST = "dataset.json"


@dataclass(frozen=True, slots=True)
class _Manifest:
    version: str = ""
    order: int = 0
    parts: tuple[Part, ...] = ()
    removed: dict[str, int] = field(default_factory=dict)  # rows that `remove` has removed, by its token


class DatasetFiles:
    """The data of one dataset, in a folder of its own. Several processes may use it at the same time."""

    def __init__(self, folder: Path, schema: Schema, dataset_type: DatasetType) -> None:
        """Nothing is read or written yet; the folder is made by the first import.

        Args:
            folder: only this dataset's.
            schema: as it is now; columns that older parts do not have are null.
            dataset_type: decides what counts as a duplicate.

        """
        self._folder = folder
        self._schema = schema
        self._type = dataset_type

    @property
    def version(self) -> str:
        """Another text after each import, the same until then; empty before the first. For caches."""
        return self._manifest().version

    @property
    def order(self) -> int:
        """How many imports there were; see `dataset_rows.ORDER_KEY`."""
        return self._manifest().order

    @property
    def empty(self) -> bool:
        """Whether nothing was imported yet."""
        return not self._manifest().parts

    @property
    def rows(self) -> int:
        """Rows of all parts, duplicates included."""
        return sum(part.rows for part in self._manifest().parts)

    def full(self, imported: Path) -> None:
        """Replace all that was imported before by a Parquet file of `import_csv`, which is moved here."""
        self._add(imported, alone=True)

    def incremental(self, imported: Path) -> None:
        """Add a Parquet file of `import_csv`, which is moved here; its records replace those of their IDs."""
        self._add(imported, alone=False)

    def snapshot(self, extra_rows: Iterable[Mapping[str, Any]] = ()) -> Path:
        """Return a Parquet file with what the dataset holds, duplicates left out.

        Of items, users and actions that is the newest record of each ID, ordered by ID; of interactions the
        first of those that are equal in all columns, in the order of the imports. Columns are those of the
        schema. The file stays for `UNUSED_SECONDS` after the last call that returned it.

        Args:
            extra_rows: records that came one by one (PutEvents, PutItems, ...), the newest last, by column
                name. Missing columns are null, columns that the schema does not have are left out. With
                `dataset_rows.ORDER_KEY`, a record can be older than an import.

        """
        manifest = self._manifest()
        self._folder.mkdir(parents=True, exist_ok=True)
        columns = [(field.name, field.type) for field in self._schema.fields]
        extra = self._folder / f".{uuid4().hex}.ndjson"
        try:
            rows, extras = write_rows(extra, extra_rows, {column for column, _ in columns})
            digest = hashlib.sha256(json.dumps([manifest.version, columns, rows]).encode()).hexdigest()
            target = self._folder / f"snapshot-{digest[:32]}.parquet"
            if not target.exists():
                with connect() as connection, written(target) as temporary:
                    self._write_snapshot(connection, manifest, extra if extras else None, temporary)
            os.utime(target)
            return target
        finally:
            extra.unlink(missing_ok=True)

    def export(
        self,
        target: Path,
        extra_rows: Iterable[Mapping[str, Any]] = (),
        *,
        bulk: bool = True,
        newest: bool = False,
    ) -> int:
        """Write what the dataset holds to a CSV file that could be imported again; return its rows.

        Rows that are equal in all columns are there once, in the order in which they came.

        Args:
            target: the file, with a header of the names of the schema. It appears whole or not at all.
            extra_rows: records that came one by one, as for `snapshot`.
            bulk: whether what was imported is in it.
            newest: whether only the newest record of each ID is; has no meaning for interactions.

        """
        manifest = self._manifest()
        if not bulk:
            manifest = replace(manifest, parts=())
        extra = target.with_name(f".{uuid4().hex}.ndjson")
        try:
            _, extras = write_rows(extra, extra_rows, {field.name for field in self._schema.fields})
            with connect() as connection, written(target) as temporary:
                found = self._rows(connection, manifest, extra if extras else None)
                key = KEYS.get(self._type) if newest else None
                query = found.newest(key) if key else found.distinct(marked=found.mark_duplicates())
                [(rows,)] = connection.execute(
                    f"COPY ({query}) TO {text(temporary)} (FORMAT csv, HEADER true, QUOTE '\"', ESCAPE '\\')"
                ).fetchall()
            return int(rows)
        finally:
            extra.unlink(missing_ok=True)

    def remove(self, column: str, values: Path, token: str) -> int:
        """Remove the rows that have one of some values in a column from all parts; return how many they were.

        All of them are gone at once, or none is yet. Done again with the same token, it removes nothing and
        returns the number of the first time. Snapshots that were made before are left to `sweep`.

        Args:
            column: of text, such as USER_ID.
            values: a Parquet file with this column.
            token: of this removal.

        """
        with self._locked() if self._folder.is_dir() else nullcontext():
            manifest = self._manifest()
            if token in manifest.removed:
                return manifest.removed[token]
            parts = []
            with connect() as connection:
                connection.execute(
                    f"CREATE TABLE gone AS SELECT DISTINCT {name(column)} AS value"  # noqa: S608
                    f" FROM read_parquet({text(values)})"
                )
                parts = [self._without(connection, part, column) for part in manifest.parts]
            count = self.rows - sum(part.rows for part in parts)
            if manifest.parts:
                removed = {**manifest.removed, token: count}
                version = uuid4().hex if count else manifest.version
                self._replace(manifest, _Manifest(version, manifest.order, tuple(parts), removed))
        self.sweep()
        return count

    def _without(self, connection: DuckDBPyConnection, part: Part, column: str) -> Part:
        """Write a part anew without the rows of `gone`; the part itself if it has none of them."""
        source = f"read_parquet({text(self._folder / part.file)}, file_row_number = true)"
        known = f"{name(column)} IN (SELECT value FROM gone)"  # noqa: S608
        [(found,)] = connection.execute(f"SELECT count(*) FROM {source} WHERE {known}").fetchall()  # noqa: S608
        if not found:
            return part
        target = f"part-{uuid4().hex}.parquet"
        query = (
            f"SELECT * EXCLUDE file_row_number FROM {source}"  # noqa: S608
            f" WHERE {known} IS NOT TRUE ORDER BY file_row_number"
        )
        with written(self._folder / target) as temporary:
            connection.execute(f"COPY ({query}) TO {text(temporary)} (FORMAT parquet)")
        return Part(target, part.order, part.rows - int(found))

    def sweep(self, unused_seconds: float = UNUSED_SECONDS) -> None:
        """Delete files that belong to nothing: replaced parts, old snapshots, what a crash has left."""
        if not self._folder.is_dir():
            return
        named = {_MANIFEST, *(part.file for part in self._manifest().parts)}
        oldest = time.time() - unused_seconds
        for file in self._folder.iterdir():
            if file.name not in named and file.suffix != ".lock" and file.stat().st_mtime <= oldest:
                file.unlink(missing_ok=True)

    # Parts

    def _manifest(self) -> _Manifest:
        try:
            found = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return _Manifest()
        parts = tuple(Part(**part) for part in found["parts"])
        return _Manifest(found["version"], found["order"], parts, found.get("removed", {}))

    def _add(self, imported: Path, *, alone: bool) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with connect() as connection:
            [(rows,)] = connection.execute(f"SELECT count(*) FROM read_parquet({text(imported)})").fetchall()  # noqa: S608
        with self._locked():
            manifest = self._manifest()
            order = manifest.order + 1
            part = Part(f"part-{uuid4().hex}.parquet", order, int(rows))
            _move(imported, self._folder / part.file)
            parts = (part,) if alone else (*manifest.parts, part)
            self._replace(manifest, _Manifest(uuid4().hex, order, parts, manifest.removed))
        self.sweep()

    def _replace(self, old: _Manifest, new: _Manifest) -> None:
        with written(self._folder / _MANIFEST) as temporary:
            temporary.write_text(json.dumps(asdict(new), indent=2), encoding="utf-8")
        named = {part.file for part in new.parts}
        for part in old.parts:
            if part.file not in named:
                # Who has just asked for the data may still open it: from now on it counts as unused.
                (self._folder / part.file).touch()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change the manifest; the lock ends with the process."""
        with (self._folder / "dataset.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # Snapshots

    def _write_snapshot(
        self, connection: DuckDBPyConnection, manifest: _Manifest, extra: Path | None, target: Path
    ) -> None:
        rows = self._rows(connection, manifest, extra)
        if key := KEYS.get(self._type):
            query = rows.newest(key)
        else:
            marked = rows.mark_duplicates()
            if not marked and extra is None and (part := self._only_part(connection, manifest)):
                os.link(part, target)  # it is the snapshot
                return
            query = rows.distinct(marked=marked)
        connection.execute(f"COPY ({query}) TO {text(target)} (FORMAT parquet)")

    def _rows(self, connection: DuckDBPyConnection, manifest: _Manifest, extra: Path | None) -> DatasetRows:
        return DatasetRows(
            connection, self._schema, self._folder, manifest.parts, extra=extra, order=manifest.order
        )

    def _only_part(self, connection: DuckDBPyConnection, manifest: _Manifest) -> Path | None:
        """Return the file of the only part if it has the columns of the schema as it is now."""
        if len(manifest.parts) != 1:
            return None
        file = self._folder / manifest.parts[0].file
        same = connection.read_parquet(str(file)).columns == [field.name for field in self._schema.fields]
        return file if same else None


def _move(source: Path, target: Path) -> None:
    """Move a file for good, also from another file system."""
    try:
        publish(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with written(target) as temporary:
            shutil.copyfile(source, temporary)
        source.unlink()
