"""Rewrite a params file of an older form in the form of this pipeline, and say what was changed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_pipeline.cli.folder import PARAMS
from personalize_pipeline.cli.output import CommandError
from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import main_form, read
from personalize_pipeline.params.dialects import FORMS, MAIN, form_of
from personalize_pipeline.params.document import load
from personalize_pipeline.params.models import params_model
from personalize_rules.schemas import Problem


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of a file: its new text, unless it has problems."""

    file: str
    form: str
    notes: list[str]
    problems: list[Problem]
    params: dict[str, Any] | None

    @property
    def text(self) -> str:
        """The new file."""
        return json.dumps(self.params, indent=2, ensure_ascii=False) + "\n"

    def explanation(self) -> str:
        """The notes, or the problems, for people."""
        if self.problems:
            lines = [f"- {problem}" for problem in self.problems]
            return "\n".join([f"{self.file} has problems, nothing was written:", *lines])
        return "\n".join([f"{self.file} is in the form {FORMS[self.form]}.", *self.notes])


def migrate(path: Path) -> Migration:
    """Read the file at `path` (or the params.json in the folder there) and turn it into the main form.

    Raises:
        CommandError: there is no such file.
        ParamsInvalid: it is no JSON object.
    """
    file = path / PARAMS if path.is_dir() else path
    if not file.is_file():
        raise CommandError(f"{file} is not a file. Give a params file, or a folder with a {PARAMS}.")
    document = load(file.read_bytes())
    form = form_of(document)
    try:
        params = read(document)
    except ParamsInvalid as error:
        return Migration(str(file), form, [], list(error.problems), None)
    if form == MAIN:
        return Migration(str(file), form, ["There is nothing to change."], [], document)
    upgraded = main_form(document)
    order = [str(entry.alias) for entry in params_model().model_fields.values()]
    made = {key: upgraded[key] for key in order if key in upgraded}
    return Migration(str(file), form, list(params.notes), [], made)
