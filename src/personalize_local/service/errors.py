"""The errors of the three APIs, with the texts that Amazon Personalize is known to use.

ServiceError
├── InvalidInputException
├── ResourceAlreadyExistsException
├── ResourceNotFoundException
├── ResourceInUseException
├── LimitExceededException      quotas, and too many calls
├── InvalidNextTokenException
├── TooManyTagsException
├── TooManyTagKeysException
├── ThrottledError              more calls in a second than --rate-limits allows
├── InternalServerException     files of ours that are damaged
└── InjectedError               a fault that was asked for: any code
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ServiceError(Exception):
    """An answer that is an error: `code` is the name on the wire, `status` the HTTP status of the JSON API.

    For the REST APIs (runtime, events) the status is that of the error's shape in the service model.
    """

    status = 400
    retry_after: int | None = None
    """Seconds, for the header Retry-After."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """The name of the error on the wire."""
        return type(self).__name__


class InvalidInputException(ServiceError):  # noqa: N818
    """A value is not acceptable, or does not fit the state of what it names."""

    @classmethod
    def of(cls, problems: Sequence[str]) -> InvalidInputException:
        """All problems in one text, in the order in which they were found."""
        return cls(" ".join(_sentence(problem) for problem in problems))


class ResourceAlreadyExistsException(ServiceError):  # noqa: N818
    """The name is taken."""

    @classmethod
    def of(cls, arn: str) -> ResourceAlreadyExistsException:
        """Text seen from the real service."""
        return cls(f"Another resource with Arn {arn} already exists.")


class ResourceNotFoundException(ServiceError):  # noqa: N818
    """No resource has this ARN."""

    @classmethod
    def of(cls, arn: str) -> ResourceNotFoundException:
        """Text seen in a public mock, plausible."""
        return cls(f"Resource Arn {arn} does not exist.")


class ResourceInUseException(ServiceError):  # noqa: N818
    """The resource, or one that depends on it, is not in a state that allows this."""


class LimitExceededException(ServiceError):  # noqa: N818
    """A quota is used up."""


class InvalidNextTokenException(ServiceError):  # noqa: N818
    """The page token was not made by this operation."""

    @classmethod
    def of(cls) -> InvalidNextTokenException:
        """The one text."""
        return cls(
            "The nextToken is not valid. Use the token of the previous answer, with the same parameters."
        )


class TooManyTagsException(ServiceError):  # noqa: N818
    """More tags than a resource may have."""


class TooManyTagKeysException(ServiceError):  # noqa: N818
    """More tag keys than one request may have."""


class InternalServerException(ServiceError):  # noqa: N818
    """Something of ours is damaged; the text says what, and what helps."""

    status = 500


class InjectedError(ServiceError):
    """A fault that somebody asked for through the admin API."""

    def __init__(self, code: str, message: str, status: int, retry_after: int | None = None) -> None:
        super().__init__(message)
        self._code = code
        self.status = status
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        """The code that was asked for."""
        return self._code


class ThrottledError(ServiceError):
    """Too many calls in this second; SDKs wait and try again. Which name the service uses is a setting."""

    def __init__(self, code: str) -> None:
        super().__init__("Rate exceeded")
        self._code = code

    @property
    def code(self) -> str:
        """The name of the error on the wire."""
        return self._code


def _sentence(problem: str) -> str:
    return problem if problem.endswith((".", "!", "?")) else f"{problem}."
