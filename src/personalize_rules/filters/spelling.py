"""A hint for a word that is nearly right."""

from difflib import get_close_matches


def did_you_mean(text: str, known: object) -> str:
    """` Did you mean 'x'?` or nothing."""
    by_case = {str(name).lower(): str(name) for name in known}  # type: ignore[attr-defined]
    found = get_close_matches(text.lower(), by_case, n=1, cutoff=0.6)
    if not found:
        return ""
    name = by_case[found[0]]
    return f" Did you mean '{name.upper() if name.islower() else name}'?"
