"""The database of a project: one SQLite file, its schema in numbered versions.

`sqlite3` of the standard library is used as it is: the statements are few and fixed, every table is shown in
`schema/`, and the light installation gains no dependency.
"""
