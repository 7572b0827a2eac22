"""What the API can do: one function per deed, synchronous, over one open transaction; time comes in as ``now``."""
