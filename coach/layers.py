"""What a check asks of the learner's channel layer, and what a failure tells of it."""

import contextlib
import functools
from collections.abc import Awaitable, Callable

from coach.evidence import Failure, Told
from coach.site import Site

Check = Callable[[Site], Awaitable[None]]
EXPECTED = "what the channel layer was asked"
# After these the process still answers questions.
ANSWERING = ("silent", "wrong", "closed", "raised", "illegal", "left-behind", "unawaited")


def heeded(check: Check) -> Check:
    """The same check; where it fails, the evidence has what the layer was asked meanwhile."""

    @functools.wraps(check)
    async def heed(site: Site) -> None:
        await asked(site, forget=True)  # what the steps before have asked
        try:
            await check(site)
        except Failure as failure:
            if failure.evidence.kind in ANSWERING:
                with contextlib.suppress(Failure):
                    failure.evidence.layer = await asked(site) | {"paths": paths(site)}
            raise

    return heed


def paths(site: Site) -> dict[str, str]:
    """Where each client was last."""
    return {talk.who: talk.path for talk in site.conversations.values()}


async def asked(site: Site, forget: bool = False) -> Told:
    """What the layer in memory was asked until now, and the members of its groups.

    "groups" is None where the layer is another one; without a layer that can be made, nothing.
    """
    told = await site.ask({"do": "layer", "forget": forget}, EXPECTED, "records")
    return {"calls": told["calls"], "groups": told["groups"]} if told["say"] == "layer" else {}


async def members(site: Site) -> dict[str, list[str]] | None:
    """The channels that are in each group; None where the layer does not tell."""
    found: dict[str, list[str]] | None = (await asked(site)).get("groups")
    return found
