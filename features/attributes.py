"""Attributes: which columns of a profile say something about customers, and what each of them holds."""

from collections.abc import Mapping
from dataclasses import replace

from .contracts import Column, Kind, TableContract
from .tables import TableSpec

RESERVED = ("customer", "happened", "recorded", "until", "is_target", "alias_id")
"""Names that stand for something else once a table is read; such an attribute is mapped under another name."""

_NUMBERS = ("INT", "FLOAT", "DOUBLE", "DECIMAL")
_TIMES = ("DATE", "TIMESTAMP")


def with_attributes(spec: TableSpec, contract: TableContract, present: Mapping[str, str]) -> TableContract:
    """The profile's contract with the columns that are attributes; `present` are the source's columns.

    With valid_from these are the ones that are named in the specification, or all where it names no `attributes`.
    Without it only those declared static: the others say how customers are today, and would tell the past of it.
    """
    known = set(contract.column_names)
    dated = "valid_from" in spec.columns or "valid_from" in present
    mapped = [*spec.columns, *(spec.attributes or ()), *spec.static]
    if dated and spec.attributes is None:
        sources = {source.name for source in spec.columns.values() if source.name is not None}
        mapped += [name for name in present if name not in sources]
    usable = [
        name
        for name in dict.fromkeys(mapped)
        if name not in known and name.lower() not in RESERVED and (dated or name in spec.static)
    ]
    attributes = tuple(Column(name, "text", "an attribute", is_attribute=True) for name in usable)
    return replace(contract, columns=(*contract.columns, *attributes))


def attribute_kind(source_type: str) -> Kind | None:
    """What a column of that type holds; None where it is nothing that a feature can be made of."""
    if source_type == "VARCHAR":
        return "text"
    if source_type == "BOOLEAN":
        return "flag"
    if "[" in source_type or "(" in source_type.removeprefix("DECIMAL("):
        return None
    if any(each in source_type for each in _NUMBERS):
        return "number"
    return "time" if source_type.startswith(_TIMES) else None
