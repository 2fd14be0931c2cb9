"""Queries that cost the page they return, not what the partition holds.

The emulator reads, sorts and checks every item of a partition for each page of it. Here each partition of a table and
of its indexes is kept in the order of its keys by the writes, and a query sees the items only that its page can hold.
All the rest is still the emulator's own work: it checks the request, the key condition and the starting key, and it
cuts the page, filters and projects it. A key condition in an unusual form is answered from the whole partition.
"""

import bisect
import itertools
import marshal
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from emulation.ministack_internals import dynamodb, responses

TABLE = None  # the name of the table itself among its indexes
COMPARISONS = {"EQ", "LT", "LE", "GT", "GE"}
PAGE_BYTES = 1_048_576  # what a query reads at most for a page
BETWEEN = "BETWEEN"
BEGINS_WITH = "begins_with"


class Request:
    """A query under way. met: whether the items that it was shown are known to meet its key condition."""

    def __init__(self, data) -> None:
        self.data = data
        self.met = self.checked = False


under_way: ContextVar[Request | None] = ContextVar("the query under way", default=None)


def install() -> None:
    dynamodb._index_members = indexes
    dynamodb._index_item = note
    dynamodb._query = seen_by_tables(dynamodb._query)
    dynamodb._evaluate_condition = once_a_query(dynamodb._evaluate_condition)
    dynamodb._paginate_evaluated_items = small_first(dynamodb._paginate_evaluated_items)
    dynamodb._tables.__class__ = tables_class()


def seen_by_tables(query) -> Callable:
    """The emulator's query; while it runs, its table shows it a part of the items."""

    def asked(data) -> tuple:
        token = under_way.set(Request(data))
        try:
            return query(data)
        finally:
            under_way.reset(token)

    return asked


def once_a_query(evaluate) -> Callable:
    """The emulator's check of an item, which is left out for a key condition that items are known to meet.

    The first of them is checked still, because that checks the expression, too.
    """

    def evaluated(expression, item, values, names, slot="ConditionExpression") -> bool:
        request = under_way.get()
        if request is None or not request.met or slot != "KeyConditionExpression":
            return evaluate(expression, item, values, names, slot)
        if not request.checked:
            request.checked = evaluate(expression, item, values, names, slot)
        return request.checked

    return evaluated


def small_first(paginate) -> Callable:
    """The emulator's page, whose items are not measured one by one when more than all of them is less than a page.

    marshal writes each text and five bytes more, without looking for equal ones in format 2.
    """

    def page(items, limit, table, index_name=None) -> tuple[list, bool]:
        if limit is None:
            return paginate(items, limit, table, index_name)
        first = list(itertools.islice(items, int(limit)))
        if len(marshal.dumps(first, 2)) >= PAGE_BYTES:
            return paginate(items, limit, table, index_name)
        return first, len(first) == int(limit)

    return page


def tables_class() -> type:
    """The class of the emulator's tables; it cannot be made before the emulator is imported."""

    class Tables(responses.AccountRegionScopedDict):
        __slots__ = ()

        def get(self, key, default=None) -> dict | None:
            table, request = super().get(key, default), under_way.get()
            return shown(table, request) if table and request else table

    return Tables


def shown(table, request) -> dict:
    """The table as a query sees it: its items, or the members of the index, are found when they are asked for."""
    name = request.data.get("IndexName")
    index = indexes(table).get(name or TABLE)
    if index is None:
        return table
    view = View(table, index, request)
    return table | ({dynamodb._INDEX_MEMBERS: {name: view}} if name else {"items": Items(view)})


class View:
    """An index as a query sees it: partition → the keys of the items that its page can hold, and of one at least.

    The emulator checks an expression against an item; without any it would accept a wrong one.
    """

    def __init__(self, table, index, request) -> None:
        self.table, self.index, self.request, self.data = table, index, request, request.data

    def get(self, value, default=()) -> list[tuple]:
        partition = self.index.partitions.get(value)
        if partition is None:
            return default
        found = condition_range(self.index, partition, self.data)
        if found is None:
            return list(partition)
        page = self.page(partition.entries, self.after_start(partition.entries, *found))
        self.request.met = bool(page)
        return page or [partition.entries[0][1]]

    def after_start(self, entries, start, end) -> range:
        """The places from start to end that come after the starting key, in the order of the query."""
        forward = self.data.get("ScanIndexForward", True)
        if after := self.data.get("ExclusiveStartKey"):
            cursor = self.index.position(after)
            if forward:
                start = max(start, bisect.bisect_right(entries, cursor, key=position))
            else:
                end = min(end, bisect.bisect_left(entries, cursor, key=position))
        return range(start, end) if forward else range(end - 1, start - 1, -1)

    def page(self, entries, places) -> list[tuple]:
        """The keys at the first of the places, as many as the emulator may put on one page."""
        if (limit := self.data.get("Limit")) is None:
            limit = self.fitting(entries, places)
        return [entries[place][1] for place in places[: int(limit)]]

    def fitting(self, entries, places) -> int:
        """How many items a page may have by their size, and one more, by which the emulator sees that it is full."""
        items = (item_of(self.table, entries[place][1]) for place in places)
        page, _ = dynamodb._paginate_evaluated_items(items, None, self.table, self.data.get("IndexName"))
        return len(page) + 1


class Items:
    """The items of a table as a query sees them: partition → sort key → item."""

    def __init__(self, view) -> None:
        self.view = view

    def get(self, value, default) -> dict[str, dict]:
        return {key[1]: item_of(self.view.table, key) for key in self.view.get(value)} or default


