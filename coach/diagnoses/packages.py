"""Causes in packages that are not the learner's own: a name that nothing installed has."""

import re

from coach.diagnoses.catalogue import diagnosis
from coach.diagnoses.lines import missing_module
from coach.evidence import Evidence


@diagnosis("module-not-found")
def module_not_found(evidence: Evidence) -> str | None:
    missing = missing_module(evidence)
    package, _, inner = missing.partition(".")
    is_theirs = any(re.search(rf"(^|/){package}(\.py$|/)", path) for path in evidence.tree)
    has_line = any(frame["work"] for link in evidence.error[:1] for frame in link["frames"])
    if not missing or is_theirs or not has_line or evidence.kind != "not-loaded":
        return None
    if inner:
        return f"the package {package} has no module {missing}"
    return f"no package called {missing} is installed, and your site has none"
