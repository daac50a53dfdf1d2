"""What an SQL box may ask: one SELECT over our own tables, and nothing that reaches outside them.

ClickHouse's own `readonly` does not stop `file()` and `url()` from reading the host, so the statement is
parsed, every name in it is judged, and what is sent on is the text rendered from the judged tree: what was
checked is what runs.
"""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from connectors.clickhouse.as_of import VIEWS, VIEWS_AS_OF, AsOf
from connectors.clickhouse.ddl import AS_OF

DIALECT = "clickhouse"
TABLE_FUNCTIONS = {"numbers", "zeros", "generateseries", "generate_series", "values"}
SYSTEM_TABLES = {"one", "numbers", "zeros", "tables", "columns", "databases", "functions", "table_functions"}
# Functions that read files, network, other servers, dictionaries or the machine, or only cost time. Table
# functions are judged by TABLE_FUNCTIONS; the worst are here as well, in case a scalar of their name appears.
FORBIDDEN = {
    "file", "filecluster", "url", "urlcluster", "remote", "remotesecure", "clusterallreplicas", "executable",
    "python", "eval", "bigquery", "arrowstream", "filesystem", "redis", "mongodb", "sqlite", "odbc", "jdbc",
    "gcs", "cosn", "oss", "joinget", "joingetornull", "addresstoline", "addresstolinewithinlines",
    "addresstosymbol", "demangle", "sleep", "sleepeachrow", "catboostevaluate", "evalmlmethod", "getserverport",
    "getserversetting", "getmergetreesetting", "getmacro", "getclienthttpheader", "getsetting",
    "getsettingordefault", "currentrequesturl", "filesystemavailable", "filesystemcapacity",
    "filesystemunreserved", "hostname", "fullhostname", "fqdn", "serveruuid", "showcertificate",
}  # fmt: skip
FORBIDDEN_PREFIXES = (
    "s3", "hdfs", "azure", "dict", "hasdict", "iceberg", "deltalake", "hudi", "paimon", "mysql", "postgresql",
    "arrowflight", "ytsaurus", "aigenerate", "aiclassify", "aiembed", "aiextract", "aifilter", "airedact",
    "aisimilarity", "aitranslate", "naivebayes",
)  # fmt: skip
# in(x, t) is IN spelt as a function: its second argument may be a table.
IN_FUNCTIONS = {prefix + name for prefix in ("", "global") for name in (
    "in", "notin", "nullin", "notnullin", "inignoreset", "notinignoreset", "nullinignoreset", "notnullinignoreset",
)}  # fmt: skip
OURS = ("framelog", "framelog_log")


class Refused(ValueError):
    """Why a statement does not run."""


def guard(sql: str, databases: tuple[str, ...] = OURS, then: AsOf | None = None) -> str:
    """The statement to run, rendered anew with every table named in full; Refused says why not.

    Unqualified tables are those of the first of `databases`. `then`: every view in it is read as it was, of one
    run.
    """
    try:
        statements = [s for s in sqlglot.parse(sql, dialect=DIALECT) if s is not None]
    except (SqlglotError, RecursionError) as error:
        raise Refused(f"this does not parse: {str(error).splitlines()[0][:200]}") from error
    if len(statements) != 1:
        raise Refused(f"one SELECT at a time, these are {len(statements)} statements")
    tree = statements[0]
    if not isinstance(tree, exp.Query) or isinstance(tree, exp.Table):
        raise Refused(f"only SELECT is allowed, this is {tree.key.upper()}")
    for node in tree.walk():
        _judge(node, databases)
    if then is not None:
        for table in list(tree.find_all(exp.Table)):
            _put_back(table, databases, then)
    return tree.sql(dialect=DIALECT, comments=False)


