"""What crosses the wire between the user's side and the server: documents, payloads, error codes, sizes.

It knows no transport and runs nothing.
"""
