"""A template's source, read once: what it may hold, what it wants, and where its work is counted.

The rule: from source to a tree that counts. Only kinds of nodes that are listed pass, none too
deep; every loop and macro then begins with a step, and what is compared, cut out or put together
is weighed. Nothing is evaluated here.
"""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.visitor import NodeTransformer

from claude_widget.templates.bounds import Exceeded, made
from claude_widget.templates.environment import ITEMS, JOINED, TICK, WEIGHED, PromptEnvironment

LONGEST_SOURCE = 9_000_000
"""Characters."""
_MOST_TOKENS = 100_000
_MOST_NODES = 20_000
_DEEPEST = 60
_ALLOWED = (
    nodes.Template,
    *(nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.With, nodes.Macro),
    *(nodes.CallBlock, nodes.FilterBlock, nodes.Assign, nodes.AssignBlock, nodes.Name),
    *(nodes.NSRef, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr),
    *(nodes.Slice, nodes.Concat, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr),
)
_NAMED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.ScopedEvalContextModifier: "autoescape",
}


def read_source(
    environment: PromptEnvironment, source: str
) -> tuple[nodes.Template, frozenset[str]]:
    """A template's tree, with its counting in it, and the names that it wants.

    Raises:
        TemplateSyntaxError: it is no template, or holds what none may hold.
        Exceeded: it is too long, too deep or too large.
    """
    if len(source) > LONGEST_SOURCE:
        raise Exceeded(f"it has more than {LONGEST_SOURCE:,} characters")
    for count, _ in enumerate(environment.lexer.tokeniter(source, None)):
        if count > _MOST_TOKENS:
            raise Exceeded(f"it has more than {_MOST_TOKENS:,} words and signs")
    tree = environment.parse(source)
    _check(environment, tree)
    wanted = meta.find_undeclared_variables(tree) - set(environment.globals)
    _Counted().visit(tree)
    tree.set_environment(environment)
    return tree, frozenset(wanted)


def _check(environment: PromptEnvironment, tree: nodes.Template) -> None:
    """Look at every node, without recursion: a chain of operators is as deep as it is long."""
    count = depth = 0
    below: list[nodes.Node] = [tree]
    while below:
        depth += 1
        count += len(below)
        if depth > _DEEPEST:
            raise Exceeded(f"it is nested more than {_DEEPEST} deep", below[0].lineno)
        if count > _MOST_NODES:
            raise Exceeded(f"it has more than {_MOST_NODES:,} parts", below[0].lineno)
        for node in below:
            _check_node(environment, node)
        below = [child for node in below for child in node.iter_child_nodes()]


def _check_node(environment: PromptEnvironment, node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        name = _NAMED.get(type(node), type(node).__name__)
        raise TemplateSyntaxError(f"{name} is not for prompts", node.lineno)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise TemplateSyntaxError(f"{node.attr} begins with an underscore", node.lineno)
    if isinstance(node, nodes.Name) and node.name == "self":
        raise TemplateSyntaxError("self is not for prompts", node.lineno)
    if isinstance(node, nodes.Const) and isinstance(node.value, int):
        made(node.value)
    for kind, known in ((nodes.Filter, environment.filters), (nodes.Test, environment.tests)):
        if isinstance(node, kind) and node.name not in known:
            what = kind.__name__.lower()
            names = ", ".join(sorted(name for name in known if name.isidentifier()))
            raise TemplateSyntaxError(
                f"there is no {what} {node.name!r} in prompts; there are {names}", node.lineno
            )


class _Counted(NodeTransformer):
    """Puts the counting in."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - as Jinja2 calls it
        self.generic_visit(node)
        node.iter = _through(ITEMS, node.iter)
        if node.test is not None:
            node.test = _through(WEIGHED, node.test)
        node.body.insert(0, _tick(node.body, node.lineno))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802
        self.generic_visit(node)
        node.body.insert(0, _tick(node.body, node.lineno))
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.CallBlock:  # noqa: N802
        self.generic_visit(node)
        node.body.insert(0, _tick(node.body, node.lineno))
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802
        self.generic_visit(node)
        node.expr = _through(WEIGHED, node.expr)
        for operand in node.ops:
            operand.expr = _through(WEIGHED, operand.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _through(JOINED, nodes.List(node.nodes, lineno=node.lineno))

    def visit_List(self, node: nodes.List) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _through(WEIGHED, node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _through(WEIGHED, node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _through(WEIGHED, node) if node.ctx == "load" else node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _through(WEIGHED, node) if isinstance(node.arg, nodes.Slice) else node


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _tick(body: list[Any], line: int) -> nodes.ExprStmt:
    """A step that costs as much as there is in a body, so that an empty one costs no less."""
    cost = 1 + sum(1 for node in body for _ in node.find_all(nodes.Node))
    return nodes.ExprStmt(_through(TICK, nodes.Const(cost, lineno=line)), lineno=line)
