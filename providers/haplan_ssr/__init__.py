"""Session Smart routers through their conductor, over its REST API."""