def _judge(node: exp.Expr, databases: tuple[str, ...]) -> None:
    if isinstance(node, exp.Table):
        _judge_table(node, databases)
    elif isinstance(node, (exp.Into, exp.DML, exp.DDL, exp.Command)) and not isinstance(node, exp.Query):
        raise Refused(f"only SELECT is allowed, not {node.key.upper()}")
    elif isinstance(node, exp.Placeholder):
        raise Refused("parameters in braces are not for the SQL box: write the value")
    elif isinstance(node, exp.In) and isinstance(node.args.get("field"), (exp.Column, exp.Func)):
        raise Refused("write IN (SELECT … FROM …) instead of IN table")
    elif isinstance(node, exp.Column) and node.table.lower() in {"system", "information_schema"}:
        raise Refused(f"{node.sql(dialect=DIALECT)} is not to be read here")
    if isinstance(node, exp.Query):
        for clause in ("settings", "format"):
            if node.args.get(clause):
                raise Refused(f"{clause.upper()} is set by the server, leave it out")
    for name in _names(node):
        if isinstance(node, exp.Anonymous) and name.lower() in IN_FUNCTIONS:
            raise Refused("write x IN (SELECT … FROM …)")
        if name.lower() in FORBIDDEN or name.lower().startswith(FORBIDDEN_PREFIXES):
            raise Refused(f"{name} reaches outside the tables and is refused")


def _judge_table(node: exp.Table, databases: tuple[str, ...]) -> None:
    if not isinstance(node.this, exp.Identifier):
        name = _function(node.this)
        if name in VIEWS_AS_OF and node.db in {"", databases[0]} and not node.args.get("catalog"):
            node.set("db", exp.to_identifier(databases[0]))
            return
        if name.lower() not in TABLE_FUNCTIONS:
            raise Refused(f"the table function {name} is refused: read the tables of {', '.join(databases)}")
        return
    if not isinstance(node.args.get("db"), (exp.Identifier, type(None))):
        raise Refused("parameters in braces are not for the SQL box: write the name")
    if node.args.get("catalog"):
        raise Refused(f"{node.sql(dialect=DIALECT)} has too many parts: database.table")
    database, table = node.db, node.name
    if database == "system" and table in SYSTEM_TABLES:
        return
    if not database:
        if not _is_cte(node):
            node.set("db", exp.to_identifier(databases[0], quoted=True))
        return
    if database not in databases:
        raise Refused(f"{database}.{table} is not to be read here, only {', '.join(databases)}")


def _put_back(node: exp.Table, databases: tuple[str, ...], then: AsOf) -> None:
    """Makes a view the same view as it was; its name stays what the rest of the statement calls it."""
    if not isinstance(node.this, exp.Identifier):
        if _function(node.this) in VIEWS_AS_OF:
            raise Refused(
                f"{_function(node.this)} names run and time itself: leave the options out, or the function"
            )
        return
    if not node.db or node.db == "system":
        return
    if node.db != databases[0] or node.name not in VIEWS:
        raise Refused(f"{node.db}.{node.name} can not be read as of a time: only the views of {databases[0]} can")
    if isinstance(node.parent, exp.Final):
        raise Refused(f"leave FINAL out: {node.name} as of a time holds each record once")
    name = node.name
    asked = {"run": then.run, "at": then.text}
    values = [exp.EQ(this=exp.column(key), expression=exp.Literal.string(text)) for key, text in asked.items()]
    node.set("this", exp.Anonymous(this=f"{name}{AS_OF}", expressions=values))
    node.set("db", exp.to_identifier(databases[0]))
    if not node.alias:
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name)))


def _is_cte(node: exp.Table) -> bool:
    """Whether an unqualified name means a WITH of a query around it."""
    query: exp.Expr | None = node
    while query is not None:
        if isinstance(query, exp.Query) and any(cte.alias == node.name for cte in query.ctes):
            return True
        query = query.parent
    return False


def _function(node: exp.Expr) -> str:
    return node.name if isinstance(node, exp.Anonymous) else node.key


def _names(node: exp.Expr) -> Iterator[str]:
    """Names that ClickHouse could take for a function's; aliases too: a name may be applied (`* APPLY f`)."""
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc, exp.ParameterizedAgg)):
        yield str(node.name or node.this)
    elif isinstance(node, exp.Func):
        yield from node.sql_names()
    elif isinstance(node, exp.Var) and isinstance(node.this, str):
        yield node.this
    elif isinstance(node, exp.Identifier) and not isinstance(node.parent, exp.TableAlias):
        yield node.name
