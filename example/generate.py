"""Make the example's data: a small streaming service with invented films, from a fixed seed.

    python example/generate.py              writes example/data/

The people in it behave enough like people for a recommender to have something to learn. They have two or
three favourite genres and a favourite era; they come for evenings on which they stay with one genre; they go
on with a series that they have begun; and half of them change their taste on the way, so that what they
watched lately says more than what they watched first. Popularity alone does not explain any of that.
"""

import argparse
import csv
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SEED = 20260630
USERS = 600
FILMS = 360
END = 1_782_777_600  # 2026-06-30 00:00 UTC
DAY = 86_400
PERIOD = 730 * DAY

ADJECTIVES = {
    "Action": ["Burning", "Relentless", "Armoured", "Rogue", "Final", "Steel"],
    "Adventure": ["Uncharted", "Golden", "Far", "Drifting", "Sunken", "Nameless"],
    "Animation": ["Tiny", "Upside-Down", "Paper", "Bouncing", "Marzipan", "Sleepy"],
    "Comedy": ["Awkward", "Unpaid", "Overcooked", "Second-Hand", "Noisy", "Half-Baked"],
    "Crime": ["Crooked", "Quiet", "Borrowed", "Cold", "Counterfeit", "Midnight"],
    "Documentary": ["Hidden", "Living", "Unseen", "Patient", "Salted", "Ordinary"],
    "Drama": ["Long", "Unfinished", "Distant", "Fragile", "Silent", "Autumn"],
    "Fantasy": ["Silver", "Thorned", "Elder", "Enchanted", "Moonlit", "Ashen"],
    "Horror": ["Hollow", "Crawling", "Sunless", "Whispering", "Rotten", "Pale"],
    "Romance": ["Tender", "Reluctant", "Summer", "Lost", "Sweet", "Rainy"],
    "Science Fiction": ["Orbital", "Synthetic", "Frozen", "Parallel", "Magnetic", "Outer"],
    "Western": ["Dusty", "Lonesome", "Scarlet", "Barren", "Wild", "Iron"],
}
NOUNS = {
    "Action": ["Convoy", "Pursuit", "Warhead", "Extraction", "Bulletproof Heart", "Ambush"],
    "Adventure": ["Atlas", "Lagoon", "Caravan", "Meridian", "Headland", "Archipelago"],
    "Animation": ["Hedgehog", "Balloon Factory", "Penguin Parade", "Teapot", "Robot Bakery", "Otter"],
    "Comedy": ["Bridesmen", "Landlords", "Camping Trip", "Office Party", "Neighbours", "Wedding Band"],
    "Crime": ["Ledger", "Alibi", "Locksmith", "Harbour Job", "Informant", "Pawnshop"],
    "Documentary": ["Tides", "Beekeepers", "Glaciers", "Kitchens", "Lighthouses", "Marathons"],
    "Drama": ["Inheritance", "Orchard", "Letters", "Daughters", "Verdict", "Farewell"],
    "Fantasy": ["Crown", "Wyvern", "Grimoire", "Oathkeeper", "Labyrinth", "Runestone"],
    "Horror": ["Cellar", "Lullaby", "Scarecrow", "Asylum", "Doll Maker", "Fog"],
    "Romance": ["Postcards", "Waltz", "Bookshop", "Promise", "Train to Lisbon", "Lemon Grove"],
    "Science Fiction": ["Colony", "Paradox", "Signal", "Android", "Nebula", "Terraform"],
    "Western": ["Canyon", "Stagecoach", "Sheriff", "Bounty", "Prairie", "Railroad"],
}
GENRES = tuple(ADJECTIVES)
# Which genres go together: in a film, and in what a person likes.
RELATED = {
    "Action": ("Crime", "Science Fiction", "Adventure"),
    "Adventure": ("Fantasy", "Action", "Western"),
    "Animation": ("Comedy", "Fantasy", "Adventure"),
    "Comedy": ("Romance", "Animation", "Crime"),
    "Crime": ("Drama", "Action", "Horror"),
    "Documentary": ("Drama", "Adventure", "Science Fiction"),
    "Drama": ("Romance", "Crime", "Documentary"),
    "Fantasy": ("Adventure", "Animation", "Romance"),
    "Horror": ("Science Fiction", "Crime", "Fantasy"),
    "Romance": ("Comedy", "Drama", "Fantasy"),
    "Science Fiction": ("Action", "Horror", "Documentary"),
    "Western": ("Adventure", "Drama", "Crime"),
}
SEQUELS = ("II", "III", "IV")
AGE_GROUPS = ("18-24", "25-34", "35-49", "50-64", "65+")
MEMBERSHIPS = ("free", "standard", "premium")


