"""What can go wrong, in the words of the person who reads the mail.

PipelineError
├── ProblemsFound      mistakes in what the user gave, all at once
│   ├── ParamsInvalid  the params file
│   └── DataInvalid    the CSV files: what, where
├── ResourceFailed     Personalize refused it or reported a failed status; a person must look
├── ResourceChanged    it exists with other settings; rename it or delete it
├── NoRecommendations  it is live, and answers nothing
├── QuotaExceeded      a limit that does not go away by waiting; delete something or ask AWS for more
└── PermissionMissing  a role may not do what this run needs

The step handler turns them into the `failed` outcome of the step contract (`personalize_pipeline.step`).
"""

from collections.abc import Iterable

from personalize_rules.schemas import Problem


class PipelineError(Exception):
    """A run cannot succeed like this; the text says what, where, why and what to do."""


class ProblemsFound(PipelineError):  # noqa: N818  # the names that state machines and mails show
    """Mistakes in what the user gave: all of them at once, in `problems`; the text has a line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem).replace("\n", "\n  ") for problem in self.problems]
        count = f"{len(lines)} problems:\n- " if len(lines) > 1 else ""
        super().__init__(count + "\n- ".join(lines))


class ParamsInvalid(ProblemsFound):
    """The params file (problems in the data may be among them)."""


class DataInvalid(ProblemsFound):
    """The CSV files cannot be used as they are."""


class ResourceFailed(PipelineError):  # noqa: N818
    """Personalize refused the resource, or gave up on it; carries its reason."""


class ResourceChanged(PipelineError):  # noqa: N818
    """The resource exists with settings that cannot be changed."""


class NoRecommendations(PipelineError):  # noqa: N818
    """A campaign or a recommender is live, and answers nothing to any request."""


class QuotaExceeded(PipelineError):  # noqa: N818
    """A limit of the AWS account is reached, and waiting did not help."""


class PermissionMissing(PipelineError):  # noqa: N818
    """A role lacks a permission."""
