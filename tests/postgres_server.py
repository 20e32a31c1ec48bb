"""A PostgreSQL server for tests, gone with them."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from patron.features.undisclosed import undisclosed

PASSWORD = "p@ss/w:rd #1%"  # noqa: S105 - of a server that lives as long as the tests


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of our own."""

    port: int

    def url(self, password: str = PASSWORD, **parts: str) -> str:
        """A URL to it as a user would write it."""
        part = {"user": "patron", "port": str(self.port), "database": "postgres", **parts}
        return undisclosed(
            f"postgresql://{part['user']}:{quote(password, safe='')}@127.0.0.1:{part['port']}/{part['database']}"
        )

    def run(self, *statements: str) -> None:
        """Run statements, one transaction for all."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(str(self.url())) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()


def _binaries() -> Path:
    """The folder of the server's programs, which Debian keeps off the path."""
    found = [Path(name).resolve().parent for name in [shutil.which("initdb")] if name]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "pg_ctl").exists() and (folder / "postgres").exists():
            return folder
    pytest.skip("no PostgreSQL server here: install Debian's package postgresql to run this test")


def _account() -> dict[str, Any]:
    """Who runs the server: it refuses to be run by root."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in known else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server on a free port, gone with the tests."""
    binaries, account = _binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="patron-postgres-"))
    (folder / "password").write_text(PASSWORD)
    if account:
        for path in (folder, folder / "password"):
            os.chown(path, account["user"], account["group"])

    port, log = _free_port(), folder / "log"
    initialise = (
        binaries / "initdb", "--pgdata", folder / "data", "--username=patron", "--auth=scram-sha-256",
        f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--no-locale", "--no-sync",
    )  # fmt: skip
    serve = (
        binaries / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-c", "fsync=off",
        "-c", "listen_addresses=127.0.0.1", "-c", "timezone=America/New_York",
    )  # fmt: skip
    with log.open("a") as output:
        subprocess.run(initialise, check=True, cwd="/", stdout=output, stderr=output, **account)
        server = tied_to_us(serve, folder, cwd="/", stdout=output, stderr=output, **account)
    try:
        _wait_until_ready(binaries, port, server)
        yield Server(port)
    finally:
        server.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def tied_to_us(command: Sequence[str | Path], folder: Path, **options: Any) -> "subprocess.Popen[bytes]":
    """The command running until its input is closed, which also happens when we are killed; then its folder goes.

    PostgreSQL stops at once when told to quit, but a shell lets what it runs beside itself ignore that.
    """
    script = 'folder=$1; shift; "$@" & read -r _; kill -QUIT $!; kill $!; wait $!; rm -rf "$folder"'
    return subprocess.Popen(["sh", "-c", script, "sh", folder, *command], stdin=subprocess.PIPE, **options)


def _wait_until_ready(binaries: Path, port: int, server: "subprocess.Popen[bytes]") -> None:
    asked = [binaries / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    for _ in range(600):
        if subprocess.run(asked, check=False).returncode == 0:
            return
        assert server.poll() is None
        time.sleep(0.1)
    pytest.fail("the PostgreSQL server did not start within a minute")
