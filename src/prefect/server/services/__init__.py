"""The loops of the server, each a ``run_once(now)`` that can be called by hand."""
