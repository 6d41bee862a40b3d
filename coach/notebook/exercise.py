"""What a notebook says of the answer that a reader has written into a cell."""


def judge(yours: object, right: object) -> None:
    """Print whether an answer is right; `...` is one that is not written yet."""
    if yours is ...:
        print("Not answered yet: change the cell above, run it, then run this one.")
    elif yours == right:
        print(f"Yes: {right!r}.")
    else:
        print(f"You wrote {yours!r}, and that is not what happens. The answer below says why.")
