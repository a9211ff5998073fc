"""What Maestro costs, measured beside what it is compared with: ``make bench``, or ``make bench ONLY=name``."""
