"""Make the data of the examples in the older forms: a small film club and a small shop, from a fixed seed.

    python example/dialects/generate.py     writes example/dialects/data/

In both, each user has a favourite genre or category, which most of the events are about; every other event is
of the kind that counts: the film is watched, the product is bought.
"""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

SEED = 20260701
START = 1_767_225_600  # 2026-01-01 00:00 UTC
HOUR, DAY = 3_600, 86_400
USERS, ITEMS, EVENTS = 60, 40, 40
GENRES = ("Comedy", "Crime", "Documentary", "Drama")
CATEGORIES = ("Garden", "Kitchen", "Office", "Sports")
KINDS = ("Basics", "Gifts")
ACTIONS = ("invite-a-friend", "join-premium", "rate-a-film", "start-a-list", "watch-a-trailer")

Row = Sequence[object]


def films(chance: random.Random) -> dict[str, str]:
    """The film club, with all five datasets."""
    action_events = [
        (f"user-{user:02}", ACTIONS[(user + number) % len(ACTIONS)], kind, START + number * DAY + user)
        for user in range(USERS)
        for number, kind in enumerate(chance.choices(["taken", "viewed", "not taken"], k=20))
    ]
    return {
        "Interactions": _csv(
            ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"),
            _events(chance, "film", ("Click", "Watch"), len(GENRES)),
        ),
        "Items": _csv(
            ("ITEM_ID", "TITLE", "GENRES", "YEAR", "CREATION_TIMESTAMP"),
            (
                (f"film-{n:02}", f"Film number {n}", GENRES[n % len(GENRES)], 1980 + n, START - n * DAY)
                for n in range(ITEMS)
            ),
        ),
        "Users": _csv(
            ("USER_ID", "AGE_GROUP", "MEMBERSHIP"),
            (
                (f"user-{n:02}", ("18-34", "35-54", "55+")[n % 3], ("standard", "premium")[n % 2])
                for n in range(USERS)
            ),
        ),
        "Actions": _csv(
            ("ACTION_ID", "VALUE", "MEMBERSHIP_LEVEL", "CREATION_TIMESTAMP", "REPEAT_FREQUENCY"),
            ((action, n + 1, ("standard", "premium")[n % 2], START, 30) for n, action in enumerate(ACTIONS)),
        ),
        "ActionInteractions": _csv(("USER_ID", "ACTION_ID", "EVENT_TYPE", "TIMESTAMP"), action_events),
    }


def shop(chance: random.Random) -> dict[str, str]:
    """The shop."""
    return {
        "Interactions": _csv(
            ("ITEM_ID", "USER_ID", "EVENT_TYPE", "TIMESTAMP", "DISCOUNT"),
            (
                (item, user, kind, when, chance.choice(["yes", "no"]))
                for user, item, kind, when in _events(
                    chance, "product", ("View", "Purchase"), len(CATEGORIES)
                )
            ),
        ),
        "Items": _csv(
            ("ITEM_ID", "PRICE", "CATEGORY_L1", "CATEGORY_L2", "PRODUCT_DESCRIPTION"),
            (
                (
                    f"product-{n:02}",
                    f"{5 + n}.90",
                    CATEGORIES[n % len(CATEGORIES)],
                    KINDS[n % len(KINDS)],
                    f"A thing for {CATEGORIES[n % len(CATEGORIES)].lower()} and the number {n}",
                )
                for n in range(ITEMS)
            ),
        ),
        "Users": _csv(
            ("USER_ID", "AGE", "MEMBERSHIP"),
            ((f"user-{n:02}", 20 + n, ("standard", "premium")[n % 2]) for n in range(USERS)),
        ),
    }


def write(folder: Path) -> None:
    """Write all files."""
    for name, make, item in (("films", films, "film"), ("shop", shop, "product")):
        for dataset, text in make(random.Random(SEED)).items():  # noqa: S311  # nothing secret
            _write(folder / name / dataset / f"{dataset.lower()}.csv", text)
        lines = [json.dumps({"itemId": f"{item}-{n:02}"}) for n in range(3)]
        _write(folder / name / "lines" / "items.json", "\n".join(lines) + "\n")
    users = [json.dumps({"userId": f"user-{n:02}"}) for n in range(3)]
    _write(folder / "films" / "batch" / "clocks-for-you" / "users.json", "\n".join(users) + "\n")


def _events(
    chance: random.Random, item: str, kinds: tuple[str, str], groups: int
) -> Iterable[tuple[str, str, str, int]]:
    for user in range(USERS):
        for number in range(EVENTS):
            group = user % groups if chance.random() < 0.9 else chance.randrange(groups)
            # The first ones of a group are the favourites of all.
            which = group + groups * int(chance.random() ** 2 * ITEMS / groups)
            yield f"user-{user:02}", f"{item}-{which:02}", kinds[number % 2], START + number * HOUR + user


def _csv(header: Sequence[str], rows: Iterable[Row]) -> str:
    return "\n".join([",".join(header), *(",".join(map(str, row)) for row in rows)]) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(__file__).parent / "data")
