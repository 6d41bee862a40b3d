"""The catalogue of established causes. One function each: evidence in, the reason or nothing out.

A function returns a reason only where the evidence leaves no other; the first that does is
the report's `why`. Every identifier is produced by a planted mistake of some lesson.
"""

import os
from dataclasses import dataclass

from coach.diagnoses.catalogue import CATALOGUE, Because
from coach.evidence import Evidence, Told

# The order of these imports is the order of the search: what stops Python itself comes first.
# isort: off
from coach.diagnoses import crash as _crash
from coach.diagnoses import python as _python
from coach.diagnoses import names as _names
from coach.diagnoses import sabotage as _sabotage
from coach.diagnoses import communicators as _communicators
from coach.diagnoses import entry as _entry
from coach.diagnoses import settings as _settings
from coach.diagnoses import processes as _processes
from coach.diagnoses import door as _door
from coach.diagnoses import visitors as _visitors
from coach.diagnoses import speakers as _speakers
from coach.diagnoses import threads as _threads
from coach.diagnoses import middleware as _middleware
from coach.diagnoses import memory as _memory
from coach.diagnoses import keeping as _keeping
from coach.diagnoses import queries as _queries
from coach.diagnoses import layers as _layers
from coach.diagnoses import groups as _groups
from coach.diagnoses import rooms as _rooms
from coach.diagnoses import deliveries as _deliveries
from coach.diagnoses import classes as _classes
from coach.diagnoses import includes as _includes
from coach.diagnoses import modules as _modules
from coach.diagnoses import packages as _packages
from coach.diagnoses import protocols as _protocols
from coach.diagnoses import routes as _routes
from coach.diagnoses import endpoints as _endpoints
from coach.diagnoses import routers as _routers
from coach.diagnoses import lists as _lists
from coach.diagnoses import rules as _rules
from coach.diagnoses import messages as _messages
from coach.diagnoses import coroutines as _coroutines
from coach.diagnoses import counts as _counts
from coach.diagnoses import handlers as _handlers
from coach.diagnoses import calling as _calling
from coach.diagnoses import echoes as _echoes
from coach.diagnoses import events as _events
from coach.diagnoses import answers as _answers
from coach.diagnoses import consumers as _consumers
from coach.diagnoses import predictions as _predictions
# isort: on

MODULES = (
    _crash, _python, _names, _sabotage, _communicators, _entry, _settings, _processes, _door,
    _visitors, _speakers, _threads, _middleware, _memory, _keeping, _queries, _layers, _groups,
    _rooms, _deliveries, _classes, _includes, _modules, _packages, _protocols, _routes,
    _endpoints, _routers, _lists, _rules, _messages, _coroutines, _counts, _handlers, _calling,
    _echoes, _events, _answers, _consumers, _predictions,
)  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """An identifier of the catalogue, the reason in words, and the place if it is known better."""

    ident: str
    why: str
    place: Told | None = None


def diagnose(evidence: Evidence) -> Diagnosis | None:
    """The established cause of a failure, or None."""
    for ident, find in CATALOGUE.items():
        try:
            found = find(evidence)
        except Exception:  # whatever a learner sent: a report without `why` is worth more than none
            if os.environ.get("COACH_TRACE"):
                raise
            continue
        if isinstance(found, Because):
            return Diagnosis(ident, found.why, found.place)
        if found:
            return Diagnosis(ident, found)
    return None
