"""The table of `Owed`. The harness makes it; it is no part of the product's own migrations."""

TABLE = """
    CREATE TABLE planted_owed (
        id bigserial PRIMARY KEY, person_id bigint NOT NULL, sort text NOT NULL, occasion text NOT NULL,
        due_at timestamptz NOT NULL, not_after timestamptz NOT NULL, unwritable boolean NOT NULL DEFAULT false
    )
"""
