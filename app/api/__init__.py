"""HTTP only: routes, schemas, problems, request ids, API keys."""
