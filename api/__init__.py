"""How people ask: HTTP, live push, the page."""
