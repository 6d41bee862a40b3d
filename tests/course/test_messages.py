"""What the page of lesson 8 says of its solution, beside what a check can see."""

import re
import subprocess
import sys

from coach import course

CHAT, LINES = "myapp/chat.py", "myapp/lines.py"


def test_sync_style_has_the_same_lines_without_three_words():
    written, sync = (course.state(8, branch)[CHAT].decode() for branch in ("async", "sync"))

    code, sync_code = (text.partition('"""\n')[2] for text in (written, sync))
    assert re.sub(r"\basync |\bawait |Async", "", code) == sync_code


def test_rules_are_tried_at_a_prompt_without_django(tmp_path):
    """Lesson 8, step 3: what `python -i work/myapp/lines.py` does."""
    file = tmp_path / "lines.py"
    file.write_bytes(course.state(8, "async")[LINES])
    typed = """text_of('{"text": "tea"}', 1000)
import sys; "django" in sys.modules
text_of("[]", 1000)
"""

    ran = subprocess.run(
        [sys.executable, "-I", "-i", str(file)],
        input=typed, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip

    assert ran.stdout.splitlines() == ["'tea'", "False"]
    assert "LineError: This frame has no text. A line looks like" in ran.stderr
