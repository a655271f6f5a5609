"""Starts what Concordat needs on one machine: the environment, a real PostgreSQL, a real Redis, the processes.

Plain Python, no Django: it must run before anything is installed. `python3 -m stack --help` lists its commands.
"""
