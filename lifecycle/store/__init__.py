"""Where facts are kept: one DuckDB file, Parquet logs and hashed artefacts in one folder.

`connection.Workspace` opens the folder. Beside it stands one module per family of tables; its
functions take a cursor first, hold their SQL in full and give back domain values. What reads
takes any cursor, what writes takes the cursor of `Workspace.transaction()`, so that a change and
its audit event are saved together or not at all.
"""
