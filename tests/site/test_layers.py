"""What lesson 9 says of the channel layer in memory: what it holds, and what it drops."""

import asyncio

import pytest
from channels.layers import InMemoryChannelLayer

pytestmark = pytest.mark.asyncio

CAPACITY = 100  # messages, as Channels 4.3 has it where the settings name no other


async def test_what_is_over_the_capacity_of_a_channel_is_dropped_without_a_word():
    layer = InMemoryChannelLayer()
    ana = await layer.new_channel()
    await layer.group_add("room.tea", ana)

    for number in range(CAPACITY + 1):
        await layer.group_send("room.tea", {"type": "chat.message", "text": str(number)})

    heard = [(await layer.receive(ana))["text"] for _ in range(CAPACITY)]
    assert heard == [str(number) for number in range(CAPACITY)]
    rest = asyncio.ensure_future(layer.receive(ana))
    await layer.group_send("room.tea", {"type": "chat.message", "text": "marker"})
    assert (await rest)["text"] == "marker"


async def test_a_group_is_there_while_it_has_a_member():
    layer = InMemoryChannelLayer()
    ana = await layer.new_channel()

    await layer.group_add("room.tea", ana)
    assert [*layer.groups["room.tea"]] == [ana]

    await layer.group_discard("room.tea", ana)
    assert layer.groups == {}
