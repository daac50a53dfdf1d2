"""Ends sessions whose producer died for good: writes the end marks that it did not write."""
