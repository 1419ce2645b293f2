"""The processes that serve: Uvicorn as Inkling runs it, alone or as one of several under a supervisor."""

from app.server.server import SWITCH_SECONDS, Server
from app.server.supervisor import supervise

__all__ = ["SWITCH_SECONDS", "Server", "supervise"]
