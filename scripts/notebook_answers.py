"""What the scripted model answers to the prompts of the notebooks about batches and pipelines.

The rule: data only; a prompt is found by its text, as it is after filling.
"""

from __future__ import annotations

from tests.scenarios import Failure, Scenario, Text, ToolUse, Turn

_REFUSED = Failure(400, "invalid_request_error", "That cannot be answered.")


def _says(text: str) -> Scenario:
    return [Turn([Text(text)])]


def _gives(*outputs: dict[str, str]) -> Scenario:
    """A structured output in each turn."""
    return [Turn([ToolUse("StructuredOutput", one, chunk=1 << 20)]) for one in outputs]


def _asked(product: str, text: str) -> str:
    return f"A customer writes about our {product}: {text} Are they glad or cross, and about what?"


ANSWERS: dict[str, Scenario] = {
    _asked("kettle", "Boils in a minute, and looks good."): _gives(
        {"mood": "glad", "about": "its speed"}
    ),
    _asked("lamp", "The switch broke on the second day!"): _gives(
        {"mood": "cross", "about": "the switch"}
    ),
    _asked("desk", "It arrived on a Tuesday."): _gives(
        {"mood": "neither", "about": "the day on which it came"},
        {"mood": "neither", "about": "its arrival"},
    ),
    "Which word rhymes with house?": _says("mouse"),
    "Which word rhymes with orange?": [Turn([_REFUSED])],
    "Name a colour": _says("Green."),
    "Name a number": _says("Seven."),
    "Name a letter": _says("Q."),
    "Think of a city on a river": _says("Florence."),
    "Which river is it?": _says("The Arno."),
    "Name the two chapters of a book on tea": _says("its history, how it is made"),
    "Write one sentence on its history": _says("Tea came along the roads of silk."),
    "Write one sentence on how it is made": _says("Leaves are picked, withered and dried."),
    "A preface for a book": _says("From the road to the cup: a short book on a long way."),
    "What will the weather be?": [Turn([_REFUSED])],
    "Pack for any weather": _says("A coat, a hat and an umbrella."),
    "Say good morning": _says("Good morning!"),
}
