"""`python -m coach VERB`. Every Python can read this file, so that one too old gets a sentence."""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.stderr.write(
            "This is Python %d.%d.%d, and the course needs 3.11 or later.\n" % sys.version_info[:3]
            + "Install a later one, then set the course up with it by its name, for example:\n"
            + "    make setup PYTHON=python3.12      (without make: python3.12 -m coach setup)\n"
        )
        sys.exit(3)

    from coach.bootstrap import main

    sys.exit(main(sys.argv[1:]))
