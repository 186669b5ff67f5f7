"""The mail of a run that builds: results first, or what failed first."""

from collections.abc import Iterator

from personalize_pipeline.reporting.mail import bake_off, live, promotion, quality, smoke_tests
from personalize_pipeline.reporting.mail.batch_jobs import batch_jobs
from personalize_pipeline.reporting.mail.costs import costs
from personalize_pipeline.reporting.mail.data_jobs import attributions, deletions, exports
from personalize_pipeline.reporting.mail.ending import Ending
from personalize_pipeline.reporting.mail.forecast import forecast
from personalize_pipeline.reporting.mail.frame import Mail, about, subject
from personalize_pipeline.reporting.mail.parts import parts
from personalize_pipeline.reporting.mail.replaced import filters, schemas
from personalize_pipeline.reporting.mail.schedules import schedules, started_by
from personalize_pipeline.reporting.mail.text import bullet, join, section
from personalize_pipeline.reporting.mail.what_failed import (
    cause,
    error,
    not_begun,
    short_reason,
    what_failed,
    what_to_do,
)


def run_mail(ending: Ending, took: str, *, console: bool) -> Mail:
    """What is live and how good it is; of a failed run first what failed and what to do."""
    if ending.succeeded:
        body = join(
            f"{ending.title} is {'live' if live.is_live(ending) else 'ready'}. The run took {took}.",
            started_by(ending),
            forecast(ending),
            *_results(ending),
            about(ending, console=console),
        )
        unmoved = promotion.summary(ending)
        return Mail(subject("Succeeded", ending.title, f"({unmoved})" if unmoved else ""), body)
    body = join(
        f"{ending.title} failed. The run took {took}.",
        started_by(ending),
        what_failed(ending, console=console),
        not_begun(ending),
        what_to_do(ending),
        forecast(ending),
        "WHAT WORKED NEVERTHELESS" if ending.worked else "",
        *_results(ending),
        about(ending, console=console),
    )
    return Mail(subject("Failed", ending.title, short_reason(ending)), body, error(ending), cause(ending))


def _results(ending: Ending) -> Iterator[str]:
    """The sections about what worked, in the order of the mail; one without content is left out."""
    yield promotion.promotions(ending)
    yield live.campaigns(ending)
    yield live.recommenders(ending)
    yield batch_jobs(ending)
    yield smoke_tests.smoke_tests(ending)
    yield live.trackers(ending)
    yield attributions(ending)
    yield deletions(ending)
    yield exports(ending)
    yield from quality.versions(ending)
    yield from quality.recommenders(ending)
    yield from bake_off.bake_offs(ending)
    yield schemas(ending)
    yield filters(ending)
    yield parts(ending)
    yield costs(ending)
    yield schedules(ending)
    yield section("Notes", (bullet(note) for note in ending.notes))
