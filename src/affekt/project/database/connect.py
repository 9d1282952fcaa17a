"""Open the database of a project: its schema brought up to date, writers one after another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from affekt.core.errors import AffektError, FolderError

APPLICATION_ID = 0x61666B74  # "afkt": tells a project from other SQLite files
WAIT_S = 60.0  # for another process that is writing


def schema_versions() -> list[str]:
    """The statements that lead from each version of the schema to the next; the first makes version 1."""
    folder = resources.files("affekt.project.database") / "schema"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda it: it.name)
    return [file.read_text(encoding="utf-8") for file in files]


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection; it is closed at the end. Changes are made within `transaction`.

    A file that is not there is made. Readers never wait (write-ahead log); writers wait for each other.

    Raises:
        FolderError: The file is not the database of a project, belongs to a newer version, is damaged, or
            cannot be written.
    """
    try:
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise FolderError(f"{path} cannot be opened: {error}") from None
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
        yield connection
    except sqlite3.DatabaseError as error:
        # Broken constraints are faults of the caller; these are faults of the file or of its place.
        if type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError):
            raise FolderError(f"{path} cannot be used: {error}") from error
        raise
    finally:
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Changes that are made all, or not at all: also when the process is killed within."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    versions = schema_versions()
    found = _check(connection, path, len(versions))
    if found == len(versions):
        return
    if found == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        found = _check(connection, path, len(versions))  # another process may have been faster
        for number, statements in enumerate(versions[found:], start=found + 1):
            # `executescript` would end the transaction.
            for statement in _statements(statements):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")


def _check(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The version of a file's schema; 0 if it is empty."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and owner != APPLICATION_ID:
        raise FolderError(f"{path} is an SQLite file, but not of a project")
    if version > newest:
        raise FolderError(
            f"{path} has schema {version}, this affekt reads up to {newest}: update affekt; nothing was "
            "changed"
        )
    return version


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise AffektError(f"a statement of the schema is not complete: {statement.strip()[:80]}")
