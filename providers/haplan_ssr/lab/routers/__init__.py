"""The state of routers, over REST and GraphQL."""
