"""The API as a server: routes, logins."""
