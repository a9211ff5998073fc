"""A tenant's configuration: the block ``orchestrator`` of a settings file, and the document ``config/orchestrator``."""

from backend.configuration.document import DOCUMENT, METADATA, configuration_of, configured
from backend.configuration.orchestrator import OrchestratorSettings

__all__ = ["DOCUMENT", "METADATA", "OrchestratorSettings", "configuration_of", "configured"]
