"""What does the page about filters say: the language in a few tables, made from the catalogue."""

from webapp.query.fields import FIELDS, SHORTCUTS, TEXT_COLUMNS, Field, Kind, View
from webapp.query.lexer import MAX_LENGTH
from webapp.query.parser import MAX_DEPTH, MAX_TERMS, MAX_VALUES
from webapp.query.suggestions import listed
from webapp.query.values import MAX_STARS

_INTRODUCTION = """\
<!-- Generated from the catalogue of fields: `make snapshots` writes it anew. -->

# Filters

Every list has a filter, and the filter is part of the address: what you see is what a link shows to others. The same
text works on the pages and in the API (`?q=`). This one shows the running and the bad runs of the last week in which an
edge device took part and that no person called anna handed in:

    device:edge-* (level:>=errors OR is:running) after:-7d -submitter:anna

## Writing a filter

| you write | it finds |
|---|---|
| `word` | rows with this text in one of their text columns, in upper or lower case |
| `"two words"` | the words side by side, as they stand; in quotes, nothing has a special meaning but `\\"` and `\\\\` |
| `field:value` | rows whose field has this value |
| `field:one,two` | any of these values |
| `one two` | rows for which both hold; `one AND two` is the same |
| `one OR two` | rows for which at least one holds; `OR` binds weaker: `a b OR c` is `(a b) OR c` |
| `(one OR two) three` | parentheses group |
| `-field:value`, `-word`, `-(one two)` | rows for which it does not hold; `NOT` is the same as the minus |
| `edge-*`, `edge-??` | `*` stands for any characters, `?` for one; `-label:?*` finds what has no label at all |
| `\\*`, `\\?`, `\\(` | the character itself |
| `number:>=100`, `>` `<` `<=` | comparisons, for numbers, durations, times and levels |
| `number:100..200`, `100..`, `..200` | ranges, both ends included |
| `#118` | in the list of runs, the same as `number:118` |

Names of fields and the words of the tables below may be written in upper or lower case.

## Kinds of values

| kind | how it is compared |
|---|---|
| name | the whole name, upper or lower case alike; `*` and `?` allowed |
| key | the whole text, upper and lower case differ; `*` and `?` allowed |
| text | a part of it, upper or lower case alike; `*` and `?` allowed |
| word | one of the words listed with the field |
| number | whole numbers up to 64 bits; `measurement` also takes decimals such as `-3.5` or `2e9` |
| duration | a number with `ms` `s` `m` `h` `d` `w`, also together: `1h30m`, `1.5h`; `duration:5m` is 5m up to 6m |
| time | below |

| time | means |
|---|---|
| `2026-11-01T14:30`, `2026-11-01T14:30:15+01:00` | this minute, this second; without a zone it is UTC |
| `2026-11-01`, `2026-11`, `2026` | this day, month, year in UTC: `started:2026-11` is the whole of November |
| `today`, `yesterday`, `now` | in UTC |
| `-7d`, `24h`, `90m` | so long ago: `after:-7d`, `since:24h`; alone (`started:24h`) it means since then |
"""

_SAVED = """\
## Saved queries, and those of LAVA

*Save this view* keeps the filter of a list of runs under a name: a view on the page of runs, for you or for everybody,
and a baseline (`query:<owner>/<name>`). Where a query is asked for, LAVA's forms are read too:

| form | means |
|---|---|
| `{username: anna, name: nightly}` | the query that anna saved as nightly |
| `{entity: testjob, conditions: {health__exact: Complete, submitter: anna}}` | runs for which every condition holds |
| `testjob__health__exact__Complete,submitter__anna` | the same as text: `field__value`, \
`field__operator__value`, or with the table before them |

| field of LAVA | becomes | values and operators |
|---|---|---|
| `submitter`, `actual_device` | `submitter`, `device` | `exact` `iexact` `ne` `contains` `startswith` \
`endswith`, each of the last three also with `i` before it |
| `description` (the job's name) | `service` | the same |
| `failure_comment` | `message` | the same |
| `health` | `status` | `Unknown` `Complete` `Incomplete` `Canceled`; `exact` `iexact` `ne` |
| `state` | `status` | `Submitted` `Scheduling` `Scheduled` (queued), \
`Running` `Canceling` (running), `Finished`; the same |
| `start_time`, `end_time` | `started`, `ended` | a time; `exact` `ne` `gt` `gte` `lt` `lte` |
| `priority` | `priority` | a number, or `Low` `Medium` `High` (0, 50, 100); the same |

Any other field, table, operator or word is refused by its name. No condition at all selects every run.
"""

_KINDS = {Kind.ENUM: "word", Kind.INTEGER: "number", Kind.DECIMAL: "number"}
_TITLES = {
    View.RUNS: "Runs",
    View.RESULTS: "Devices of a run",
    View.CASES: "Test cases of a run",
    View.DEVICES: "Devices",
    View.SERVICES: "Services",
    View.DELIVERIES: "Deliveries",
}


def filters_page() -> str:
    """Return the whole of `docs/filters.md`."""
    return "\n".join([_INTRODUCTION, *(_section(view) for view in View), _SAVED, _ending()])


def _section(view: View) -> str:
    fields = [field for field in FIELDS if view in field.views and field.kind is not Kind.FLAG]
    lines = [
        f"## {_TITLES[view]}",
        "",
        f"Free text looks into {listed((f'`{name}`' for name in TEXT_COLUMNS[view]), last='and')}.",
        "",
        "| field | kind | finds | example |",
        "|---|---|---|---|",
        *(
            f"| `{field.name}` | {_KINDS.get(field.kind, field.kind)} | {_finds(field)} | `{field.example}` |"
            for field in fields
        ),
        "",
        "| flag | finds |",
        "|---|---|",
    ]
    flags = [(field.name, field.summary) for field in FIELDS if view in field.views and field.kind is Kind.FLAG]
    shortcuts = [(cut.name, f"{cut.summary} (`{cut.text}`)") for cut in SHORTCUTS if view in cut.views]
    return "\n".join([*lines, *(f"| `is:{name}` | {text} |" for name, text in flags + shortcuts), ""])


def _finds(field: Field) -> str:
    said = [field.summary]
    if field.values:
        said.append(f"{' < '.join(field.values) if field.is_ordered else ', '.join(field.values)}")
    said.extend(f"{group} = {', '.join(values)}" for group, values in field.groups)
    return ": ".join(said[:2]) + "".join(f"; {more}" for more in said[2:])


def _ending() -> str:
    return f"""\
## When a filter cannot be read

The page says what is wrong and points at the word; the API answers 400 with the same sentence:

    status:runing
           ^^^^^^
    status: "runing" is not one of queued, running, ...; did you mean "running"?

A filter has at most {MAX_LENGTH:,} characters, {MAX_TERMS} words and fields, {MAX_VALUES} values in one list,
{MAX_STARS} stars in one word and {MAX_DEPTH} parentheses inside one another. Control characters and marks that change
the direction of writing are refused.
"""
