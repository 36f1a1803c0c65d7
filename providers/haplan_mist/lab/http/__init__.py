"""The API as a server: routes, pages, published schemas."""
