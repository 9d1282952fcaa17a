"""Text is never read or written in the encoding of the system: a call that could is found in the sources."""

import ast
from pathlib import Path

import affekt

SOURCES = Path(affekt.__file__).parent
# Where the encoding stands if it is not named: Path.read_text(encoding), Path.write_text(text, encoding).
_PLACES = {"read_text": 0, "write_text": 1}


def test_every_text_file_is_opened_with_its_encoding():
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and _is_of_the_system(node):
                found.append(f"{path.relative_to(SOURCES)}:{node.lineno}")
    assert not found


def _is_of_the_system(call: ast.Call) -> bool:
    is_method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if is_method else getattr(call.func, "id", "")
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if "encoding" in named:
        return False
    if name in _PLACES:
        return is_method and len(call.args) <= _PLACES[name]
    if name not in ("open", "fdopen"):
        return False
    # path.open(mode), open(path, mode) and fdopen(number, mode); calls without a mode that has a literal
    # value are those of other classes, such as Project.open(folder).
    after = call.args if is_method and name == "open" else call.args[1:]
    mode = named.get("mode", after[0] if after else None)
    if mode is None:
        return name == "fdopen" or not is_method or not call.args
    is_mode = (
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) <= set("rwaxbt+")
    )
    return is_mode and "b" not in mode.value
