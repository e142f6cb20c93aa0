"""What Jinja2 asks while a template is filled: may this be read, called, worked out, shown?

The rule: a template reads data. Attributes that begin with an underscore are nobody's data, and of
methods it has those of texts, lists, dicts and dates that are listed here; a prompt in a user's own
cell may call what its values offer, too. All else is refused, and what is done is counted.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any, Never

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, pass_context

from claude_widget.templates import growth
from claude_widget.templates.bounds import METER
from claude_widget.templates.vocabulary import FILTERS, FUNCTIONS, OWN, TESTS

ITEMS, TICK, WEIGHED, JOINED = " items", " tick", " weighed", " joined"
"""Filters of ours that `syntax` puts in; with a blank in the name nobody can write one."""


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (
        str,
        _named(
            "capitalize casefold center count endswith find index isalnum isalpha isascii "
            "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper "
            "join ljust lower lstrip partition removeprefix removesuffix replace rfind rindex "
            "rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
            "upper zfill"
        ),
    ),
    ((list, tuple, range), _named("count index")),
    (dict, _named("get items keys values")),
    (
        (date, time, timedelta),
        _named("date isoformat isoweekday strftime time timestamp total_seconds weekday"),
    ),
    ((int, float, bytes, set, frozenset), _named("is_integer")),
    (LoopContext, _named("changed cycle")),
    (Cycler, _named("next reset")),
)
"""Kinds of data, and their methods that a template has; the others it has nowhere."""
_ROUTINES = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
)
_MACHINERY = (
    *_ROUTINES,
    types.FrameType,
    types.CodeType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
)
"""What no template looks into."""
_NO_DATA = (*_MACHINERY, type, types.ModuleType)


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 for prompts.

    Args:
        calls: whether methods and functions of the values may be called.
    """

    intercepted_binops = growth.OPERATORS

    def __init__(self, *, calls: bool) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
            optimized=False,  # it would work out constant expressions while compiling
            finalize=_shown,  # which needs a context: so nothing is worked out for output either
            cache_size=0,
            auto_reload=False,
        )
        self.calls = calls
        self.globals = dict(FUNCTIONS)
        self.filters = {
            **FILTERS,
            ITEMS: _items,
            TICK: _tick,
            WEIGHED: _weighed,
            JOINED: _joined,
        }
        self.tests = dict(TESTS)
        self.concat = _concat  # type: ignore[method-assign]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`."""
        self._check_name(obj, attribute)
        try:
            value = getattr(obj, attribute)
        except AttributeError:
            try:
                return obj[attribute]
            except (TypeError, LookupError):
                return self.undefined(obj=obj, name=attribute)
        return self._checked(obj, attribute, value)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`."""
        METER.get().step()
        if isinstance(obj, type):
            _refuse(f"{obj.__name__} is a class, which no template looks into")
        try:
            return obj[argument]
        except (TypeError, LookupError):
            if not isinstance(argument, str):
                return self.undefined(obj=obj, name=argument)
        self._check_name(obj, argument)
        try:
            value = getattr(obj, argument)
        except AttributeError:
            return self.undefined(obj=obj, name=argument)
        return self._checked(obj, argument, value)

    def _check_name(self, obj: Any, attribute: str) -> None:
        METER.get().step()
        if attribute.startswith("_"):
            _refuse(f"{attribute} begins with an underscore, and is nobody's data")
        if isinstance(obj, _MACHINERY if self.calls else _NO_DATA):
            _refuse(f"{attribute} is an attribute of a {type(obj).__name__}, which has no data")

    def _checked(self, obj: Any, attribute: str, value: Any) -> Any:
        if isinstance(value, _ROUTINES) and not self._may_call(obj, attribute, value):
            _refuse(f"{attribute} is a method of a {type(obj).__name__}: templates read data only")
        return value

    def _may_call(self, obj: Any, name: str, value: Any) -> bool:
        for kind, names in _METHODS:
            if isinstance(obj, kind):
                return name in names
        return self.calls and self.is_safe_attribute(obj, name, value)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """`obj(*args, **kwargs)`."""
        meter = METER.get()
        meter.enter()
        try:
            values = [meter.taken(value) for value in args]
            for name, value in kwargs.items():
                if not name.startswith("_"):  # what a compiled template passes by itself
                    meter.step(meter.weigh(value))
            self._check_call(obj, (*values, *kwargs.values()))
            return meter.taken(context.call(obj, *values, **kwargs))
        finally:
            meter.leave()

    def _check_call(self, function: Any, given: tuple[Any, ...]) -> None:
        if isinstance(function, (*OWN, LoopContext, Undefined)):
            return
        if any(function is own for own in FUNCTIONS.values()):
            return
        owner = getattr(function, "__self__", None)
        name = str(getattr(function, "__name__", type(function).__name__))
        if isinstance(function, _ROUTINES) and owner is not None:
            allowed = self._may_call(owner, name, function)
        else:
            allowed = self.calls and callable(function) and self.is_safe_callable(function)
        if not allowed:
            what = f"a {type(function).__name__}" if not callable(function) else name
            _refuse(f"{what} cannot be called: templates read data only")
        if isinstance(owner, str):
            growth.check_method(METER.get(), owner, name, given)
        elif isinstance(owner, (list, tuple)):  # they look at each of their items
            METER.get().step(METER.get().weigh(owner))
        elif name == "strftime":
            growth.check_date_format(*given)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`left operator right`."""
        del context
        return growth.operate(METER.get(), operator, left, right)


def _refuse(problem: str) -> Never:
    raise SecurityError(problem)


# -- what `syntax` puts in -----------------------------------------------------------------------


def _items(value: Any) -> Any:
    """What a loop goes over: never something without an end."""
    return METER.get().taken(value)


def _tick(cost: int) -> None:
    """A step of a loop, or a macro that begins; its cost is how much stands in it."""
    METER.get().step(cost)


def _weighed(value: Any) -> Any:
    """An operand, or what was put together."""
    return METER.get().taken(value)


def _joined(parts: list[Any]) -> str:
    """`a ~ b`."""
    return _concat([_text_of(part) for part in parts])


def _concat(pieces: Iterable[str]) -> str:
    found = list(pieces)
    METER.get().fits(sum(map(len, found)))
    return "".join(found)


@pass_context
def _shown(_: Context, value: Any) -> str:
    """A value as it stands in the prompt."""
    return _text_of(value)


def _text_of(value: Any) -> str:
    meter = METER.get()
    if isinstance(value, (*_ROUTINES, *OWN)):
        name = getattr(value, "__name__", type(value).__name__)
        _refuse(f"{name} is something to call, and no text (a field of that name: x['{name}'])")
    text = value if type(value) is str else str(meter.taken(value))
    meter.fits(len(text))
    return text
