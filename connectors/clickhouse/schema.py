"""Makes the databases what the schemas say, and tells whether two of them hold the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectors.clickhouse.columns import all_columns, own_columns
from connectors.clickhouse.ddl import Databases, column_line, statements
from topics.catalog import CATALOG


class Incompatible(Exception):
    """A table that is there can not become what the schema says; the message says what to do."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where ClickHouse is: http://HOST:PORT or https://…, user, password, and the names of the databases."""

    url: str
    user: str = "default"
    password: str = ""
    databases: Databases = field(default_factory=Databases)

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        return f"StoreAddress({parts.scheme}://{parts.hostname}:{parts.port}, {self.databases})"


def connect(address: StoreAddress, **settings: Any) -> Any:
    """An ordinary client of the store, with no session of its own, so that threads may share it."""
    import clickhouse_connect

    return clickhouse_connect.get_client(
        dsn=address.url,
        username=address.user,
        password=address.password,
        autogenerate_session_id=False,
        settings=settings,
    )


def ensure_schema(client: Any, databases: Databases | None = None) -> list[str]:
    """Creates databases, tables and views, adds columns for new fields, and returns what it added. Calling it
    again changes nothing. Incompatible where a column has another type that its values can not be turned into.
    """
    names = databases or Databases()
    for database in (names.log, names.views):
        client.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    changed: list[str] = []
    for topic in CATALOG:
        table, *views = statements(topic.noun, names)
        client.command(table)
        changed += _migrate(client, topic.noun, names)
        for view in views:
            client.command(view)
    return changed


def _migrate(client: Any, noun: str, databases: Databases) -> list[str]:
    found = client.query(
        "SELECT name, type FROM system.columns WHERE database = {d:String} AND table = {t:String}",
        parameters={"d": databases.log, "t": noun},
    ).result_rows
    have, changed, after = dict(found), [], ""
    for column in all_columns(noun):
        if column.name not in have:
            client.command(f"ALTER TABLE {databases.log}.{noun} ADD COLUMN {column_line(column)} {after}")
            changed.append(f"{noun}.{column.name}")
        elif have[column.name] != column.type:
            _retype(client, noun, column.name, have[column.name], column.type, databases)
            changed.append(f"{noun}.{column.name}")
        after = f"AFTER `{column.name}`"
    return changed


def _retype(client: Any, noun: str, name: str, old: str, new: str, databases: Databases) -> None:
    from clickhouse_connect.driver.exceptions import ClickHouseError

    try:
        client.command(f"ALTER TABLE {databases.log}.{noun} MODIFY COLUMN `{name}` {new}")
    except ClickHouseError as error:
        raise Incompatible(
            f"{databases.log}.{noun}.{name} is {old} and can not become {new}: drop the database "
            f"{databases.log} and let the sink read the log again ({str(error).splitlines()[0]})"
        ) from error


def digests(
    client: Any, run: str = "live", databases: Databases | None = None, nouns: Iterable[str] | None = None
) -> dict[str, str]:
    """A fingerprint of each table over the noun's own columns (not offsets nor times of writing), whatever the
    rows' order: how many, and XOR and sum of a SipHash-2-4 of each row. Equal for equal content.
    """
    names = databases or Databases()
    return {
        noun: fingerprint(client, noun, names, "run = {run:String}", {"run": run})
        for noun in nouns or [t.noun for t in CATALOG]
    }


def fingerprint(client: Any, noun: str, databases: Databases, where: str, parameters: Mapping[str, Any]) -> str:
    """The same of the rows of one table for which a condition holds."""
    columns = ", ".join(f"`{c.name}`" for c in own_columns(noun))
    count, mixed, total = client.query(
        f"SELECT count(), groupBitXor(h), sum(h) FROM (SELECT sipHash64(toString(tuple({columns}))) AS h "  # noqa: S608 (names of our own schemas)
        f"FROM {databases.log}.{noun} FINAL WHERE {where})",
        parameters=dict(parameters),
    ).first_row
    return f"{count:x}-{mixed:016x}{total % 2**64:016x}"


def drop(client: Any, databases: Databases | None = None) -> None:
    """Drops both databases: a rebuild starts from here."""
    names = databases or Databases()
    for database in (names.views, names.log):
        client.command(f"DROP DATABASE IF EXISTS {database}")