@dataclass(frozen=True, slots=True)
class Film:
    """What one is, when it came (epoch seconds), and how much it is talked about (1 is usual)."""

    id: str
    title: str
    genres: tuple[str, ...]
    year: int
    added: int
    appeal: float
    sequel_of: int | None = None  # the number of the part before


@dataclass(slots=True)
class Person:
    """One user, the taste of the day, and what was seen so far (film numbers, oldest first)."""

    id: str
    age_group: str
    membership: str
    era: float  # the year whose films they like best
    taste: dict[str, float]
    later_taste: dict[str, float]
    turns_at: int  # epoch seconds at which the later taste takes over
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """A row of the Interactions file."""

    timestamp: int
    user: str
    film: str
    kind: str


def films(random_: random.Random) -> list[Film]:
    """The catalogue: one third of it in series, a sixth of it arriving during the period."""
    names = {genre: [(a, n) for a in ADJECTIVES[genre] for n in NOUNS[genre]] for genre in GENRES}
    for pairs in names.values():
        random_.shuffle(pairs)
    catalogue: list[Film] = []
    while len(catalogue) < FILMS:
        genre = GENRES[len(catalogue) % len(GENRES)]
        adjective, noun = names[genre].pop()
        title = f"The {adjective} {noun}" if random_.random() < 0.5 else f"{adjective} {noun}"
        others = [other for other in RELATED[genre] if random_.random() < 0.3][:2]
        year = 2025 - int(45 * random_.random() ** 1.6)
        appeal = math.exp(random_.gauss(0.0, 0.8))
        parts = 1 + (random_.randint(1, 3) if random_.random() < 0.17 else 0)
        for part in range(min(parts, FILMS - len(catalogue))):
            number = len(catalogue)
            new = random_.random() < 1 / 6
            catalogue.append(
                Film(
                    id=f"film-{number + 1:03}",
                    title=title if part == 0 else f"{title} {SEQUELS[part - 1]}",
                    genres=(genre, *others),
                    year=min(2026, year + 2 * part),
                    added=END - PERIOD + int(PERIOD * random_.random() * 0.9) if new else END - PERIOD,
                    appeal=appeal * 0.85**part,
                    sequel_of=number - 1 if part else None,
                )
            )
    return catalogue


def people(random_: random.Random) -> list[Person]:
    everybody = []
    for number in range(USERS):
        age = random_.choices(range(5), weights=(2, 4, 4, 2, 1))[0]
        first = random_.choice(GENRES)
        taste = _taste(random_, first)
        changes = random_.random() < 0.5
        everybody.append(
            Person(
                id=f"user-{number + 1:03}",
                age_group=AGE_GROUPS[age],
                membership=random_.choices(MEMBERSHIPS, weights=(3, 5, 2))[0],
                era=2022 - 7 * age + random_.gauss(0, 4),  # what one saw when young stays dear
                taste=taste,
                later_taste=_taste(random_, random_.choice(GENRES)) if changes else taste,
                turns_at=END - int(PERIOD * (0.2 + 0.5 * random_.random())),
            )
        )
    return everybody


