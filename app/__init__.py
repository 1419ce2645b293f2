"""Inkling's service: reads handwritten digits and characters over HTTP."""
