"""The HTTP API: one Flask application, served by a Cloud Function and by ``maestro serve api``.

1. ``gates`` finds out who asks and whether they may; ``allowance`` how often;
2. ``endpoints`` lists every path with what it takes, what it answers and what it needs;
3. ``reading``, ``performance``, ``commands``, ``configuring`` and ``simulation`` do what a path says, over the same
   engine as the command line;
4. ``once`` carries a write out exactly once under its idempotency key;
5. ``problems`` makes an answer of every error, ``application`` puts all of it together.

Importing the package imports neither Flask nor pydantic: a function's start-up is measured.
"""
