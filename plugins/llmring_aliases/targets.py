"""From what is asked of an alias to what it shall be, or to the answer that says what would do."""

from llmring_aliases.models import DEFAULT_PROFILE, Binding, Target, faults_of
from llmring_server.http.errors import Problem


def checked(binding: Binding) -> Target:
    """Return what a single binding asks for, or raise the 422 that says what would do."""
    target = Target(binding.profile or DEFAULT_PROFILE, binding.alias, binding.model, binding.metadata)
    faults = faults_of([target])
    if faults:
        _, field, msg = faults[0]
        raise Problem.validation("body", field, msg=msg)
    return target
