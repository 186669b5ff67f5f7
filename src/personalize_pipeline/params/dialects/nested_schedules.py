"""The schedules of the nested forms: cron expressions here and there become one section `schedules`."""

from dataclasses import dataclass, field
from typing import Any

from personalize_pipeline.params.dialects.sections import Section, Upgrade
from personalize_pipeline.params.places import Path, shown


@dataclass(slots=True)
class Schedules:
    """What is to happen when, by kind: `import`, `retrain`, `batch`."""

    upgrade: Upgrade
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, kind: str, section: Section, key: str, **more: Any) -> None:
        """Add the expressions at a key: one, or a list of them.

        What happens at the same time is one schedule, because its parts are one chain of one run.
        """
        solutions = more.pop("solutions", [])
        for path, expression in self._expressions(section, key):
            there = self.found.setdefault(kind, [])
            new = {"expression": expression, **more}
            same = next((one for one in there if one.items() >= new.items()), None)
            if same:
                same["solutions"] += [name for name in solutions if name not in same["solutions"]]
            else:
                self.upgrade.moved(f"schedules.{kind}[{len(there)}].expression", path)
                there.append({**new, "solutions": list(solutions)})

    def put(self, made: dict[str, Any]) -> None:
        """Put them into a document of the main form: one of a kind is an object, several are a list."""
        for kind, found in self.found.items():
            if kind == "import":
                for one in found:
                    del one["solutions"]
            if len(found) == 1:
                single = self.upgrade.places.pop(f"schedules.{kind}[0].expression")
                self.upgrade.places[f"schedules.{kind}.expression"] = single
            schedules = made.setdefault("schedules", {})
            if isinstance(schedules, dict) and kind not in schedules:
                schedules[kind] = found[0] if len(found) == 1 else found
            else:
                message = "there is a workflowConfig with a schedule for this as well."
                self.upgrade.problem(("schedules", kind), message, "Remove one of the two.")

    def _expressions(self, section: Section, key: str) -> list[tuple[Path, str]]:
        if key not in section:
            return []
        given = section.values[key]
        several = isinstance(given, list)
        found = []
        for index, one in enumerate(given if several else [given]):
            path = (*section.at(key), index) if several else section.at(key)
            if isinstance(one, str):
                found.append((path, one))
            else:
                advice = 'For example "cron(0 3 ? * SUN *)".'
                self.upgrade.problem(path, f"{shown(one)} must be a text in double quotes.", advice)
        return found
