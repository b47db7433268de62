"""The hook before an alias is resolved: plugins refuse the resolution."""

from llmring_aliases.api.aliases import ResolutionCheck
from llmring_aliases.models import ResolvedAlias
from llmring_server.contracts.aliases import AliasResolution
from llmring_server.server import Server

HOOK = "llmring_alias_resolving"


def find_checks(server: Server) -> ResolutionCheck | None:
    """Return a function that calls the implementations of the hook, in conf order; None without any."""
    checks = [check for _, check in server.plugins.callers(HOOK)]
    if not checks:
        return None

    def check_resolution(project: str, key_id: str, resolved: ResolvedAlias) -> None:
        resolution = AliasResolution(
            project_id=project, key_id=key_id, profile=resolved.profile, alias=resolved.alias, model=resolved.model
        )
        for check in checks:
            check(server=server, resolution=resolution)

    return check_resolution