def events(random_: random.Random, catalogue: Sequence[Film], person: Person) -> list[Event]:
    """Everything one person did: evenings of one to five films, each clicked on, most of them watched."""
    sequel = {film.sequel_of: number for number, film in enumerate(catalogue) if film.sequel_of is not None}
    evenings = 4 + int(random_.expovariate(1 / 14))
    starts = sorted(END - int(PERIOD * random_.random() ** 1.3) for _ in range(min(evenings, 60)))
    happened: list[Event] = []
    for start in starts:
        now = start - start % DAY + int(3600 * (18 + 4 * random_.random()))
        taste = person.later_taste if now > person.turns_at else person.taste
        genre = random_.choices(list(taste), weights=list(taste.values()))[0]
        weights = [_pull(film, genre, person.era, now) for film in catalogue]
        for _ in range(random_.choices((1, 2, 3, 4, 5), weights=(4, 4, 3, 2, 1))[0]):
            number = _choice(random_, person, weights, sequel)
            film = catalogue[number]
            happened.append(Event(now, person.id, film.id, "click"))
            if random_.random() < (0.85 if genre in film.genres else 0.45):
                happened.append(Event(now + random_.randint(20, 240), person.id, film.id, "watch"))
                person.seen.append(number)
            now += int(1800 + 5400 * random_.random())
    return [event for event in happened if event.timestamp < END]


def _taste(random_: random.Random, first: str) -> dict[str, float]:
    second = random_.choice(RELATED[first])
    third = random_.choice(GENRES)
    taste = dict.fromkeys(GENRES, 0.008)
    for genre, weight in ((first, 0.55), (second, 0.25), (third, 0.12)):
        taste[genre] += weight
    return taste


def _pull(film: Film, genre: str, era: float, now: int) -> float:
    """How much a film attracts on an evening of this genre."""
    if film.added > now:
        return 0.0
    fits = 1.0 if film.genres[0] == genre else 0.35 if genre in film.genres else 0.01
    news = 1.0 + 2.0 * math.exp((film.added - now) / (30 * DAY)) * (film.added > END - PERIOD)
    return fits * news * film.appeal * math.exp(-(((film.year - era) / 9) ** 2) / 2)


def _choice(
    random_: random.Random, person: Person, weights: Sequence[float], sequel: Mapping[int, int]
) -> int:
    """The next film: the next part of a series begun, sometimes an old favourite, else something new."""
    last = person.seen[-1] if person.seen else None
    following = sequel.get(last) if last is not None else None
    if (
        following is not None
        and weights[following] > 0
        and following not in person.seen
        and random_.random() < 0.6
    ):
        return following
    if person.seen and random_.random() < 0.04:
        return random_.choice(person.seen)
    seen = set(person.seen)
    fresh = [0.0 if number in seen else weight for number, weight in enumerate(weights)]
    return random_.choices(range(len(weights)), weights=fresh)[0]


def write(folder: Path, seed: int = SEED) -> None:
    """Write Interactions/, Items/ and Users/ under `folder`; the same bytes for the same seed."""
    random_ = random.Random(seed)  # noqa: S311 - the same films for everybody is the point
    catalogue, everybody = films(random_), people(random_)
    rows = sorted(event for person in everybody for event in events(random_, catalogue, person))
    _write_csv(
        folder / "Items" / "items.csv",
        ("ITEM_ID", "TITLE", "GENRES", "YEAR", "CREATION_TIMESTAMP"),
        [(film.id, film.title, "|".join(film.genres), film.year, film.added) for film in catalogue],
    )
    _write_csv(
        folder / "Users" / "users.csv",
        ("USER_ID", "AGE_GROUP", "MEMBERSHIP"),
        [(person.id, person.age_group, person.membership) for person in everybody],
    )
    _write_csv(
        folder / "Interactions" / "interactions.csv",
        ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"),
        [(event.user, event.film, event.kind, event.timestamp) for event in rows],
    )


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the example's data.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "data")
    write(parser.parse_args().folder)
