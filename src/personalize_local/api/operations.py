"""The operations of the three APIs, as botocore's service models declare them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from personalize_local.api.shapes import Problems, Reader, Writer, compile_reader, compile_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

SERVICES = ("personalize", "personalize-runtime", "personalize-events")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, compiled: how to read its requests and write its answers."""

    service: str
    name: str  # CreateSolution
    method: str  # create_solution: the service's method
    rest: bool  # REST-JSON (runtime, events); else AWS JSON 1.1
    error_statuses: Mapping[str, int]  # of modelled errors that declare an HTTP status
    has_output: bool
    reader: Reader
    writer: Writer

    @property
    def runtime(self) -> bool:
        """Whether it only asks for recommendations: answered from memory, changes nothing."""
        return self.service == "personalize-runtime"

    def read(self, document: Any) -> tuple[dict[str, Any], Problems]:
        """The arguments in a request's body, and what is wrong with them."""
        problems = Problems()
        return self.reader(document, (), problems) or {}, problems


@cache
def model(service: str) -> ServiceModel:
    """The model that is installed with botocore; a user's own in ~/.aws/models does not count."""
    loader = Loader(include_default_search_paths=False, extra_search_paths=[Loader.BUILTIN_DATA_PATH])
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


@cache
def operation(service: str, name: str) -> Operation:
    """Compiled at the first request for it: a fast start has no time for all of them."""
    declared: OperationModel = model(service).operation_model(name)
    assert declared.input_shape is not None  # every operation of these services has one
    statuses = {
        error.name: error.metadata["error"]["httpStatusCode"]
        for error in declared.error_shapes
        if "httpStatusCode" in error.metadata.get("error", {})
    }
    return Operation(
        service=service,
        name=name,
        method=xform_name(name),
        rest=model(service).metadata["protocol"] == "rest-json",
        error_statuses=statuses,
        has_output=declared.output_shape is not None,
        reader=compile_reader(declared.input_shape),
        writer=compile_writer(declared.output_shape),
    )


@cache
def targets() -> Mapping[str, str]:
    """`X-Amz-Target` -> name of the control plane's operation."""
    prefix = model("personalize").metadata["targetPrefix"]
    return {f"{prefix}.{name}": name for name in model("personalize").operation_names}


@cache
def routes() -> Mapping[tuple[str, str], tuple[str, str]]:
    """HTTP method and path -> service and operation of the REST APIs."""
    return {
        (declared.http["method"], declared.http["requestUri"]): (service, name)
        for service in SERVICES[1:]
        for name in model(service).operation_names
        for declared in [model(service).operation_model(name)]
    }
