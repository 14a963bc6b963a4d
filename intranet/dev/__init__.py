"""What `make run` and `make test` need on one machine: embedded servers, supervision, caught mail.

Nothing in production imports this package; an import contract says so.
"""
