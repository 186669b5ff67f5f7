"""What can go wrong, in the words of the person who reads the mail.

PipelineError
├── ParamsInvalid      the params file: all its problems at once
├── DataInvalid        the CSV files: what, where, how many rows
├── ResourceFailed     Personalize refused it or reported a failed status; a person must look
├── ResourceChanged    it exists with other settings; rename it or delete it
├── QuotaExceeded      a limit that does not go away by waiting; delete something or ask AWS for more
└── PermissionMissing  a role may not do what this run needs

The step handler turns them into the `failed` outcome of the step contract (`personalize_pipeline.step`).
"""


class PipelineError(Exception):
    """A run cannot succeed like this; the text says what, where, why and what to do."""


class ParamsInvalid(PipelineError):  # noqa: N818  # the names that state machines and mails show
    """The params file has problems; the text lists all of them."""


class DataInvalid(PipelineError):  # noqa: N818
    """The CSV files cannot be used as they are."""


class ResourceFailed(PipelineError):  # noqa: N818
    """Personalize refused the resource, or gave up on it; carries its reason."""


class ResourceChanged(PipelineError):  # noqa: N818
    """The resource exists with settings that cannot be changed."""


class QuotaExceeded(PipelineError):  # noqa: N818
    """A limit of the AWS account is reached, and waiting did not help."""


class PermissionMissing(PipelineError):  # noqa: N818
    """A role lacks a permission."""
