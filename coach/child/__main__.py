"""Start a process for the learner's code: `python -P -B coach/child [zygote FD]`.

The repository is importable only while the coach's own modules load, so that the
learner's `import gs2` can never find the finished site instead of their own.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != Path(ROOT)]
sys.path.insert(0, ROOT)
from coach.child import host, zygote  # noqa: E402  (the import path has to be set first)

sys.path.remove(ROOT)
for name in [name for name in sys.modules if name.partition(".")[0] == "coach"]:
    del sys.modules[name]  # a server has no such package either, and a learner may have one

if sys.argv[1:2] == ["zygote"]:
    zygote.run(int(sys.argv[2]))
else:
    zygote.warm_up()  # it is started before its site is known
    host.run()
