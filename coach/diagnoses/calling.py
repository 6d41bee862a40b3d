"""Causes in how a method is called: by a name that is none, without its object, with too much."""

import re

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.groups import ADD, DISCARD, SEND
from coach.diagnoses.syntax import Function, classes
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence

BOUND = ("staticmethod", "classmethod")


@diagnosis("layer-method-unknown")
def layer_method_unknown(evidence: Evidence) -> str | None:
    """`group_channels`, of Channels 1."""
    for link in evidence.error:
        found = re.match(r"'\w+ChannelLayer' object has no attribute '(\w+)'", link["text"])
        if found and last_line(evidence):
            return (
                f"a channel layer has no {found[1]}: it has {ADD}, {SEND} and {DISCARD} for a "
                "group, and send for one channel"
            )
    return None


@diagnosis("group-call-arguments")
def group_call_arguments(evidence: Evidence) -> str | None:
    """`group_send(group, {…}, type="chat_message")`."""
    for link in evidence.error:
        found = re.match(
            r"\w+ChannelLayer\.(group_send|send)\(\) (missing|takes|got an unexpected)",
            link["text"],
        )
        if found and last_line(evidence):
            whom = "a group" if found[1] == SEND else "a channel"
            return (
                f"{found[1]} takes two things, the name of {whom} and a message, one dict: what is "
                "to be told stands in that dict, its type as well"
            )
    return None


@diagnosis("method-without-self")
def method_without_self(evidence: Evidence) -> Because | None:
    """`def keep(text)` in a class, called as `self.keep(text)`."""
    for link in evidence.error:
        found = re.match(
            r"(\w+)\.(\w+)\(\) takes (\d+) positional arguments? but (\d+) \w+ given", link["text"]
        )
        if not found or int(found[4]) != int(found[3]) + 1:
            continue
        for file in evidence.tree:
            for node in classes(evidence, file, found[1]) if file.endswith(".py") else ():
                for one in node.body:
                    if isinstance(one, Function) and one.name == found[2] and _lacks_self(one):
                        why = (
                            f"a method is given its object first, as self, and {one.name} has no "
                            "parameter for it"
                        )
                        return Because(why, in_file(file, one.lineno, f"{node.name}.{one.name}"))
    return None


def _lacks_self(function: Function) -> bool:
    names = [one.arg for one in function.args.args]
    is_bound = any(name_of(one) in BOUND for one in function.decorator_list)
    return names[:1] != ["self"] and not is_bound
