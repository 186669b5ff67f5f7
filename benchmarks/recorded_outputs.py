"""Lists beside those that Amazon Personalize really returned for the same users, items and events.

    PERSONALIZE_SHARED=... python benchmarks/recorded_outputs.py

For each recorded list of 25: how many of its items are in ours; what chance would give; and how many of
Amazon's items the user had met before, beside ours. Amazon's own second answer to the same question, from the
batch job, shows how much two answers of one service differ. Models are trained on all rows, as recorded.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.movielens import PLACE, ratings, write_interactions

from personalize_local.engine.answers import Event
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.answers import Model
    from personalize_local.engine.arrays import BoolArray

COUNT = 25
USER = "252"  # of whom most lists are
NOW = 1_600_300_000  # the day of the recording: later than all ratings


class Films:
    """movies.csv: titles and genres."""

    def __init__(self, file: Path) -> None:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        self.by_title = {row["title"]: row["movieId"] for row in rows}
        self.genres = {row["movieId"]: set(row["genres"].split("|")) for row in rows}
        self.titles = {row["movieId"]: row["title"] for row in rows}

    def of(self, group: str) -> set[str]:
        """The films of a genre or, for "1970s", of a decade."""
        if group.endswith("s") and group[:-1].isdigit():
            return {film for film, title in self.titles.items() if f"({group[:3]}" in title}
        return {film for film, genres in self.genres.items() if group in genres}


class Table:
    """Prints one line per recorded list."""

    def __init__(self, items: int) -> None:
        self._items = items
        print("| recipe | question | in both of 25 | by chance | met before: Amazon | ours |")
        print("| --- | --- | ---: | ---: | ---: | ---: |")

    def add(
        self,
        recipe: str,
        question: str,
        recorded: Sequence[int],
        ours: Sequence[str],
        *,
        met: set[str] | None = None,
        candidates: int = 0,
    ) -> None:
        theirs = [str(item) for item in recorded]
        chance = len(theirs) * len(ours) / (candidates or self._items)
        known = ["", ""] if met is None else [str(len(met & {*theirs})), str(len(met & {*ours}))]
        both = len({*theirs} & {*ours})
        print(f"| {recipe} | {question} | {both} | {chance:.1f} | {' | '.join(known)} |", flush=True)


def trained(recipe: str, data: Path, folder: Path) -> Model:
    train(TrainingJob(recipe=recipe, output=folder / recipe, interactions=data))
    return load(folder / recipe)


def allowed(model: Model, wanted: set[str]) -> BoolArray:
    """A filter's mask over the items of the model."""
    mask = np.zeros(len(model.item_ids), bool)
    mask[[number for film in wanted if (number := model.position(film)) is not None]] = True
    return mask


def personal(model: Model, record: dict[str, Any], films: Films, table: Table) -> None:
    """Users, filters by genre, and what three clicks change."""
    recipe = "user-personalization"

    def met(user: str) -> set[str]:
        return {event.item_id for event in model.history(user) if event.item_id}

    for user, items in record["user_personalization"].items():
        ours = model.recommend(user, count=COUNT).items
        table.add(recipe, f"user {user}", items, ours, met=met(user))
    for group, items in record["user_personalization_filtered_user_252"].items():
        mask = allowed(model, films.of(group))
        ours = model.recommend(USER, allowed=mask, count=COUNT).items
        table.add(recipe, f"user {USER}, {group}", items, ours, met=met(USER), candidates=int(mask.sum()))
    before = record["user_252_before_events"]
    live: list[Event] = []
    ours_before = model.recommend(USER, count=COUNT).items
    for title, items in record["user_252_after_each_click_event"].items():
        live.append(Event(films.by_title[title], "click", NOW + len(live)))
        ours = model.recommend(USER, live, count=COUNT).items
        changed = f"new in the list: Amazon {len({*items} - {*before})}, ours {len({*ours} - {*ours_before})}"
        table.add(recipe, f"user {USER}, after a click on {title}; {changed}", items, ours, met=met(USER))
        before, ours_before = items, ours


def related(model: Model, record: dict[str, Any], films: Films, table: Table) -> None:
    lists = {"589": record["sims_589_terminator2"], **record["sims_random"]}
    for item, items in lists.items():
        table.add(
            model.recipe.removeprefix("aws-"),
            films.titles[item],
            items,
            model.similar(item, count=COUNT).items,
        )


def ranking(model: Model, record: dict[str, Any]) -> None:
    """One list of 25 films, in Amazon's order and in ours."""
    recorded = record["personalized_ranking_user_252"]
    asked = [str(item) for item in recorded["input"]]
    theirs = [str(item) for item in recorded["ranked"]]
    ours = model.rank(USER, items=asked).items
    ranks = np.array([theirs.index(item) for item in asked]), np.array([ours.index(item) for item in asked])
    rho = float(np.corrcoef(*ranks)[0, 1])
    top = len({*theirs[:10]} & {*ours[:10]})
    print(f"\nPersonalized-ranking of the same 25 films for user {USER}: rank correlation {rho:.2f},")
    print(f"{top} of the first 10 in both (by chance 4).")


def repeats(record: dict[str, Any]) -> None:
    """How much Amazon agrees with itself."""
    online, batch = record["user_personalization"], record["batch_user_personalization"]
    same = ", ".join(f"user {user}: {len({*online[user]} & {*batch[user]})}" for user in online)
    again = len({*online[USER]} & {*record["user_252_before_events"]})
    print(f"\nAmazon's batch job has of its online answer's 25 items: {same}.")
    print(f"Asked again before the events, user {USER} got {again} of the 25.")


def main() -> None:
    file = ratings()
    if file is None:
        sys.exit(f"Set {PLACE} to the folder that has data/ml-latest-small/ratings.csv.")
    place = Path(os.environ[PLACE]) / "data" / "personalize-recorded-outputs.json"
    record = json.loads(place.read_text(encoding="utf-8"))
    films = Films(file.parent / "movies.csv")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_interactions(file, folder / "interactions.parquet")
        model = trained("aws-user-personalization", data, folder)
        table = Table(len(model.item_ids))
        personal(model, record, films, table)
        for recipe in ("aws-sims", "aws-similar-items"):
            related(trained(recipe, data, folder), record, films, table)
        ranking(trained("aws-personalized-ranking", data, folder), record)
    repeats(record)


if __name__ == "__main__":
    main()
