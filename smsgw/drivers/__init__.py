"""One file a provider; `base.py` says what a driver is."""
