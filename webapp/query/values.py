"""What do the words after a field's colon mean: typed values, comparisons, ranges and groups of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from webapp.errors import QueryError
from webapp.query.expressions import Expression, Op, Term, Value, conjunction, disjunction
from webapp.query.fields import Field, Kind, View, fields_of
from webapp.query.globs import Glob
from webapp.query.lexer import Word
from webapp.query.scalars import UnreadableError, read_decimal, read_duration, read_integer
from webapp.query.suggestions import clipped, did_you_mean, listed
from webapp.query.times import read_time

MAX_STARS = 10

Number: TypeAlias = int | float | datetime

_COMPARISONS = (Op.GE, Op.LE, Op.GT, Op.LT)  # the longer signs first


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the words are read against."""

    view: View
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value on a scale.

    `end` is where the next value begins, for one that lasts (a day). `lone_end` is the same for a value that only
    lasts when it stands alone (`duration:5m`, but not `duration:>5m`). `is_open` tells that it lasts until now.
    """

    start: Number
    end: Number | None = None
    lone_end: Number | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """A field as it was written, and the name and place its terms get."""

    field: Field
    position: int
    scene: Scene

    def term(self, op: Op, *values: Value) -> Term:
        """Return a term of this field."""
        name = self.field.stands_for or self.field.name
        return Term(field=name, op=op, values=tuple(dict.fromkeys(values)), position=self.position)


def read_condition(field: Field, words: tuple[Word, ...], *, position: int, scene: Scene) -> Expression:
    """Return what a field and the words after its colon (at least one) ask for.

    Raises:
        QueryError: a word that is no value of the field.
    """
    condition = _Condition(field=field, position=position, scene=scene)
    match field.kind:
        case Kind.NAME | Kind.KEY:
            return condition.term(Op.IS, *(_read_name(condition, word) for word in words))
        case Kind.TEXT:
            return condition.term(Op.HAS, *(read_glob(word) for word in words))
        case Kind.ENUM:
            return condition.term(Op.IS, *(value for word in words for value in _read_enum(condition, word)))
        case Kind.FLAG:
            raise words[0].fault(f'write "is:{field.name}", or "-is:{field.name}" for the opposite')
        case _:
            return _read_scale(condition, words)


def read_glob(word: Word) -> Glob:
    """Return the glob a word stands for, with a bound on how costly it is to match."""
    glob = word.glob()
    if glob.stars > MAX_STARS:
        raise word.fault(f"at most {MAX_STARS} stars are allowed in one word")
    return glob


def _read_name(condition: _Condition, word: Word) -> Glob:
    op, _ = _split_comparison(word)
    if op:
        raise word.fault(f'"{condition.field.name}" holds names, which have no order; quote a name that begins so')
    return read_glob(word)


def _split_comparison(word: Word) -> tuple[Op | None, Word]:
    for op in _COMPARISONS:
        if word.find_plain(op.value) == 0:
            return op, word.part(len(op.value))
    return None, word


def _split_range(word: Word) -> tuple[Word, Word] | None:
    place = word.find_plain("..")
    if place < 0:
        return None
    low, high = word.part(0, place), word.part(place + 2)
    if not low.text and not high.text:
        raise word.fault("a range needs at least one end, as in 1..5, 1.. or ..5")
    return low, high


# Words of an enum


def _read_enum(condition: _Condition, word: Word) -> tuple[str, ...]:
    field = condition.field
    values = field.expand(word.text.lower())
    if values:
        return values
    op, rest = _split_comparison(word)
    bounds = _split_range(word)
    if not op and not bounds:
        raise _no_such_value(condition, word)
    if not field.is_ordered:
        raise word.fault(f'the words of "{field.name}" have no order; list the ones you want: {_two_of(field)}')
    order = field.values
    if bounds:
        low, high = (_rank(condition, bound) if bound.text else None for bound in bounds)
        chosen = order[low or 0 : len(order) if high is None else high + 1]
    else:
        rank = _rank(condition, rest)
        chosen = {Op.GT: order[rank + 1 :], Op.GE: order[rank:], Op.LT: order[:rank]}.get(
            op or Op.LE, order[: rank + 1]
        )
    if not chosen:
        raise word.fault(f'no word of "{field.name}" is left; their order is {" < ".join(order)}')
    return chosen


def _rank(condition: _Condition, word: Word) -> int:
    if word.text.lower() not in condition.field.values:
        raise _no_such_value(condition, word)
    return condition.field.values.index(word.text.lower())


def _two_of(field: Field) -> str:
    return f"{field.name}:{','.join(field.values[:2])}"


def _no_such_value(condition: _Condition, word: Word) -> QueryError:
    field = condition.field
    known = (*field.values, *(group for group, _ in field.groups))
    lowered = word.text.lower()
    others = (other for other in fields_of(condition.scene.view) if other.expand(lowered) and other != field)
    other = next(others, None)
    meant = f'; did you mean "{other.name}:{lowered}"?' if other else did_you_mean(word.text, known)
    return word.fault(f"{field.name}: {clipped(word.text)} is not one of {listed(known)}{meant}")


# Numbers, durations, times


def _read_scale(condition: _Condition, words: tuple[Word, ...]) -> Expression:
    field = condition.field
    if field.bound:
        return _read_bound(condition, words)
    equal: list[Value] = []
    parts: list[Expression] = []
    for word in words:
        if word.text.lower() in field.words:
            equal.append(word.text.lower())
            continue
        read = _read_stretch(condition, word)
        if isinstance(read, Point):
            equal.append(read.start)
        else:
            parts.append(read)
    return disjunction([condition.term(Op.IS, *equal), *parts] if equal else parts)


def _read_bound(condition: _Condition, words: tuple[Word, ...]) -> Expression:
    field, word = condition.field, words[0]
    if len(words) > 1 or _split_comparison(word)[0] or word.find_plain("..") >= 0:
        start, end = word.start, words[-1].end
        message = f'"{field.name}" takes one time; for anything else write {field.stands_for}:2026-11-01..2026-11-07'
        raise QueryError(message, position=start, length=end - start, text=word.source)
    return _compare(condition, Op(field.bound), _read_point(condition, word))


def _read_stretch(condition: _Condition, word: Word) -> Expression | Point:
    """Return the comparison that a word asks for, or the point that a value has to be equal to."""
    op, rest = _split_comparison(word)
    if op:
        return _compare(condition, op, _read_point(condition, rest))
    if bounds := _split_range(word):
        low, high = (_read_point(condition, bound) if bound.text else None for bound in bounds)
        if low and high and _number(low.start) > _number(high.start):
            raise word.fault("this range is empty: its first end is the greater one")
        ends = ((Op.GE, low), (Op.LE, high))
        return conjunction(_compare(condition, op, point) for op, point in ends if point)
    point = _read_point(condition, word)
    end = point.lone_end if point.end is None else point.end
    if end is not None:
        return conjunction([condition.term(Op.GE, point.start), condition.term(Op.LT, end)])
    return condition.term(Op.GE, point.start) if point.is_open else point


def _compare(condition: _Condition, op: Op, point: Point) -> Term:
    if point.end is not None and op is Op.GT:
        return condition.term(Op.GE, point.end)
    if point.end is not None and op is Op.LE:
        return condition.term(Op.LT, point.end)
    return condition.term(op, point.start)


def _read_point(condition: _Condition, word: Word) -> Point:
    if not word.text:
        raise word.fault("a value is missing after this sign")
    try:
        match condition.field.kind:
            case Kind.INTEGER:
                return Point(start=read_integer(word.text))
            case Kind.DECIMAL:
                return Point(start=read_decimal(word.text))
            case Kind.DURATION:
                duration = read_duration(word.text)
                return Point(start=duration.seconds, lone_end=duration.next_s)
            case _:
                moment = read_time(word.text, now=condition.scene.now)
                return Point(start=moment.start, end=moment.end, is_open=moment.is_relative)
    except UnreadableError as error:
        special = f", and not {listed(condition.field.words)}" if condition.field.words else ""
        raise word.fault(f"{condition.field.name}: {clipped(word.text)} {error}{special}") from None


def _number(value: Number) -> float:
    return value.timestamp() if isinstance(value, datetime) else value
