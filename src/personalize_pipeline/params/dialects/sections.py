"""Reading an older form so that nothing gets lost: every key is known and used, or it is a problem.

A `Section` is one object of the old file. It is opened with the keys that its form knows; a key that is none
of them is reported on opening, and read as the one that was meant if that is clear, so that one slip does not
cause others.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_pipeline.params.places import Path, listed, shown, written
from personalize_rules.schemas import DatasetType, Problem
from personalize_rules.spelling import closest

SERVICE: Final = "serviceConfig"
"""In the nested forms, the object with the parameters of the call."""
_FLAGS: Final = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(slots=True)
class Upgrade:
    """An upgrade on its way: what was found out so far beside the document itself."""

    notes: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, message: str, advice: str = "") -> None:
        """Report something about a place in the old file."""
        self.problems.append(Problem(written(path), message, advice))

    def moved(self, new: str, path: Path) -> None:
        """Remember where in the old file stands what is now at the place `new`."""
        self.places[new] = written(path)

    def done(self, document: Mapping[str, Any], note: str) -> Upgraded:
        """The upgrade, with the note that says which form it was."""
        return Upgraded(document, (note, *self.notes), self.places, tuple(self.problems))


class Section:
    """One object of the old file. `values` are by the right key, whatever the file's spelling."""

    def __init__(
        self,
        upgrade: Upgrade,
        value: Any,
        path: Path,
        known: Collection[str],
        *,
        inside: Collection[str] = (),
        passed_on: Collection[str] = (),
    ) -> None:
        """Open `value`, reporting what is wrong with it.

        `inside` are keys that belong into its serviceConfig; `passed_on` are known too, and not misspellings.
        """
        self.upgrade, self.path = upgrade, path
        self.values: dict[str, Any] = {}
        self._spelt: dict[str, str] = {}
        if not isinstance(value, Mapping):
            upgrade.problem(path, f"{shown(value)} must be an object: {{...}}.")
            return
        for key, inner in value.items():
            right = key
            if key not in known and key not in passed_on:
                meant = closest(key, known)
                free = meant is not None and meant not in value and meant not in self.values
                if key in inside:
                    advice = f"Move it into '{SERVICE}'."
                elif meant:
                    advice = f"Did you mean '{meant}'?{'' if free else ' It is there already.'}"
                else:
                    advice = f"Known here: {', '.join(known)}."
                upgrade.problem((*path, key), "unknown key.", advice)
                if meant is None or not free or key in inside:
                    continue
                right = meant
            self.values[right] = inner
            self._spelt[right] = key

    def __contains__(self, key: str) -> bool:
        """Whether the file has it."""
        return key in self.values

    def at(self, key: str) -> Path:
        """Where it is in the file, or would be."""
        return (*self.path, self._spelt.get(key, key))

    def flag(self, key: str) -> bool | None:
        """A yes or no; None if it is not there, or neither, which is reported."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            if key in self and value is None:
                self.upgrade.problem(self.at(key), "null is not a value here.", "Leave the key out.")
            return value
        meant = _FLAGS.get(str(value).lower())
        advice = "" if meant is None else f"Write {shown(meant)}."
        self.upgrade.problem(self.at(key), f"{shown(value)} must be true or false, without quotes.", advice)
        return meant

    def open(self, key: str, known: Collection[str], **more: Collection[str]) -> "Section | None":
        """The object at `key`; None if there is none."""
        if key not in self:
            return None
        return Section(self.upgrade, self.values[key], self.at(key), known, **more)

    def entries(self, key: str) -> Iterator[tuple[Path, Any]]:
        """The elements of the list at `key`, with their paths; anything but a list is reported."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self.upgrade.problem(self.at(key), f"{shown(value)} must be a list: [...].")
            return
        for index, entry in enumerate(value):
            yield (*self.at(key), index), entry

    def service(self, new: str) -> dict[str, Any]:
        """The parameters of the call. They will stand at the place `new`, where they are checked."""
        self.upgrade.moved(new, self.at(SERVICE))
        value = self.values.get(SERVICE, {})
        if not isinstance(value, Mapping):
            self.upgrade.problem(self.at(SERVICE), f"{shown(value)} must be an object: {{...}}.")
            return {}
        return dict(value)


def left_out(places: list[str], because: str) -> str:
    """A note on parts of the file that are not used."""
    return f"Left out, because {because}: {listed(list(dict.fromkeys(places)))}."


def dataset_type(upgrade: Upgrade, path: Path, given: Any) -> str | None:
    """The word for a type in any spelling; what names none is reported, and read as the closest."""
    try:
        return DatasetType.parse(str(given)).word
    except ValueError:
        meant = closest(str(given), DatasetType)
        advice = f"Did you mean '{meant}'?" if meant else f"There are {listed(list(DatasetType))}."
        upgrade.problem(path, f"{shown(given)} is not a dataset type.", advice)
        return DatasetType(meant).word if meant else None
