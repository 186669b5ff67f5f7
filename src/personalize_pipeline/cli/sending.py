"""Send a folder to the deployed stack, with a progress bar."""

import re

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from personalize_pipeline.cli import upload
from personalize_pipeline.cli.deployment import Deployment
from personalize_pipeline.cli.folder import Folder
from personalize_pipeline.cli.output import CommandError, note
from personalize_pipeline.execution import execution_name

# Characters that need no special treatment in an S3 key (S3 User Guide, "Naming Amazon S3 objects").
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*")


def prefix_of(folder: Folder, given: str | None) -> str:
    """The folder in the bucket, with a slash at its end; "" is the bucket's root.

    Raises:
        CommandError: a name that does not make a good key.
    """
    name = folder.path.resolve().name if given is None else given.strip("/")
    if not _PREFIX.fullmatch(name):
        raise CommandError(
            f"{name!r} does not make a good folder name in S3. "
            "Give one of letters, digits and -: --prefix NAME"
        )
    return f"{name}/" if name else ""


def send(folder: Folder, target: Deployment, prefix: str) -> tuple[upload.Uploaded, str]:
    """Upload what changed, then params.json; returns that and the name of the run it starts."""
    console = Console(stderr=True)
    difference = upload.compare(folder, target.bucket, prefix)
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("upload", total=difference.total_bytes)
        done = upload.upload(
            folder, target.bucket, prefix, lambda sent: progress.advance(task, sent), difference
        )
    files = "data file" if done.sent == 1 else "data files"
    removed = f", {done.removed} removed" if done.removed else ""
    note(
        f"s3://{target.bucket}/{prefix}: {done.sent} {files} sent ({difference.total_bytes:,} bytes), "
        f"{done.unchanged} unchanged{removed}; then params.json"
    )
    return done, execution_name(target.bucket, done.key, done.version_id)
