"""Remove users from what was imported into the datasets of a group."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from personalize_local.service.objects import (
    Layout,
    ObjectsDenied,
    ObjectsMissing,
    ObjectsTooLarge,
    make_objects,
)
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.tasks.data import dataset_files, read_schema
from personalize_local.service.tasks.rejected import Rejected
from personalize_rules.schemas import DatasetType, Field, Schema

if TYPE_CHECKING:
    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

_USER_ID: Final = "USER_ID"
_LIST_OF_USERS: Final = Schema("Users", (Field(_USER_ID, "string"),))
_ABOUT_USERS: Final = (DatasetType.INTERACTIONS, DatasetType.USERS, DatasetType.ACTION_INTERACTIONS)
_AT_ONCE: Final = 10_000


def delete_users(
    settings: Settings,
    *,
    arn: str,
    location: str,
    role_arn: str,
    datasets: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Fetch CSV files with a column USER_ID and remove these users from the bulk data.

    Returns `rows`, the number of records that this job has removed, and `users`, a file with the JSON text of
    an ID per line, which the server takes over. Done again after a crash, it counts the same rows.
    """
    from personalize_local.engine.csv_import import DataRejected, import_csv  # noqa: PLC0415

    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    failed = "Failed to create a data deletion job."
    with TemporaryDirectory(dir=scratch) as temporary:
        try:
            fetched = make_objects(settings).fetch_all(
                location,
                role_arn,
                Path(temporary) / "objects",
                source_arn=arn,
                layout=Layout.TREE,
                suffix=".csv",
                max_bytes=settings.quotas.data_deletion_bytes,
            )
        except ObjectsDenied as error:
            logger.warning("%s: %s", arn, error)
            raise Rejected(f"{failed} Insufficient privileges for accessing data in Amazon S3.") from error
        except (ObjectsMissing, ObjectsTooLarge) as error:
            raise Rejected(f"{failed} {error}") from error
        listed = Path(temporary) / "users.parquet"
        try:
            import_csv([one.path for one in fetched], _LIST_OF_USERS, DatasetType.USERS, listed)
        except DataRejected as error:
            raise Rejected(f"{failed} {error}") from error
        rows = 0
        for kind in _ABOUT_USERS:
            if kind in datasets:
                dataset = datasets[kind]
                files = dataset_files(dataset["folder"], read_schema(dataset["schema"]), kind)
                rows += files.remove(_USER_ID, listed, arn)
        users = scratch / f"users-{uuid4().hex}.ndjson"
        _write_users(listed, users)
    return {"rows": rows, "users": str(users)}


def _write_users(listed: Path, target: Path) -> None:
    from personalize_local.engine.database import connect, text  # noqa: PLC0415

    with connect() as connection, target.open("w", encoding="utf-8") as file:
        found = connection.execute(f"SELECT DISTINCT {_USER_ID} FROM read_parquet({text(listed)})")  # noqa: S608
        while rows := found.fetchmany(_AT_ONCE):
            file.writelines(f"{json.dumps(user)}\n" for (user,) in rows)
