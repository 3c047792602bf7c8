"""What is there to choose from: plugins under short names, found in a package's folder, by entry points and by path."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import metadata
from types import ModuleType
from typing import Generic, TypeVar, cast

from webapp.errors import InvalidError, SettingError

T = TypeVar("T")
FUNCTION = cast("type", Callable)

# What code of others may raise while it is imported, short of ending the process.
LOAD_FAULTS = (
    ImportError,
    AttributeError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What all plugins of a registry are.

    Args:
        word: what one is called, which is also the field that names it in requests: `format`.
        group: the group of entry points by which other packages offer theirs.
        attributes: what each must have, and of which type; `FUNCTION` for what is called.
    """

    word: str
    group: str
    attributes: Mapping[str, type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A plugin of another package that could not be loaded: where it is from, and why."""

    source: str
    reason: str


class Registry(Generic[T]):
    """Plugins by their names; those of other packages that are broken are named with the reason when asked for.

    Args:
        kind: what they are.
        allowed: dotted paths such as `package.module:attribute` that may be used in place of a name.
    """

    def __init__(self, kind: Kind, *, allowed: Collection[str] = ()) -> None:
        self.kind = kind
        self._allowed = frozenset(allowed)
        self._plugins: dict[str, T] = {}
        self._unusable: dict[str, Unusable] = {}

    def __iter__(self) -> Iterator[T]:
        """Yield the plugins in the order of their names."""
        return iter([self._plugins[name] for name in self.names])

    @property
    def names(self) -> list[str]:
        """Return the names, sorted."""
        return sorted(self._plugins)

    @property
    def unusable(self) -> list[Unusable]:
        """Return what could not be loaded, for the operator."""
        return list(self._unusable.values())

    def get(self, name: str) -> T:
        """Return the plugin of a name, or of an allowed dotted path.

        Raises:
            InvalidError: there is none; it names the known ones, or why this one is unusable.
        """
        if name in self._plugins:
            return self._plugins[name]
        if name in self._allowed:
            return self.check(_load_path(name), source=name)
        broken = self._unusable.get(name)
        if broken is not None:
            raise InvalidError((self.kind.word, f"{name!r} of {broken.source} cannot be used: {broken.reason}"))
        close = get_close_matches(name, self._plugins, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(self.names) or "none, because none is installed"
        raise InvalidError((self.kind.word, f"expected one of {known}, got {name[:80]!r}{hint}"))

    def add(self, plugin: object, *, source: str) -> None:
        """Add a plugin under its own name.

        Raises:
            SettingError: it isn't what the registry holds, or its name is taken.
        """
        checked = self.check(plugin, source=source)
        name = str(getattr(plugin, "name", ""))
        if name in self._plugins:
            raise SettingError(f"{source}: the {self.kind.word} {name!r} is there already")
        self._plugins[name] = checked

    def add_entry_point(self, point: metadata.EntryPoint) -> None:
        """Add what another package offers, or note why that can't be used: a broken one must not stop the others."""
        package = point.dist.name if point.dist is not None else point.value
        try:
            self.add(point.load(), source=point.value)
        except SettingError as error:
            self._unusable[point.name] = Unusable(source=package, reason=str(error))
        except LOAD_FAULTS as error:
            self._unusable[point.name] = Unusable(source=package, reason=f"{type(error).__name__}: {error}")

    def check(self, plugin: object, *, source: str) -> T:
        """Return a plugin that has everything its kind asks for.

        Raises:
            SettingError: it lacks something; the text says what.
        """
        for name, wanted in self.kind.attributes.items():
            value = getattr(plugin, name, None)
            if not isinstance(value, wanted):
                got = "nothing" if value is None else type(value).__name__
                raise SettingError(f"{source}: a {self.kind.word} needs {name} ({wanted.__name__}), got {got}")
        return cast("T", plugin)


def fill(registry: Registry[T], package: ModuleType) -> Registry[T]:
    """Add every module of a package's folder that isn't private, then what other packages offer, and return it.

    Raises:
        SettingError: a module of the package itself is not a plugin.
    """
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            registry.add(importlib.import_module(found.name), source=found.name)
    return add_entry_points(registry, metadata.entry_points(group=registry.kind.group))


def add_entry_points(registry: Registry[T], points: Iterable[metadata.EntryPoint]) -> Registry[T]:
    """Add what other packages offer, in the order of their names, and return the registry."""
    for point in sorted(points, key=_name_of):
        registry.add_entry_point(point)
    return registry


def _name_of(point: metadata.EntryPoint) -> str:
    return point.name


def _load_path(path: str) -> object:
    module, _, attribute = path.partition(":")
    try:
        loaded: object = importlib.import_module(module)
        return getattr(loaded, attribute) if attribute else loaded
    except LOAD_FAULTS as error:
        raise SettingError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
