"""How much is measured: the sizes of a full run, and of a quick one."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plan:
    """`pauses`: how many connections wait together, and the seconds of one wait then."""

    rounds: int = 7
    pauses: tuple[tuple[int, float], ...] = ((10, 0.04), (100, 0.008))
    holdup_pause_s: float = 0.07
    echo_sizes: tuple[int, ...] = (1, 10, 100, 1000)
    echo_s: float = 0.05
    memory_block: int = 20
    query_sizes: tuple[int, ...] = (1, 10)
    query_s: float = 0.05
    cpu_sizes: tuple[int, ...] = (1, 4)
    cpu_messages: int = 8
    says: str = ""

    @property
    def steps(self) -> dict[str, int]:
        """How many steps each question takes on a site that offers every way."""
        ways = {
            "together": 4 * len(self.pauses), "holdup": 4, "echo": 6 * len(self.echo_sizes),
            "memory": 5, "database": 3 * len(self.query_sizes), "cpu": 3 * len(self.cpu_sizes),
        }  # fmt: skip
        return {question: count * self.rounds for question, count in ways.items()}


FULL = Plan()
QUICK = replace(
    FULL,
    rounds=3,
    pauses=((10, 0.05),),
    echo_sizes=(1, 10, 100),
    echo_s=0.04,
    memory_block=15,
    query_s=0.04,
    says="Quick: 3 rounds, at most 10 connections together, 100 in the echo.",
)