class Index:
    """The items of an index, or of the table itself, by partition and in order."""

    def __init__(self, table, hashes, ranges) -> None:
        self.hashes, self.ranges = hashes, ranges
        self.order = dynamodb._index_order_keys(table, ranges)
        self.value, self.partition = dynamodb._index_order_value, dynamodb._index_partition  # looked up once
        self.partitions: dict[str | tuple, Partition] = {}

    def position(self, item) -> tuple:
        """Where an item or a starting key stands in its partition."""
        return tuple([self.value(item, name, kind) for name, kind in self.order])

    def get(self, value, default=()) -> "Partition":
        return self.partitions.get(value, default)

    def add(self, key, item) -> None:
        value = self.partition(item, self.hashes, self.ranges)
        if value is not None:
            self.partitions.setdefault(value, Partition()).add(self.position(item), key)

    def remove(self, key, item) -> None:
        value = self.partition(item, self.hashes, self.ranges)
        partition = self.partitions.get(value)
        if partition is None:
            return
        partition.remove(key)
        if not partition.entries:
            del self.partitions[value]


class Partition:
    """The keys of a partition's items in their order."""

    def __init__(self) -> None:
        self.entries: list[tuple[tuple, tuple]] = []  # (position, key)
        self.positions: dict[tuple, tuple] = {}

    def __iter__(self) -> Iterator[tuple]:
        return iter([key for _, key in self.entries])

    def add(self, position, key) -> None:
        self.positions[key] = position
        bisect.insort(self.entries, (position, key))

    def remove(self, key) -> None:
        position = self.positions.pop(key, None)
        if position is not None:
            del self.entries[bisect.bisect_left(self.entries, (position, key))]


def item_of(table, key) -> dict:
    return table["items"][key[0]][key[1]]


def indexes(table) -> dict[str | None, Index]:
    """The indexes of a table by name. They are made at their first use, and anew after the emulator dropped them."""
    if (found := table.get(dynamodb._INDEX_MEMBERS)) is not None:
        return found
    made = {name: Index(table, hashes, ranges) for name, hashes, ranges in dynamodb._index_key_schemas(table)}
    if range_name := table.get("sk_name"):  # without one, no partition has two items
        made[TABLE] = Index(table, [table["pk_name"]], [range_name])
    for index in made.values():
        fill(index, table)
    table[dynamodb._INDEX_MEMBERS] = made
    return made


def fill(index, table) -> None:
    """Put all items of the table into an index, and sort them once."""
    for pk, items in table["items"].items():
        for sk, item in items.items():
            value = index.partition(item, index.hashes, index.ranges)
            if value is not None:
                index.partitions.setdefault(value, Partition()).positions[pk, sk] = index.position(item)
    for partition in index.partitions.values():
        partition.entries = sorted((position, key) for key, position in partition.positions.items())


def note(table, pk, sk, item, add) -> None:
    """Keep a table's indexes true to a write, before an item goes and after one has come."""
    for index in table.get(dynamodb._INDEX_MEMBERS, {}).values():
        (index.add if add else index.remove)((pk, sk), item)


def condition_range(index, partition, data) -> tuple[int, int] | None:
    """Where exactly the items stand that meet the key condition; None if it has a form that is not known here."""
    conditions = [known(clause, data) for clause in clauses(data)]
    if None in conditions or not conditions or len(index.hashes) > 1 or len(index.ranges) > 1:
        return None
    _, kind = index.order[0]
    on_sort_key = [c for c in conditions if c[0] != index.hashes[0]]
    if not on_sort_key:
        return 0, len(partition.entries)
    (_, comparison, *values), *others = on_sort_key
    if others or any(value.keys() != {kind} for value in values):
        return None
    return matching(partition.entries, comparison, *(dynamodb._sort_key_value(value, kind) for value in values))


def clauses(data) -> list[list]:
    """The conditions of a key condition that are joined by AND, each as its tokens."""
    return dynamodb._key_condition_clauses(dynamodb._tokenize(data.get("KeyConditionExpression") or ""))


def known(clause, data) -> tuple | None:
    """A condition as the attribute's name, the comparison and its values; None when it has another form."""
    names, values = data.get("ExpressionAttributeNames") or {}, data.get("ExpressionAttributeValues") or {}
    if clause[0][0] == "LPAREN" and clause[-1][0] == "RPAREN":
        clause = clause[1:-1]
    match clause:
        case [("IDENT" | "NAME_REF", name), (comparison, _), ("VALUE_REF", value)] if comparison in COMPARISONS:
            return names.get(name, name), comparison, values[value]
        case [("IDENT" | "NAME_REF", name), (_, between), ("VALUE_REF", low), (_, _), ("VALUE_REF", high)] if (
            between.upper() == BETWEEN
        ):
            return names.get(name, name), BETWEEN, values[low], values[high]
        case [("IDENT", function), _, ("IDENT" | "NAME_REF", name), _, ("VALUE_REF", value), _] if (
            function.lower() == BEGINS_WITH
        ):
            return names.get(name, name), BEGINS_WITH, values[value]
    return None


def matching(entries, comparison, low, high=None) -> tuple[int, int]:
    """Where the entries stand whose sort key compares so."""
    first, last = bisect.bisect_left(entries, low, key=sort_key), bisect.bisect_right(entries, low, key=sort_key)
    if comparison == BETWEEN:
        return first, bisect.bisect_right(entries, high, key=sort_key)
    if comparison == BEGINS_WITH:
        return first, bisect.bisect_left(entries, True, first, key=lambda entry: not sort_key(entry).startswith(low))
    end = len(entries)
    return {"EQ": (first, last), "LT": (0, first), "LE": (0, last), "GT": (last, end), "GE": (first, end)}[comparison]


def position(entry) -> tuple:
    return entry[0]


def sort_key(entry) -> object:
    return entry[0][0]
