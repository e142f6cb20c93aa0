"""Redaction: secrets of every shape and value are found in every encoding, and nothing else is.

The rule: a secret is planted, and looked for in all its forms; what must stay is compared whole.
Nothing depends on the machine: environment, home folder and name are given.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.redaction.encoded_text import views
from claude_widget.redaction.redactor import PLACEHOLDER, Redactor
from claude_widget.redaction.secret_values import configured_values, given_values, names_a_secret
from tests.planted_secrets import AWKWARD, SHAPED, Person, encodings, left_of

PERSON = Person()
HOME = str(PERSON.home)


@pytest.fixture
def redactor() -> Redactor:
    environ = {"AWKWARD_TOKEN": AWKWARD, "EDITOR": "vim", "PWD": HOME}
    return Redactor([r"ACME-\d+"], environ=environ, home=PERSON.home, user=PERSON.name)


@pytest.mark.parametrize("kind", SHAPED)
def test_each_known_shape_is_found(redactor: Redactor, kind: str) -> None:
    secret = SHAPED[kind]
    around = [
        "{}",
        "the key {} is new",
        "export KEY='{}'",
        'x="{}",',
        "[{}]",
        "({})",
        "<{}>",
        "a\n{}\n",
    ]
    for text in around:
        redacted = redactor.text(text.format(secret))
        assert left_of(secret, redacted.encode()) == set()
        assert PLACEHOLDER.search(redacted), redacted
    assert redactor.text(f"the key {secret} is new") == f"the key [redacted:{kind}] is new"


@pytest.mark.parametrize("kind", SHAPED)
def test_shapes_are_found_in_every_encoding(redactor: Redactor, kind: str) -> None:
    for name, text in encodings(SHAPED[kind]).items():
        redacted = redactor.text(text)
        assert "[redacted:" in redacted, name
        assert left_of(SHAPED[kind], redacted.encode()) == set(), name
        assert redactor.text(redacted) == redacted, name


@pytest.mark.parametrize("name", encodings(AWKWARD))
def test_values_of_the_environment_are_found_in_every_encoding(
    redactor: Redactor, name: str
) -> None:
    redacted = redactor.text(encodings(AWKWARD)[name])
    assert "[redacted:value]" in redacted
    assert left_of(AWKWARD, redacted.encode()) == set()
    assert redactor.text(redacted) == redacted


LAYERS: dict[str, Callable[[str], str]] = {
    "json": json.dumps,
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "lines": lambda text: base64.encodebytes(text.encode()).decode(),
}


@pytest.mark.parametrize("layers", [*itertools.product(LAYERS, repeat=3)], ids="/".join)
def test_three_layers_are_taken_off_in_any_order(
    redactor: Redactor, layers: tuple[str, ...]
) -> None:
    text = f"before {AWKWARD} after"
    for layer in layers:
        text = LAYERS[layer](text)
    redacted = redactor.text(f"said: {text}")
    assert "[redacted:value]" in redacted
    assert redactor.text(redacted) == redacted
    assert len(redacted) < len(text), "and so goes all that encodes it"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("password=hunter22x", "password=[redacted:password]"),
        ("DB_PASSWORD: 'tr0ub4dor&3'", "DB_PASSWORD: '[redacted:password]'"),
        ('{"api_key": "f00ba4f00ba4"}', '{"api_key": "[redacted:password]"}'),
        (r"{\"client_secret\": \"f00ba4f00ba4\"}", r"{\"client_secret\": \"[redacted:password]\"}"),
        ("deploy --token f00ba4f00ba4 now", "deploy --token [redacted:password] now"),
        ("curl -u me:f00ba4f00ba4 x", "curl -u me:[redacted:password] x"),
        ("Authorization: Bearer f00ba4f00ba4", "Authorization: Bearer [redacted:authorization]"),
        (
            "Authorization: Basic dXNlcjpwYXNzd29yZA==",
            "Authorization: Basic [redacted:authorization]",
        ),
        ("-H 'bearer f00ba4f00ba4'", "-H 'bearer [redacted:authorization]'"),
        ("postgres://me:pw@db/x", "postgres://me:pw@db/x"),
        ("postgres://me:pw1@db/x", "postgres://me:[redacted:url-password]@db/x"),
        ("https://x.org/a?sig=f00ba4f00ba4&b=1", "https://x.org/a?sig=[redacted:signature]&b=1"),
        (
            "AKIAQ3EGRP7VXKLM2NZT,wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz",
            "[redacted:aws-key],[redacted:aws-key]",
        ),
        ("machine h login me password x9!", "machine h login me password [redacted:password]"),
        ("AccountKey=" + "aB3/" * 20 + ";x", "AccountKey=[redacted:azure-key];x"),
    ],
)
def test_what_is_assigned_to_a_secrets_name_is_found(
    redactor: Redactor, text: str, redacted: str
) -> None:
    assert redactor.text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "The password is stored by the key manager; a token expires after 3600 seconds.",
        "def login(password: str, token: Optional[str] = None) -> Session2:",
        'token = os.environ["TOKEN"]; api_key = config.api_key; secret = get_secret("db2")',
        "password=password, api_key=$API_KEY, secret={{ secret }}, token=<your-token-1>",
        '{"type": "object", "properties": {"password": {"type": "string"}}}',
        '{"input_tokens": 1200, "output_tokens": 42, "cache_read_input_tokens": 0}',
        "max_tokens=4096 num_tokens: 8192 tokens: 123456789",
        "SSL key file: /etc/ssl/private/server.key, keyboard: qwerty",
        "task-management-and-other-long-words-2 risk-assessment-for-2024-and-later",
        "https://example.org:8080/a/b?page=2&key=value git@github.com:org/repo.git",
        "if line.startswith('-----BEGIN PRIVATE KEY-----'): return parse(line)",
        "3f786850e387550fdab836ed7e6dc881de23001b 550e8400-e29b-41d4-a716-446655440000",
        "data:image/png;base64,"
        + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" * 4,
        "toolu_30019bbba7c940ad9530 msg_52f1571509e847e095cd claude-opus-5-5",
        "authorization required: bearer of good news; Authorization: required",
        "x" * 5000,
    ],
)
def test_prose_code_and_data_stay(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text
    assert redactor.value({text: [text, {"a": text}]}) == {text: [text, {"a": text}]}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"cd {HOME}/project", "cd ~/project"),
        (f"{HOME}.", "~."),
        (f"{HOME}2/x {HOME}-old", "/home/alice/wilhelmina2/x /home/alice/wilhelmina-old"),
        (f"file://{HOME}/a", "file://~/a"),
        ("%2Fhome%2falice%2Fwilhelmina%2Fp", "~%2Fp"),
        (r"\/home\/alice\/wilhelmina\/p", r"~\/p"),
        (r"a\n/home/alice/wilhelmina/p", r"a\n~/p"),
        ("~/.claude/projects/-home-alice-wilhelmina-p/s", "~/.claude/projects/~-p/s"),
        ("/tmp/x/-mnt-wilhelmina-p", "/tmp/x/-mnt-user-p"),
        ("/mnt/wilhelmina/a /mnt/wilhelmina", "/mnt/user/a /mnt/user"),
        ("wilhelmina/repo ~wilhelmina", "user/repo ~user"),
        ("ssh wilhelmina@host, wilhelmina@example.org", "ssh user@host, user@example.org"),
        (
            "Dear wilhelmina, wilhelmina2@host /wilhelminas/",
            "Dear wilhelmina, wilhelmina2@host /wilhelminas/",
        ),
    ],
)
def test_home_folder_and_name_are_written_over_in_paths_and_addresses(
    redactor: Redactor, text: str, redacted: str
) -> None:
    assert redactor.text(text) == redacted
    assert redactor.text(redacted) == redacted


def test_home_of_root_is_found_only_where_a_path_begins() -> None:
    root = Path("/root")
    redactor = Redactor(environ={}, home=root, user="root")
    text = f"cd {root}/p; ls a{root}/b; -I{root} {root}ed non-root root@host /x/-root-p"
    stays = f"ls a{root}/b; -I{root} {root}ed non-root root@host"
    assert redactor.text(text) == f"cd ~/p; {stays} /x/~-p"


def test_rules_of_the_user(redactor: Redactor) -> None:
    assert redactor.text("see ACME-1234 and ACME-x") == "see [redacted:rule] and ACME-x"
    assert redactor.value({"ACME-1": 1}) == {"[redacted:rule]": 1}


@pytest.mark.parametrize("rule", ["(", "a{2,1}", "*", "(?P<x", b"bytes"])
def test_rule_that_is_no_pattern_is_named(rule: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Redactor([rule])
    assert caught.value.field == "redact"
    assert repr(rule) in caught.value.message


@pytest.mark.parametrize("rule", ["", "x*", "^", ".", r"(?s).+", r"\n", "redacted", r"\[|\]"])
def test_rules_that_match_nothing_everything_or_placeholders_come_to_an_end(rule: str) -> None:
    redactor = Redactor([rule], environ={}, user="")
    key = SHAPED["github-token"]
    once = redactor.text(f"one {key}\ntwo")
    assert redactor.text(once) == once
    lines = redactor.lines([f"one {key}", "", "two"])
    assert redactor.lines(lines) == lines
    assert key not in once + "".join(lines)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("ANTHROPIC_API_KEY", True),
        ("GH_TOKEN", True),
        ("aws_secret_access_key", True),
        ("dbPassword", True),
        ("MYSQL_PWD", True),
        ("NPM_AUTH", True),
        ("PWD", False),
        ("GIT_AUTHOR_NAME", False),
        ("SSH_AUTH_SOCK", False),
        ("KEYBOARD", False),
        ("MONKEY", False),
        ("PATH", False),
        ("COMPASS", False),
        ("TOKENIZERS_PARALLELISM", False),
    ],
)
def test_variables_are_judged_by_the_words_of_their_names(name: str, secret: bool) -> None:
    assert names_a_secret(name) is secret


def test_values_given_to_servers_and_executions_are_secret() -> None:
    config = {
        "mcpServers": {"a": {"env": {"X": "plainsecretword"}, "headers": {"H": "Bearer tk9"}}}
    }
    assert set(configured_values(config)) == {"plainsecretword", "Bearer tk9", "tk9"}
    given = {"PYTHONPATH": "/a:/b", "URL": "https://x.org/y", "DB": "https://me:pw@x.org"}
    assert list(given_values(given)) == ["https://me:pw@x.org"]
    redactor = Redactor(environ={}).also(["plainsecretword"])
    assert redactor.text("a plainsecretword b") == "a [redacted:value] b"


def test_short_and_common_values_stay() -> None:
    environ = {
        "A_KEY": "true",
        "B_TOKEN": "password",
        "C_SECRET": "xxxxxxxxxx",
        "D_PASS": "postgress",
    }
    redactor = Redactor(environ=environ)
    assert redactor.text("true password xxxxxxxxxx") == "true password xxxxxxxxxx"
    assert redactor.text("postgress postgresses") == "[redacted:value] postgresses"


def test_lines_of_a_secret_are_found_in_a_list_and_behind_marks(redactor: Redactor) -> None:
    key = SHAPED["private-key"].split("\n")
    redacted = redactor.lines(["a", *key, "b"])
    assert redacted == ["a", *["[redacted:private-key]"] * len(key), "b"]
    numbered = "\n".join(f"{n:>6}\t{line}" for n, line in enumerate(key, start=1))
    diff = "\n".join(f"+{line}" for line in key)
    for text in (numbered, diff, "\n".join(f"-{line}" for line in key)):
        assert left_of(key[1], redactor.text(text).encode()) == set()
    value = Redactor(environ={"A_KEY": "\n".join(key)})
    assert left_of(key[1], value.text(numbered).encode()) == set()


def test_fields_named_after_secrets(redactor: Redactor) -> None:
    value = {
        "password": "hunter22x",
        "Authorization": "Bearer f00ba4f00ba4",
        "headers": {"x-api-key": "f00ba4f00ba4"},
        "args": ["--token", "f00ba4f00ba4"],
        "token": "a word",
        "secret": "short",
    }
    assert redactor.value(value) == {
        "password": "[redacted:password]",
        "Authorization": "Bearer [redacted:authorization]",
        "headers": {"x-api-key": "[redacted:password]"},
        "args": ["--token", "[redacted:password]"],
        "token": "a word",
        "secret": "short",
    }


def test_two_keys_that_were_secrets_stay_two(redactor: Redactor) -> None:
    one, two = SHAPED["github-token"], SHAPED["github-token"] + "x"
    redacted = redactor.value({one: 1, two: 2})
    assert redacted == {"[redacted:github-token]": 1, "[redacted:github-token] (2)": 2}
    assert redactor.value(redacted) == redacted


def test_bytes_that_are_no_text_survive(redactor: Redactor) -> None:
    key = SHAPED["github-token"].encode()
    assert redactor.data(b"\xff\x00 " + key + b" \xfe") == b"\xff\x00 [redacted:github-token] \xfe"
    every = bytes(range(256))
    assert redactor.data(every) == every


def test_placeholder_says_neither_length_nor_value(redactor: Redactor) -> None:
    token = SHAPED["github-token"]
    assert {redactor.text(token), redactor.text(token + "abc"), redactor.text(token[:-1])} == {
        "[redacted:github-token]"
    }
    assert json.loads(json.dumps(redactor.text(token))) == "[redacted:github-token]"


def test_what_only_looks_like_a_placeholder_protects_nothing(redactor: Redactor) -> None:
    token = SHAPED["github-token"]
    assert token not in redactor.text(f"[redacted:{token}]")
    assert token not in redactor.text(f"[redacted:value]{token}[redacted:value]")


def test_a_shape_says_more_than_where_the_value_came_from() -> None:
    key = SHAPED["anthropic-key"]
    here, there = Redactor(environ={"ANTHROPIC_API_KEY": key}), Redactor(environ={})
    assert here.text(f"key {key}!") == there.text(f"key {key}!")


NOISE = random.Random(7)
"""The bytes of pictures and archives: nothing in them is text but by chance."""


def test_of_a_picture_in_base64_hardly_anything_is_looked_into() -> None:
    """Four alignments and three layers of each megabyte would be minutes."""
    text = base64.b64encode(NOISE.randbytes(150_000)).decode()
    seen = list(views(text))
    assert sum(len(view.text) for view in seen if view.content != "data") < len(text) / 20
    assert Redactor(environ={}).text(text) == text


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("secret", [SHAPED["github-token"], AWKWARD])
def test_secret_in_data_in_base64_is_found(redactor: Redactor, secret: str, cut: int) -> None:
    data = NOISE.randbytes(997 + cut) + b"\n" + secret.encode() + b"\n" + NOISE.randbytes(1000)
    for nested in (data, json.dumps({"a": base64.b64encode(data).decode()}).encode()):
        text = base64.b64encode(nested).decode()
        redacted = redactor.text(text)
        assert "[redacted:" in redacted
        assert left_of(secret, redacted.encode()) == set()
        assert len(redacted) > len(text) / 2, "the rest of it stays"


def test_value_in_letters_of_any_language_is_found_in_base64() -> None:
    for secret in ("pässwörd-züri-42", "пароль-секрет", "秘密の言葉ですよね"):
        redactor = Redactor(environ={"UNI_SECRET": secret})
        for before in ("", "x", "é: "):
            text = base64.b64encode(f"{before}{secret}".encode()).decode()
            assert "[redacted:value]" in redactor.text(text)


def test_secret_that_is_a_number_is_found_as_one() -> None:
    redactor = Redactor(environ={"DB_PASSWORD": "8675309123", "OTHER_KEY": "31415926.5"})
    asked = {"pin": 8675309123, "also": [8675309123.0, 31415926.5], "not": [86753091230, True, 1.5]}
    assert redactor.value(asked) == {
        "pin": "[redacted:value]",
        "also": ["[redacted:value]", "[redacted:value]"],
        "not": [86753091230, True, 1.5],
    }
    assert redactor.value({"n": 10**400, "m": float("nan")})["n"] == 10**400


def test_text_around_references_that_mean_nothing_stays(redactor: Redactor) -> None:
    secret = SHAPED["github-token"]
    text = f"before &#27;[1mthe {secret} of&#0;&#x1b;&#27; Jane&#27;"
    assert redactor.text(text) == text.replace(secret, "[redacted:github-token]")
    parted = f"a &#27;b {secret[:9]}&#27;{secret[9:]} c&#27;"
    assert redactor.text(parted) == "a &#27;b [redacted:github-token] c&#27;"
