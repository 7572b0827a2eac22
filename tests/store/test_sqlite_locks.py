"""Another process may open and close the file of a running server: it must find it in use."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect.server.catalogue import tenant
from prefect.server.store.opening import migrate, open_database
from support.rows import insert, uid

LOOK = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
print(conn.execute("SELECT count(*) FROM tenant").fetchone()[0])
conn.close()  # the last connection of a file clears its log away
"""


def test_a_process_that_comes_and_goes_takes_nothing_from_the_server(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    url = f"sqlite:///{path}"
    migrate(url)

    async def scene() -> None:
        database = open_database(url, readers=4)
        await database.start()

        def add(number: int) -> Any:
            return database.write(lambda tx: insert(tx, "tenant", id=uid(number), name="t", slug=f"t{number}"))

        async def count() -> int:
            return len(await database.read(lambda tx: tx.all(tenant.select())))

        def elsewhere() -> int:
            done = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True)
            return int(done.stdout)

        try:
            for number in range(1, 6):
                await add(number)
                # Several readers at once, so that each round may open connections that were not there before.
                assert await asyncio.gather(*(count() for _ in range(number))) == [number] * number
                assert await asyncio.to_thread(elsewhere) == number
                assert Path(f"{path}-wal").exists()
        finally:
            await database.stop()

    asyncio.run(scene())
