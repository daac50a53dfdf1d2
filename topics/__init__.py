"""Where records live: topics, their settings, and the route that joins them."""
