"""Jobs that read files in S3 and are known by what they read."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from personalize_pipeline import clients
from personalize_pipeline.context import Context, Did
from personalize_pipeline.data.files import DataFile, Listing, NotReadable, list_files, list_tree
from personalize_pipeline.execution import short_hash
from personalize_pipeline.resources.resource import Found, Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient


class JobOnFiles(Resource):
    """A job named `<words>-<fingerprint>-<run>`: the name tells what it read, and for whom.

    Names of jobs are used up for ever and jobs cannot be deleted. The name is all that can be read back about
    the files of an earlier job, so it carries a fingerprint of their names, sizes and ETags and of the
    settings.
    """

    deep: ClassVar[bool] = False
    """Whether files in folders inside the location are read too."""

    def __init__(
        self,
        want: Mapping[str, Any],
        context: Context,
        client: "PersonalizeClient | None" = None,
        listing: Callable[[str], Listing] | None = None,
    ) -> None:
        """`listing` tells the files at a location; if left out, S3 does."""
        super().__init__(want, context, client)
        self._list = listing or self.list_in_s3
        self._because = ""

    @property
    @abstractmethod
    def location(self) -> str:
        """Where the files are."""

    def list_in_s3(self, location: str) -> Listing:
        """The files at a location."""
        return (list_tree if self.deep else list_files)(clients.s3(), location)

    def reads(self, file: DataFile) -> bool:  # noqa: ARG002  # for those that do not read all
        """Whether Personalize reads this file too."""
        return True

    @cached_property
    def files(self) -> tuple[DataFile, ...] | None:
        """The files that it reads; None if this function may not list them."""
        try:
            return tuple(file for file in self._list(self.location).files if self.reads(file))
        except NotReadable:
            return None

    def fingerprint(self, *settings: str) -> str:
        """Eight hex digits of settings and files; of the run, so never met again, if files are unknown."""
        if self.files is None:
            return short_hash(self.location, self.context.run.id)
        return short_hash(*settings, *(f"{file.key}\t{file.size}\t{file.etag}" for file in self.files))

    def wanted(self) -> Mapping[str, Any]:
        """Its name says that it is the one."""
        return {}

    def because(self) -> str:
        """Which job has read the same, or that none has."""
        return self._because

    def origin(self, found: Found) -> Did:
        """This run's mark is on the jobs that it made."""
        return self.creates if found.arn.endswith(f"-{self.run_mark}") else "reused"
