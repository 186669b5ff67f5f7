"""What is live: ask it, and move a campaign to another version."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from personalize_pipeline.cli.commands.shared import STACK, Stack
from personalize_pipeline.cli.output import JSON, CommandError, errors_for_people, note, result, result_json

if TYPE_CHECKING:
    from personalize_pipeline.cli.promoting import Move

app = typer.Typer()


@app.command(short_help="Ask a campaign for recommendations, with titles.")
def recommend(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or ARN.", show_default=False)],
    user: Annotated[str | None, typer.Option(help="For whom.")] = None,
    item: Annotated[str | None, typer.Option(help="Similar to what.")] = None,
    items: Annotated[str | None, typer.Option(help="Rank these: item IDs with commas between.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=500, help="How many.")] = 10,
    filter_: Annotated[str | None, typer.Option("--filter", help="Name or ARN of a filter.")] = None,
    value: Annotated[
        list[str] | None, typer.Option(help="A value for the filter: NAME=VALUE. Can be repeated.")
    ] = None,
    titles: Annotated[
        Path | None,
        typer.Option(help="The folder whose Items file has the titles. Default: here, or example/."),
    ] = None,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Ask a campaign or a recommender for recommendations, and print them with their titles.

    \b
    Examples:
        personalize recommend films-for-you --user user-042
        personalize recommend films-like-this --item film-017 -n 5
        personalize recommend ranking --user 7 --items 1,50,260
    """
    with errors_for_people():
        from personalize_pipeline.cli import recommending

        question = recommending.Question(
            campaign=campaign,
            user=user,
            item=item,
            items=tuple(items.split(",")) if items else (),
            count=count,
            filter=filter_,
            values=tuple(value or ()),
        )
        answer = recommending.ask(question, titles)
        if json_:
            result_json([asdict(one) for one in answer])
        elif answer:
            result(recommending.table(answer))
        else:
            note("No recommendations: the filter leaves no item.")


CampaignToMove = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its name or ARN.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command(short_help="Move a campaign to another version by hand.")
def promote(
    campaign: CampaignToMove,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="[VERSION]",
            help="Its identifier, SOLUTION/IDENTIFIER or ARN. Default: the newest of the solution.",
            show_default=False,
        ),
    ] = None,
    yes: Yes = False,
    json_: Annotated[bool, JSON] = False,
) -> None:
    """Move CAMPAIGN to a version of its solution, whatever `promotion` in the params file says.

    The old version answers until the new one does. The next run moves the campaign to the newest version, if
    `promotion` lets it; a version to stay at is `solutionVersionArn` in the params file.

    \b
    Examples:
        personalize promote films-for-you                to the newest version
        personalize promote films-for-you 1a2b3c4d       to this one
    """
    with errors_for_people():
        from personalize_pipeline.cli import promoting

        _move(promoting.promotion(campaign, version), yes=yes, json_=json_)


@app.command(short_help="Move a campaign back to the version before.")
def rollback(
    campaign: CampaignToMove, stack: Stack = STACK, yes: Yes = False, json_: Annotated[bool, JSON] = False
) -> None:
    """Move CAMPAIGN back to the version that it served before, as the stack's runs tell.

    If they do not (they are remembered for 90 days), to the newest version that is older than the present
    one. The present version answers until the other one does. The next run moves the campaign to the newest
    one again, if `promotion` lets it; a version to stay at is `solutionVersionArn` in the params file.

    \b
    Examples:
        personalize rollback films-for-you           asks, moves it, and waits until it answers
        personalize rollback films-for-you --yes     does not ask
    """
    with errors_for_people():
        from personalize_pipeline.cli import promoting

        _move(promoting.rollback(campaign, stack), yes=yes, json_=json_)


def _move(move: "Move", *, yes: bool, json_: bool) -> None:
    from personalize_pipeline.cli import promoting

    seconds = 0.0
    if move.needed:
        note(move.text())
        if not yes:
            note("Type yes to move it:")
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was changed. (--yes does not ask.)")
        seconds = promoting.carry_out(move, note)
    if json_:
        answer = {"campaign": move.campaign, "arn": move.arn, "from": move.now.arn, "to": move.to.arn}
        result_json(answer | {"moved": move.needed, "seconds": round(seconds, 1)})
    elif move.needed:
        result(f"{move.campaign} serves {move.to.short}.")
        note(
            "The next run moves it to the newest version, if promotion in the params file lets it. To stay "
            f'here, write into its section: "solutionVersionArn": "{move.to.arn}"'
        )
    else:
        result(f"{move.campaign} serves {move.to.short} already.")
