#!/usr/bin/env python3
"""A program from before there was an agent: it knows of environment variables, and of nothing else."""

import os
import signal
import sys
from urllib.parse import urlsplit

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

database = urlsplit(os.environ["DATABASE_URL"])
print(f"connecting to {database.hostname} as {database.username}", flush=True)
while "--once" not in sys.argv:
    signal.pause()
