"""What the catalog holds: relations with their columns and constraints, functions, grants.

All but `Copy` and `Grant` are kept as JSON documents of their fields.
"""

from __future__ import annotations

import copy
import json
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from local_warehouse.catalog.names import Name, quoted


@dataclass
class Column:
    """A column of a table or view, or of a query's result."""

    name: str
    type: str  # a Spark DDL type in lower case, e.g. decimal(10,2) or array<string>
    nullable: bool = True
    comment: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    mask: dict[str, Any] | None = None
    declared: str | None = None  # its type as shown, where that is not `type`: varchar(5), void

    @property
    def shown_type(self) -> str:
        """The type that the user gave it, which may have a length: varchar(5)."""
        return self.declared or self.type

    @property
    def may_be_nan(self) -> bool:
        """Whether it holds numbers that may be NaN, which is greater than all others."""
        return self.type in ("float", "double")

    def describe_as(self, other: Column) -> None:
        """Take from another column what only the catalog knows of it."""
        self.comment, self.tags, self.mask = other.comment, other.tags, other.mask
        if self.type == other.type:
            self.declared = other.declared


@dataclass
class Constraint:
    """A constraint of a table. Keys are shown and not enforced, as on Databricks."""

    name: str
    kind: str  # CHECK, PRIMARY KEY or FOREIGN KEY
    columns: list[str] = field(default_factory=list)
    expression: str | None = None
    references: list[str] = field(default_factory=list)  # catalog, schema, table
    reference_columns: list[str] = field(default_factory=list)
    rely: bool = False

    @property
    def text(self) -> str:
        """The constraint as SQL, without its name."""
        columns = ", ".join(quoted(column) for column in self.columns)
        if self.kind == "CHECK":
            return f"CHECK ({self.expression})"
        if self.kind == "PRIMARY KEY":
            return f"PRIMARY KEY ({columns})"
        references = ", ".join(quoted(column) for column in self.reference_columns)
        return f"FOREIGN KEY ({columns}) REFERENCES {quoted(*self.references)} ({references})"


@dataclass(frozen=True)
class Clone:
    """Where a clone's rows are from."""

    version: int  # of the clone, whose commit has brought the rows
    source: str  # the dotted full name of the table
    source_version: int
    is_shallow: bool


@dataclass
class Relation:
    """A table or a view.

    The catalog's relations are shared by all threads: change a `copy()`, and put that.
    """

    name: Name
    kind: str  # MANAGED, EXTERNAL or VIEW
    columns: list[Column] = field(default_factory=list)
    location: str | None = None
    view_text: str | None = None
    view_namespace: tuple[str, str] | None = None  # what unqualified names in view_text mean
    # The names in its query that a view's columns stand for, where a star leaves them open.
    query_columns: list[str] = field(default_factory=list)
    # The types of the columns that a view's query read when it was made, by names.
    reads: dict[str, dict[str, str]] = field(default_factory=dict)
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    partition_by: list[str] = field(default_factory=list)
    cluster_by: list[str] = field(default_factory=list)
    cluster_by_auto: bool = False  # the keys are the warehouse's choice, which makes none
    row_filter: dict[str, Any] | None = None
    clone_of: Clone | None = None
    owner: str = "local"
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    generation: int = 0  # grows when the engine must read the table's schema again
    created_at: float = field(default_factory=time.time)
    altered_at: float = field(default_factory=time.time)

    @property
    def is_view(self) -> bool:
        """Whether it is a view, and so has neither files nor a location."""
        return self.kind == "VIEW"

    @property
    def shown_kind(self) -> str:
        """The kind as it is shown, which of a shallow clone is another one."""
        is_shallow = self.clone_of is not None and self.clone_of.is_shallow
        return f"{self.kind}_SHALLOW_CLONE" if is_shallow else self.kind

    @property
    def path(self) -> str:
        """The URL of a table's folder, without a slash at its end; a view has none."""
        assert self.location is not None
        return self.location

    @property
    def shown_properties(self) -> dict[str, str]:
        """All properties, with those that Delta adds for clustering."""
        if not (self.cluster_by or self.cluster_by_auto):
            return self.settable_properties
        keys = json.dumps([[key] for key in self.cluster_by], separators=(",", ":"))
        automatic = {"clusterByAuto": "true"} if self.cluster_by_auto else {}
        return self.settable_properties | {"clusteringColumns": keys} | automatic

    @property
    def settable_properties(self) -> dict[str, str]:
        """The properties, with those that Delta adds for CHECK constraints."""
        checks = {
            f"delta.constraints.{c.name.lower()}": c.expression or ""
            for c in self.constraints
            if c.kind == "CHECK"
        }
        return self.properties | checks

    def column(self, name: str) -> Column | None:
        """The column of a name, in whatever case, if there is one."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)

    def copy(self) -> Relation:
        """A relation of its own to be changed, and then put into the catalog."""
        return copy.deepcopy(self)

    def document(self) -> dict[str, Any]:
        """The relation as the catalog's file keeps it, in JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Relation:
        """The relation whose `document()` this is."""
        return cls(
            **{
                **document,
                "name": Name(**document["name"]),
                "columns": [Column(**column) for column in document["columns"]],
                "constraints": [Constraint(**c) for c in document["constraints"]],
                "clone_of": Clone(**clone) if (clone := document.get("clone_of")) else None,
                "view_namespace": tuple(document["view_namespace"] or ()) or None,
            }
        )


@dataclass
class Parameter:
    """A parameter of a function, or a column of the table that it returns."""

    name: str
    type: str
    default: str | None = None  # a SQL expression
    comment: str | None = None


@dataclass
class Function:
    """A function written in SQL, by CREATE FUNCTION."""

    name: Name
    parameters: list[Parameter]
    returns: str = ""  # a type, or `table`
    columns: list[Parameter] | None = None  # of a function that returns a table
    body: str = ""
    namespace: tuple[str, str] | None = None  # what unqualified names in the body mean
    comment: str | None = None
    owner: str = "local"
    created_at: float = field(default_factory=time.time)

    @property
    def full_name(self) -> str:
        """The dotted full name, as privileges and results show it."""
        return f"{self.name.catalog}.{self.name.schema}.{self.name.table}"

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Function:
        """The function whose fields these are, as `dataclasses.asdict` gives them."""
        columns = document["columns"]
        return cls(
            **{
                **document,
                "name": Name(**document["name"]),
                "parameters": [Parameter(**p) for p in document["parameters"]],
                "columns": None if columns is None else [Parameter(**c) for c in columns],
                "namespace": tuple(document["namespace"] or ()) or None,
            }
        )


@dataclass
class Schema:
    """A schema of a catalog; both names are in lower case."""

    catalog: str
    name: str
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    owner: str = "local"

    def copy(self) -> Schema:
        """A schema of its own to be changed, and then put into the catalog."""
        return copy.deepcopy(self)


@dataclass(frozen=True)
class Copy:
    """A COPY INTO of files (`urls`) whose commit, after `version` of the table, carries its id."""

    id: str
    version: int
    urls: list[str]


@dataclass(frozen=True)
class Grant:
    """A privilege of a principal on a securable."""

    kind: str  # CATALOG, SCHEMA, TABLE (also of a view) or FUNCTION
    securable: str  # its full name, dotted
    principal: str
    privilege: str
