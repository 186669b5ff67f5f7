"""The errors that the front of an AWS service gives before the service itself is asked, as AWS words them."""

from __future__ import annotations


class RequestError(Exception):
    """A request that does not get as far as the service.

    `json_status` is the HTTP status on the JSON 1.1 API (control plane), `rest_status` the one on the REST
    APIs (runtime and events): the same refusal has different ones in AWS.
    """

    json_status = 400
    rest_status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """The name of the error on the wire."""
        return type(self).__name__


class SerializationException(RequestError):
    """The body is not JSON, or has a value of another type than the model declares."""


class UnknownOperationException(RequestError):
    """No such operation, path, or protocol."""

    json_status = 404
    rest_status = 404


class UnsupportedMediaTypeException(RequestError):
    """A REST request whose body is not declared to be JSON."""

    json_status = 415
    rest_status = 415


class RequestEntityTooLargeException(RequestError):
    """The body is longer than any request of these APIs may be."""

    json_status = 413
    rest_status = 413


class InternalFailure(RequestError):
    """A bug in Personalize Local; the log has the traceback."""

    json_status = 500
    rest_status = 500


class NotAuthenticated(RequestError):
    """Base of what is wrong with a signature or a key."""

    rest_status = 403


class MissingAuthenticationTokenException(NotAuthenticated):
    """The request is not signed."""


class IncompleteSignatureException(NotAuthenticated):
    """The Authorization header lacks a part, or is none of SigV4."""


class InvalidSignatureException(NotAuthenticated):
    """The signature does not fit the request, its time or its scope."""


class UnrecognizedClientException(NotAuthenticated):
    """Nobody has this access key."""


class ExpiredTokenException(NotAuthenticated):
    """The session of this access key is over."""


class AccessDeniedException(RequestError):
    """The caller's policies do not allow it."""

    rest_status = 403
