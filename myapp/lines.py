"""What a line of the chat may be: plain rules, without Django and without sockets."""

import json

# A character takes up to 12 in JSON (two \uXXXX); what stands around the text takes a few more.
JSON_CHARS, AROUND_CHARS = 12, 100


class LineError(ValueError):
    """A frame that is no line. Its text tells the writer why, and what to do."""


def read(frame: str | None, most_chars: int) -> str:
    """The text of a line, from a frame such as {"text": "tea"}.

    frame: the text frame; None where the frame was binary
    most_chars: how many characters a line has at most
    Raises LineError where the frame is no line.
    """
    text = text_of(frame, most_chars)
    if not text.strip():
        raise LineError("This line is empty. Write something first.")
    if len(text) > most_chars:
        raise LineError(
            f"This line has {len(text)} characters; a room takes at most {most_chars}. "
            "Split it into shorter lines."
        )
    if not can_be_kept(text):
        raise LineError("This line has a character that cannot be kept. Leave it out.")
    return text


def text_of(frame: str | None, most_chars: int) -> str:
    if frame is None:
        raise LineError('This frame is binary. A line is a text frame: {"text": "tea"}.')
    # Before it is parsed, which takes longer the longer it is.
    if len(frame) > most_chars * JSON_CHARS + AROUND_CHARS:
        raise LineError(
            f"This frame has {len(frame)} characters; a line has at most {most_chars}. "
            "Split it into shorter lines."
        )
    try:
        content = json.loads(frame)
    except (ValueError, RecursionError):  # a frame of many brackets goes deeper than Python does
        raise LineError('This frame is not JSON. A line looks like {"text": "tea"}.') from None
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(text, str):
        raise LineError('This frame has no text. A line looks like {"text": "tea"}.')
    return text


def can_be_kept(text: str) -> bool:
    """False where a database may refuse the text: NUL, and half of a pair of surrogates."""
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
