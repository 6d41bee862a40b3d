"""What you expect, written down before anything is measured.

Seconds are numbers, everything else is True or False. The pause before each number is 0.2 s. A
number of seconds is near enough from half to twice what is measured.
"""

# Ten clients send "count 1" at the same moment. How many seconds until the last one has its "1"?
TEN_AT_SC_S = 2.0  # all ten at /ws/sc/
TEN_AT_AC_S = 0.2  # all ten at /ws/ac/

# One client sends "count 3" to /ws/sc/. Until it has its "3", is another client kept waiting,
SYNC_HOLDS_UP_PAGE = False  # that asks for a page, "/", over HTTP?
SYNC_HOLDS_UP_HELLO = False  # that opens /ws/hello/, a plain ASGI function?
SYNC_HOLDS_UP_SYNC = True  # that sends a word to /ws/sc/?
SYNC_HOLDS_UP_ASYNC = True  # that sends a word to /ws/ac/?

# One client sends "count 3" to /ws/trap/, an async consumer that calls time.sleep. Meanwhile the
# same four.
TRAP_HOLDS_UP_PAGE = True
TRAP_HOLDS_UP_HELLO = True
TRAP_HOLDS_UP_SYNC = True
TRAP_HOLDS_UP_ASYNC = True

# Do the three frames of /ws/trap/ reach its client all together, at the end?
TRAP_FRAMES_COME_TOGETHER = True

# One client sends "count 3" to /ws/ac/, and at once "count 3" again. Do the two counts overlap?
TWO_COUNTS_OVERLAP = False
