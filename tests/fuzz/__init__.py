"""Image files that are damaged, or lie, or are none; and what reading them may come to at most."""
