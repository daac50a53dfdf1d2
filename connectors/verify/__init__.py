"""Verification: every promise that can be read off the log and the stores, checked record by record.

`verify(connection, store, objects, run, stream)` gives a `Report`. A pass over every topic (`scan.py`) holds
each record to what it must be by itself (`form.py`) and in its order (`order.py`), compares rows (`rows.py`) and
objects (`objects.py`), and remembers places in a file (`index.py`). What only shows between topics is asked of
that file at the end (`answers.py`, `named.py`, `letters.py`). What is not written yet is `behind`, what retention
removed is `gone`; neither is a fault.
"""

from connectors.verify.report import CHECKS, Fault, Report
from connectors.verify.run import verify, verify_log

__all__ = ["CHECKS", "Fault", "Report", "verify", "verify_log"]
