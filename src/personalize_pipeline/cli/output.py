"""What a command says and where: results on stdout, the rest on stderr, an error without a traceback."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

JSON = typer.Option("--json", help="Print one JSON document instead of text.")


class CommandError(Exception):
    """The command cannot do what was asked; the text says why and what to do."""


def result(text: str) -> None:
    """A result, on stdout."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def result_json(document: Any) -> None:
    """A result for a script, on stdout."""
    result(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Progress, or a hint: on stderr."""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


def fail(text: str) -> NoReturn:
    """End the command as failed, with the reason on stderr."""
    first, *others = text.rstrip("\n").split("\n")
    note("\n".join([f"Error: {first}", *(f"       {line}" if line else "" for line in others)]))
    raise typer.Exit(1)


@contextmanager
def errors_for_people() -> Iterator[None]:
    """Turn what the user, AWS or the network can get wrong into a message; a bug keeps its traceback.

    A command that is told to end (SIGTERM) cleans up as after Ctrl-C.
    """
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        note("\nInterrupted.")
        raise typer.Exit(130) from None
    except CommandError as error:
        fail(str(error))
    except Exception as error:
        # Only loaded after something went wrong: botocore takes longer than `--help` may.
        from personalize_pipeline.cli.failures import explanation

        text = explanation(error)
        if text is None:
            raise
        fail(text)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)
