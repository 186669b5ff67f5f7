"""Draws the state machines as Mermaid pictures, from their definitions.

    python docs/picture.py            writes docs/state-machines.md, and the overview in README.md
    python docs/picture.py --check    exit status 1 if one of them is out of date

In README.md the picture stands between `<!-- picture of the pipeline -->` and `<!-- end of picture -->`.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "state-machines.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- picture of the pipeline -->\n", "<!-- end of picture -->"

State = Mapping[str, Any]

# Mermaid's brackets: a task is a box, a question a rhombus, an end a stadium.
_SHAPES = {"Choice": '{"%s?"}', "Succeed": '(["%s"])', "Fail": '(["%s"])', "Wait": '>"%s"]', "Pass": '["%s"]'}


def machine(name: str) -> State:
    """A state machine's definition, as in `statemachine/<name>.asl.yaml`."""
    definition: State = yaml.safe_load(
        (ROOT / "statemachine" / f"{name}.asl.yaml").read_text(encoding="utf-8")
    )
    return definition


def mermaid(definition: State) -> str:
    """The picture: states from top to bottom, what a Map does for each item in a frame of its own."""
    lines = ["flowchart TB", *_scope(definition, indent="  ")]
    ends = [name for name, state in definition["States"].items() if state["Type"] in ("Succeed", "Fail")]
    lines += [
        f"  class {name} {'good' if definition['States'][name]['Type'] == 'Succeed' else 'bad'}"
        for name in ends
    ]
    lines += ["  classDef good stroke:#2a7,stroke-width:2px", "  classDef bad stroke:#c33,stroke-width:2px"]
    return "\n".join(lines) + "\n"


def _scope(scope: State, indent: str) -> Iterator[str]:
    states = scope["States"]
    for name, state in states.items():
        if state["Type"] == "Map":
            yield f'{indent}subgraph {name}["{_words(name)}: for each"]'
            yield f"{indent}  direction TB"
            yield from _scope(state["ItemProcessor"], indent + "  ")
            yield f"{indent}end"
        elif name not in _stopped(states):
            yield indent + name + _SHAPES.get(state["Type"], '["%s"]') % _words(name)
    for name, state in states.items():
        yield from (f"{indent}{line}" for line in _arrows(name, state, _stopped(states)))


def _arrows(name: str, state: State, hidden: set[str]) -> Iterator[str]:
    for choice in state.get("Choices", []):
        if choice["Next"] not in hidden:
            yield f"{name} --> {choice['Next']}"
    for following in (state.get("Default"), state.get("Next")):
        if following and following not in hidden:
            yield f"{name} --> {following}"
    for catch in state.get("Catch", []):
        # An arrow that goes where the state goes anyway says nothing.
        if catch["Next"] not in hidden and catch["Next"] != state.get("Next"):
            yield f"{name} -. fails .-> {catch['Next']}"


def _stopped(states: Mapping[str, State]) -> set[str]:
    """Where an item of a Map ends when it failed: drawing these adds lines and tells nothing."""
    return {name for name, state in states.items() if name.endswith("Stopped") and state["Type"] == "Succeed"}


def overview(definition: State) -> str:
    """What is done and in which order, without questions, ends, and what happens when something fails."""
    return "\n".join(["flowchart TB", *_overview(definition, indent="  ")]) + "\n"


def _overview(scope: State, indent: str) -> Iterator[str]:
    states: Mapping[str, State] = scope["States"]
    drawn = [name for name, state in states.items() if state["Type"] in ("Task", "Map")]
    for name in drawn:
        if states[name]["Type"] == "Map":
            yield f'{indent}subgraph {name}["{_words(name)}"]'
            yield f"{indent}  direction TB"
            yield from _overview(states[name]["ItemProcessor"], indent + "  ")
            yield f"{indent}end"
        else:
            yield f'{indent}{name}["{_words(name)}"]'
    for name in drawn:
        for following in dict.fromkeys(_next_drawn(states, states[name].get("Next"))):
            yield f"{indent}{name} --> {following}"


def _next_drawn(states: Mapping[str, State], name: str | None) -> Iterator[str]:
    """The tasks that may follow, whatever the questions between say."""
    if name is None:
        return
    state = states[name]
    if state["Type"] in ("Task", "Map"):
        yield name
        return
    for choice in state.get("Choices", []):
        if states[choice["Next"]]["Type"] != "Pass":  # the way out of a run that cannot go on
            yield from _next_drawn(states, choice["Next"])
    for following in (state.get("Default"), state.get("Next")):
        yield from _next_drawn(states, following)


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def page() -> str:
    """The content of docs/state-machines.md."""
    parts = ["# The state machines", "Drawn from their definitions by `docs/picture.py`; do not edit."]
    for name in ("pipeline", "ensure", "delete"):
        definition = machine(name)
        parts += [f"## {name}", definition["Comment"], f"```mermaid\n{mermaid(definition)}```"]
        parts += [
            "| State | |\n|---|---|\n"
            + "".join(f"| {state} | {text} |\n" for state, text in _comments(definition))
        ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _comments(scope: State) -> Iterator[tuple[str, str]]:
    for name, state in scope["States"].items():
        yield f"`{name}`", state["Comment"]
        if "ItemProcessor" in state:
            yield from _comments(state["ItemProcessor"])


def readme() -> str:
    """README.md with the present picture in it; as it is if it has no place for one."""
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        return text
    return f"{before}{BEGIN}```mermaid\n{overview(machine('pipeline'))}```\n{END}{after}"


def outdated() -> dict[Path, str]:
    """The files that differ from what the definitions give, with the content they should have."""
    current = {PAGE: page(), README: readme()}
    return {
        path: text
        for path, text in current.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if a picture is old"
    )
    files = outdated()
    if parser.parse_args().check:
        sys.exit(
            "".join(f"{path.relative_to(ROOT)} is out of date: python docs/picture.py\n" for path in files)
            or 0
        )
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
